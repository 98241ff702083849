#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"

#include <memory>

namespace scanner::engine {

/// A live book as it stands, confirmed at that moment.
[[nodiscard]] inline std::shared_ptr<const market::OrderBook> copy_of(const market::LiveBook& book,
                                                                      core::WallTime confirmed_at) {
    auto copy = std::make_shared<market::OrderBook>();
    copy->bids.assign(book.bids().begin(), book.bids().end());
    copy->asks.assign(book.asks().begin(), book.asks().end());
    copy->exchange_time = confirmed_at;
    copy->matching_id = book.matching_id();
    return copy;
}

}  // namespace scanner::engine
