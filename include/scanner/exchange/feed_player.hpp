#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/exchange/market_feed.hpp"
#include "scanner/exchange/market_feed_options.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace scanner::exchange {

/// A feed whose connections are a recording: it is told what a FeedTap was, in the same order, and tells its listener
/// what the feed did. Nothing is sent. Loop thread only.
class FeedPlayer : public MarketFeed {
public:
    virtual void on_connected(std::uint32_t connection) = 0;
    /// `compressed`: the bytes are as they came; else a binary message is what its gzip member held.
    virtual void on_message(std::uint32_t connection, bool binary, bool compressed, std::string_view bytes) = 0;
    virtual void on_disconnected(std::uint32_t connection, std::string_view why) = 0;
    virtual void on_tend() = 0;
};

/// `listener` and `clock` must outlive it. The seed is the one that the tap was told.
[[nodiscard]] std::unique_ptr<FeedPlayer> make_feed_player(const MarketFeedOptions& options, FeedListener& listener,
                                                           const core::Clock& clock, std::uint64_t random_seed);

}  // namespace scanner::exchange
