#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/market/market.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace scanner::exchange::htx::feed {

/// Sizes are contracts: what a contract is worth is the subscriber's knowledge.
struct BookTick {
    bool whole = false;        ///< a snapshot rather than a change
    std::int64_t version = 0;  ///< > 0; counts up by 1, for one topic on one connection
    std::int64_t matching_id = 0;
    core::WallTime time;  ///< when the book stood like this
    std::span<market::Level> bids;
    std::span<market::Level> asks;
};

/// A message of the market socket, taken apart. Everything is borrowed from the decoder until its next call.
struct MarketFrame {
    enum class Kind : std::uint8_t {
        ping,
        subscribed,
        unsubscribed,
        error,   ///< the answer to something that was asked in a wrong way
        data,    ///< of a topic
        unknown  ///< well-formed, but nothing that is known
    };
    Kind kind = Kind::unknown;
    std::int64_t ping = 0;
    std::string_view topic;  ///< of data and of answers
    std::string_view id;     ///< of answers, as it was sent
    std::string_view message;
    std::optional<core::WallTime> time;  ///< when it was sent

    /// Of data: what is wrong with it, however well-formed; neither book nor trades are there then.
    const char* problem = nullptr;
    std::optional<BookTick> book;
    std::span<market::Trade> trades;  ///< as they came
};

/// Reads the market socket's messages. Keys may come in any order, unknown ones are ignored; every number is looked at.
/// No allocation once its buffers hold the longest message. One thread.
class MarketFrameDecoder {
public:
    MarketFrameDecoder();
    ~MarketFrameDecoder();
    MarketFrameDecoder(const MarketFrameDecoder&) = delete;
    MarketFrameDecoder& operator=(const MarketFrameDecoder&) = delete;

    /// malformed when `text` is not one JSON object. net::GzipInflater::kPadding bytes behind it may be read.
    [[nodiscard]] core::Result<MarketFrame> decode(std::string_view text);
    /// The same without the short cut for books in their usual form, which must make no difference.
    [[nodiscard]] core::Result<MarketFrame> decode_as_json(std::string_view text);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace scanner::exchange::htx::feed
