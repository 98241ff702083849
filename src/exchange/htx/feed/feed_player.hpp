#pragma once

#include "scanner/exchange/feed_player.hpp"

namespace scanner::exchange::htx::feed {

/// make_feed_player() for HTX.
[[nodiscard]] std::unique_ptr<FeedPlayer> make_htx_feed_player(const MarketFeedOptions& options, FeedListener& listener,
                                                               const core::Clock& clock, std::uint64_t random_seed);

}  // namespace scanner::exchange::htx::feed
