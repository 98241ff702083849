#pragma once

#include "scanner/core/error.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/exchange/market_feed.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace scanner::engine {

/// So many numbers of rankings are reserved at a time (FeedParts::reserve_sequence).
inline constexpr std::uint64_t kReservedBlock = 2'000;

/// What an engine needs to follow a live feed beside its scan. Without `make_feed` it follows none, and what it does is
/// what it always did.
struct FeedParts {
    /// Makes the feed that tells `listener`, which outlives it. Called once.
    std::function<std::unique_ptr<exchange::MarketFeed>(exchange::FeedListener& listener)> make_feed;
    /// Makes durable that rankings up to this number may have been shown. While it fails, only those are made that
    /// history keeps.
    std::function<boost::asio::awaitable<core::Result<void>>(std::uint64_t up_to)> reserve_sequence;
    /// Asked in place of the engine's exchange for what the feed needs beside it, where it is not null.
    exchange::Exchange* exchange = nullptr;
};

}  // namespace scanner::engine
