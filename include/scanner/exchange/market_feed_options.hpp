#pragma once

#include "scanner/exchange/feed_tap.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace scanner::exchange {

/// How to reach an exchange's live feed, and what may be asked of it.
struct MarketFeedOptions {
    std::string url;             ///< ws:// or wss://, scheme and host (see `feed_url`); paths are the exchange's
    std::string ca_bundle_path;  ///< empty: the system's
    /// As for net::WebSocketClientOptions: nothing lets the usual variables choose.
    std::optional<std::string> proxy;
    std::size_t topics_per_connection = 150;
    std::size_t max_connections = 30;           ///< for books and tapes; one more is for notifications
    std::size_t subscriptions_per_second = 40;  ///< over all connections
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds dead_after{15'000};     ///< a connection without any frame for so long
    std::chrono::milliseconds answer_timeout{5'000};  ///< of a subscription, before its connection is given up
    std::chrono::milliseconds close_timeout{500};
    std::chrono::milliseconds backoff_base{1'000};  ///< full jitter, doubling
    std::chrono::milliseconds backoff_cap{8'000};
    std::chrono::milliseconds healthy_after{60'000};  ///< a connection that lived for so long starts over
    std::chrono::milliseconds snapshot_wait{10'000};  ///< after the answer to a book's subscription; doubles
    std::chrono::milliseconds snapshot_wait_cap{300'000};
    std::size_t max_inflated_bytes = 4U << 20U;  ///< of a frame
    FeedTap* tap = nullptr;                      ///< sees what comes; must outlive the feed
};

}  // namespace scanner::exchange
