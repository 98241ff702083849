#pragma once

#include "signals/support.hpp"

#include "scanner/market/market.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

/// Random markets for the property tests; the same for the same seed.
namespace scanner::signals::testing {

class RandomMarket {
public:
    explicit RandomMarket(std::uint64_t seed) : engine_(seed) {}

    double uniform(double low, double high) { return std::uniform_real_distribution(low, high)(engine_); }
    int whole(int low, int high) { return std::uniform_int_distribution(low, high)(engine_); }
    bool chance(double probability) { return uniform(0.0, 1.0) < probability; }
    /// Any order of magnitude between the two, evenly.
    double magnitude(double low, double high) { return std::exp(uniform(std::log(low), std::log(high))); }

    /// A book as an exchange shows it: sorted, not crossed, `levels` a side.
    market::OrderBook proper_book(double mid, int levels) {
        market::OrderBook book;
        double bid = mid * (1.0 - magnitude(1e-6, 1e-2));
        double ask = mid * (1.0 + magnitude(1e-6, 1e-2));
        for (int i = 0; i < levels; ++i) {
            book.bids.push_back({.price = bid, .size = magnitude(1.0, 1e5) / mid});
            book.asks.push_back({.price = ask, .size = magnitude(1.0, 1e5) / mid});
            bid *= 1.0 - magnitude(1e-6, 1e-3);
            ask *= 1.0 + magnitude(1e-6, 1e-3);
        }
        return book;
    }

    /// A book of any kind: an empty side, a single level, crossed, prices of any size.
    market::OrderBook any_book() {
        market::OrderBook book = proper_book(magnitude(1e-12, 1e12), whole(0, 60));
        if (chance(0.15)) book.bids.clear();
        if (chance(0.15)) book.asks.clear();
        if (chance(0.15)) std::swap(book.bids, book.asks);
        if (chance(0.15)) {
            for (market::Level& level : book.bids) level = {.price = any_positive(), .size = any_positive()};
        }
        return book;
    }

    /// A random walk from `price`; some minutes without volume.
    std::vector<market::Candle> walk(double price, int count, double step = 0.003) {
        std::vector<double> closes;
        for (int i = 0; i < count; ++i) closes.push_back(price *= std::exp(uniform(-step, step)));
        auto candles = candles_closing_at(closes);
        for (market::Candle& candle : candles) {
            candle.high *= 1.0 + uniform(0.0, step);
            candle.low *= 1.0 - uniform(0.0, step);
            candle.base_volume = chance(0.1) ? 0.0 : magnitude(1.0, 1e4);
        }
        return candles;
    }

    /// Candles that no exchange should send: zeros, negatives, the ends of double's range.
    std::vector<market::Candle> any_candles() {
        auto candles = walk(magnitude(1e-12, 1e12), whole(0, 300));
        if (!chance(0.5)) return candles;
        for (market::Candle& candle : candles) {
            for (double* field : {&candle.open, &candle.high, &candle.low, &candle.close, &candle.base_volume}) {
                if (chance(0.2)) *field = any_finite();
            }
        }
        return candles;
    }

    double any_positive() { return chance(0.3) ? magnitude(1e-308, 1e308) : magnitude(1e-6, 1e6); }
    double any_finite() { return chance(0.2) ? 0.0 : (chance(0.3) ? -1.0 : 1.0) * any_positive(); }

    /// Anything that is finite.
    market::MarketData any_market() {
        market::MarketData data = market_data(any_book(), any_candles());
        data.closed_candles = chance(0.5) ? data.candles->size() : static_cast<std::size_t>(whole(0, 300));
        if (chance(0.3)) data.ticker.last = any_finite();
        if (chance(0.3)) data.ticker.turnover_24h = any_finite();
        if (chance(0.3)) data.ticker.bid = market::Level{.price = any_finite(), .size = any_finite()};
        if (chance(0.5)) data.funding_rate = chance(0.5) ? any_finite() : uniform(-0.003, 0.003);
        if (chance(0.5)) data.open_interest = any_finite();
        if (chance(0.5)) data.index_price = any_finite();
        return data;
    }

    /// A contract as one meets it.
    market::MarketData proper_market() {
        const double price = magnitude(1e-6, 1e5);
        auto candles = walk(price, whole(70, 200));
        market::MarketData data = market_data(proper_book(candles.back().close, whole(5, 50)), std::move(candles));
        data.ticker.turnover_24h = magnitude(1e6, 1e10);
        data.funding_rate = uniform(-0.001, 0.001);
        data.open_interest = magnitude(1e3, 1e9);
        data.index_price = data.ticker.last * uniform(0.999, 1.001);
        return data;
    }

    template <class Range>
    void shuffle(Range& range) {
        std::shuffle(range.begin(), range.end(), engine_);
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace scanner::signals::testing
