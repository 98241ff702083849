#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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

    /// Closed candles of a tape that were compared with the exchange's own.
    struct Checked {
        std::size_t candles = 0;
        std::size_t mismatches = 0;  ///< another price, or a volume that differs by more than a millionth
    };

    /// How many of the newest candles must be fetched so that the series is complete at `exchange_now`; 0 when the
    /// newest one that was fetched is still running. What a tape told is fetched like the rest once it has closed.
    [[nodiscard]] int missing(core::WallTime exchange_now) const;

    /// Takes candles (ascending, on the interval's grid). They replace what they overlap; held ones that are newer than
    /// all of them stay. A hole of up to three candles inside them is filled with flat ones without volume, as the
    /// exchange itself prints quiet minutes. Before a longer one, and where they do not connect with what is held, the
    /// older ones are dropped, because a short series is better than a wrong one. What a tape told of candles that are
    /// closed among them is compared with them; what is fetched stays.
    Checked merge(std::span<const market::Candle> newest);

    /// Moves the running candle's close (and high, low) to the last trade price. Does nothing once that candle has
    /// ended at `exchange_now`, or for a price that is not positive.
    void follow(double last_price, core::WallTime exchange_now);

    /// The same for trades that were seen one by one, the last of them at `at`: moves high and low as far as they went.
    /// Only while the candle that is held last is that of `at`; trades of another one come with its candle.
    void follow_trades(double low, double high, double last_price, core::WallTime at);

    /// The running candle as a tape tells it that has every trade since its beginning: takes the place of the one that
    /// is held last, or follows it, where that one is `finished`: then it is closed, as the tape told it. Whether it
    /// followed.
    bool follow_tape(const market::Candle& running, const std::optional<market::Candle>& finished);

    /// The tape has lost something: the running candle that it told is fetched at the next occasion.
    void leave_tape();

    /// Whether the candle that is held last is as a tape told it.
    [[nodiscard]] bool is_last_told() const {
        return !candles_->empty() && candles_->back().open_time_ms == told_last_ms_;
    }
    [[nodiscard]] std::chrono::milliseconds interval() const { return std::chrono::milliseconds(interval_ms_); }

    /// Forgets every candle, so that all are fetched again.
    void clear();
    [[nodiscard]] bool empty() const { return candles_->empty(); }
    /// All that is held. Another object whenever anything of it has changed.
    [[nodiscard]] const std::shared_ptr<const std::vector<market::Candle>>& all() const { return candles_; }
    [[nodiscard]] View view(core::WallTime exchange_now) const;

    /// Of one length and number of candles.
    static void persist(auto& self, auto& archive) {
        archive(self.fetched_ms_, self.told_last_ms_, self.told_ms_, self.candles_);
        archive.require(self.candles_ != nullptr && self.candles_->size() <= self.capacity_);
    }

private:
    void move_last(double low, double high, double close);
    [[nodiscard]] Checked check(std::span<const market::Candle> newest);
    [[nodiscard]] std::int64_t bucket(core::WallTime time) const;

    std::int64_t interval_ms_;
    std::size_t capacity_;
    std::optional<std::int64_t> fetched_ms_;    ///< open time of the newest candle that was fetched
    std::optional<std::int64_t> told_last_ms_;  ///< of the running candle that a tape told last
    std::vector<std::int64_t> told_ms_;         ///< of those that a tape told whole and that were not fetched since
    // Copy-on-write: rankings hold on to what they were computed from.
    std::shared_ptr<const std::vector<market::Candle>> candles_;
};

}  // namespace scanner::engine
