#pragma once

#include "storage/redis/redis_protocol.hpp"

#include "scanner/core/error.hpp"

#include <cstddef>
#include <map>
#include <string_view>
#include <vector>

/// What replies of Redis are read as. Everything that is viewed is the reply's and lives as long. Pure.
namespace scanner::storage {

/// Arrays in arrays of what XREAD answers: streams, a stream, its entries, an entry, its fields.
inline constexpr std::size_t kStreamReplyDepth = 5;

/// A reply to `what` that is of another kind than its command has.
[[nodiscard]] core::Error strange_reply(std::string_view what);

using ReplyFields = std::map<std::string_view, std::string_view>;
/// Names and values in turn, as HGETALL and a stream's entry have them; false when it is not that.
[[nodiscard]] bool read_fields(const RedisReply& reply, ReplyFields& into);
/// Empty where there is no such one.
[[nodiscard]] std::string_view field_of(const ReplyFields& fields, std::string_view name);

struct StreamRow {
    std::string_view id;
    const RedisReply* fields = nullptr;  ///< for read_fields
};
/// The entries of the one stream that XREAD was asked for; none where nothing came in time. Errors: malformed.
[[nodiscard]] core::Result<std::vector<StreamRow>> read_stream_rows(const RedisReply& reply, std::string_view what);

}  // namespace scanner::storage
