#pragma once

#include "scanner/core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Redis' wire protocol (RESP2), without sockets: what is sent, and what comes back, with a bound to each of its sizes.
namespace scanner::storage {

struct RedisReply {
    enum class Kind { nil, status, error, integer, string, array };
    Kind kind = Kind::nil;
    std::string text;  ///< of status, error, string
    std::int64_t integer = 0;
    std::vector<RedisReply> elements;
};

/// One command; its words are binary-safe.
[[nodiscard]] std::string encode_command(std::span<const std::string> words);

struct ReplyLimits {
    std::size_t max_bytes = 1U << 20U;  ///< of a whole reply, and of the text that it announces
    std::size_t max_elements = 1'024;   ///< of all arrays of a reply together
    std::size_t max_depth = 4;          ///< of arrays in arrays
};

/// Takes bytes as they come and gives back whole replies: hiredis' reader, with a bound to each size. A reply beyond a
/// limit is an error as soon as its size is announced, before it is read; after an error nothing more can be read. One
/// thread.
class ReplyReader {
public:
    explicit ReplyReader(ReplyLimits limits);
    ~ReplyReader();
    ReplyReader(const ReplyReader&) = delete;
    ReplyReader& operator=(const ReplyReader&) = delete;

    void feed(std::string_view bytes);
    /// Nothing when the next reply is not whole yet; malformed when it never can be.
    [[nodiscard]] core::Result<std::optional<RedisReply>> next();

private:
    class Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace scanner::storage
