#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/exchange/market_feed.hpp"
#include "scanner/exchange/market_feed_options.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>

namespace scanner::exchange::htx::feed {

/// HTX's live feed over its public WebSockets: as many connections for books and tapes as the wanted contracts need,
/// and one for notifications.
[[nodiscard]] std::unique_ptr<MarketFeed> make_htx_feed(const boost::asio::any_io_executor& executor,
                                                        MarketFeedOptions options, FeedListener& listener,
                                                        const core::Clock& clock, std::uint64_t random_seed);

}  // namespace scanner::exchange::htx::feed
