#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

namespace scanner::engine {

/// The running candle of one contract, made of its trades: open, high, low, close and volume of an interval during
/// which every trade was told. An interval that a hole of the tape touches is not told at all: its candle is the
/// exchange's own. Time is the exchange's. Not thread-safe. Pure.
class TapeCandle {
public:
    struct Told {
        std::optional<market::Candle> running;   ///< of the interval of the last trade
        std::optional<market::Candle> finished;  ///< of the interval with trades before that one
    };

    explicit TapeCandle(std::chrono::milliseconds interval = std::chrono::minutes(1)) : interval_(interval) {}

    /// Candles of another length: everything is begun anew. Does nothing where it is the same.
    void set_interval(std::chrono::milliseconds interval);

    /// Trades, each once, in any order. One that is dated after `latest` cannot be placed: it is left out, and the
    /// intervals until the next `on_complete` are not whole.
    void on_trades(std::span<const market::Trade> trades, core::WallTime latest = core::WallTime::max());
    /// Every trade from `at` on is told; a moment that is later than the true one costs an interval, no more. Does
    /// nothing while that is so already.
    void on_complete(core::WallTime at);
    /// Trades may be missing from here on.
    void on_hole() { complete_since_.reset(); }

    /// What is whole of it.
    [[nodiscard]] Told told() const;

    static void persist(auto& self, auto& archive) {
        archive(self.interval_, self.complete_since_, self.running_, self.finished_);
        archive.require(self.interval_.count() > 0);
    }

private:
    struct Bar {
        market::Candle candle;
        std::int64_t first_id = 0;
        std::int64_t last_id = 0;

        static void persist(auto& self, auto& archive) { archive(self.candle, self.first_id, self.last_id); }
    };
    void add(const market::Trade& trade);
    static void add(Bar& bar, const market::Trade& trade);
    [[nodiscard]] std::optional<market::Candle> whole(const std::optional<Bar>& bar) const;

    std::chrono::milliseconds interval_;
    std::optional<core::WallTime> complete_since_;
    std::optional<Bar> running_;
    std::optional<Bar> finished_;
};

}  // namespace scanner::engine
