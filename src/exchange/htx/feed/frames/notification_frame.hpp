#pragma once

#include "exchange/htx/feed/topics.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/exchange/market_feed.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace scanner::exchange::htx::feed {

/// One contract's row of a notification. Which members mean something follows from the frame's topic.
struct NotificationRow {
    std::string_view contract_code;
    market::FundingRate funding;
    Liquidation liquidation;
    std::optional<std::int64_t> contract_status;
};

/// A message of the notification socket. Everything is borrowed from the decoder until its next call.
struct NotificationFrame {
    enum class Kind : std::uint8_t {
        ping,
        subscribed,
        refused,  ///< a subscription that cannot be
        ending,   ///< the server will close the connection
        data,
        unknown
    };
    Kind kind = Kind::unknown;
    std::int64_t ping = 0;
    std::string_view topic;
    std::string_view event;    ///< of contract_info: "init", "update" or "snapshot"
    std::string_view message;  ///< why something was refused
    std::optional<core::WallTime> time;
    std::optional<NotificationKind> about;  ///< of data and answers, where it is one of ours
    std::span<const NotificationRow> rows;  ///< perpetual swaps in USDT only
    std::size_t bad_rows = 0;               ///< left out because something in them was wrong
};

/// Reads the notification socket's messages. A bad row costs that row. One thread.
class NotificationDecoder {
public:
    NotificationDecoder();
    ~NotificationDecoder();
    NotificationDecoder(const NotificationDecoder&) = delete;
    NotificationDecoder& operator=(const NotificationDecoder&) = delete;

    /// malformed when `text` is not one JSON object. net::GzipInflater::kPadding bytes behind it may be read.
    [[nodiscard]] core::Result<NotificationFrame> decode(std::string_view text);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace scanner::exchange::htx::feed
