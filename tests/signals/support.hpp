#pragma once

#include "scanner/market/market.hpp"
#include "scanner/signals/snapshot.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

/// Small markets by hand.
namespace scanner::signals::testing {

inline market::OrderBook book(std::initializer_list<market::Level> bids, std::initializer_list<market::Level> asks) {
    market::OrderBook result;
    result.bids = bids;
    result.asks = asks;
    return result;
}

/// One-minute candles that open and close at the given prices without wicks, each with the same volume.
inline std::vector<market::Candle> candles_closing_at(const std::vector<double>& closes, double volume = 10.0) {
    std::vector<market::Candle> candles;
    std::int64_t time = 1'760'000'000'000;
    for (const double close : closes) {
        const double open = candles.empty() ? close : candles.back().close;
        candles.push_back({.open_time_ms = time,
                           .open = open,
                           .high = std::max(open, close),
                           .low = std::min(open, close),
                           .close = close,
                           .base_volume = volume});
        time += 60'000;
    }
    return candles;
}

/// Market data with the book's best prices as quotes; all candles closed.
inline market::MarketData market_data(market::OrderBook order_book, std::vector<market::Candle> candles) {
    market::MarketData data;
    if (!order_book.bids.empty()) data.ticker.bid = order_book.bids.front();
    if (!order_book.asks.empty()) data.ticker.ask = order_book.asks.front();
    if (!candles.empty()) data.ticker.last = candles.back().close;
    data.ticker.turnover_24h = 5e7;
    data.closed_candles = candles.size();
    data.order_book = std::make_shared<const market::OrderBook>(std::move(order_book));
    data.candles = std::make_shared<const std::vector<market::Candle>>(std::move(candles));
    return data;
}

}  // namespace scanner::signals::testing
