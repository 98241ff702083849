#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace scanner::engine {

/// The candles of one contract, kept from cycle to cycle so that only what has closed since is fetched again. The
/// running candle follows the ticker in between. Time is the exchange's own throughout: clock skew cannot close a
/// candle early. Not thread-safe. Pure: no I/O, no clock.
class CandleSeries {
public:
    /// Finished candles at the front, at most one running one behind them.
    struct View {
        std::shared_ptr<const std::vector<market::Candle>> candles;
        std::size_t closed = 0;
    };

    /// Keeps the newest `capacity` candles (>= 2) of `interval_minutes`.
    CandleSeries(int interval_minutes, std::size_t capacity);

    /// How many of the newest candles must be fetched so that the series is complete at `exchange_now`; 0 when the
    /// newest one held is still running.
    [[nodiscard]] int missing(core::WallTime exchange_now) const;

    /// Takes candles (ascending, on the interval's grid). They replace what they overlap; held ones that are newer than
    /// all of them stay. A hole of up to three candles inside them is filled with flat ones without volume, as the
    /// exchange itself prints quiet minutes. Before a longer one, and where they do not connect with what is held, the
    /// older ones are dropped, because a short series is better than a wrong one.
    void merge(std::span<const market::Candle> newest);

    /// Moves the running candle's close (and high, low) to the last trade price. Does nothing once that candle has
    /// ended at `exchange_now`, or for a price that is not positive.
    void follow(double last_price, core::WallTime exchange_now);

    /// The same for trades that were seen one by one, the last of them at `at`: moves high and low as far as they went.
    /// Only while the candle that is held last is that of `at`; trades of another one come with its candle.
    void follow_trades(double low, double high, double last_price, core::WallTime at);

    /// Forgets every candle, so that all are fetched again.
    void clear() { candles_ = std::make_shared<const std::vector<market::Candle>>(); }
    [[nodiscard]] bool empty() const { return candles_->empty(); }
    [[nodiscard]] View view(core::WallTime exchange_now) const;

private:
    void move_last(double low, double high, double close);
    [[nodiscard]] std::int64_t bucket(core::WallTime time) const;

    std::int64_t interval_ms_;
    std::size_t capacity_;
    // Copy-on-write: rankings hold on to what they were computed from.
    std::shared_ptr<const std::vector<market::Candle>> candles_;
};

}  // namespace scanner::engine
