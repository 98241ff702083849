#pragma once

#include "simulator/market.hpp"

#include <cstdint>
#include <vector>

namespace scanner::simulator {

/// Minute candles of one contract, built from its trades alone, with the rolling day and the day since 16:00 UTC.
/// Flat minutes are candles too, so that minutes are contiguous.
class CandleStore {
public:
    static constexpr std::size_t kCapacity = 2100;
    static constexpr std::int64_t kDayMinutes = 1440;

    /// Appends a finished minute of history; the first one decides where minutes begin, the rest must be contiguous.
    void append_history(const SimulatedCandle& candle);
    /// Opens minutes until the one that holds `unix_seconds` is running. Needs history.
    void roll_to(std::int64_t unix_seconds);
    /// Adds a fill to the running minute, which must be the one that holds it.
    void add_fill(double price, std::int64_t doubled_contracts, double doubled_turnover);

    [[nodiscard]] double last() const { return running_.close; }
    [[nodiscard]] const SimulatedCandle& running() const { return running_; }
    /// The newest `count`, oldest first, the running one last.
    [[nodiscard]] std::vector<SimulatedCandle> newest(std::size_t count) const;
    /// Everything of a TickerState but the quotes.
    void fill_ticker(TickerState& ticker) const;

private:
    void close_minute();
    [[nodiscard]] const SimulatedCandle& closed(std::size_t age) const {
        return ring_[(next_ + kCapacity - 1 - age) % kCapacity];
    }
    void sum_day();

    std::vector<SimulatedCandle> ring_ = std::vector<SimulatedCandle>(kCapacity);
    std::size_t next_ = 0;
    std::size_t count_ = 0;
    SimulatedCandle running_;
    bool has_running_ = false;
    // Over the closed minutes of the last 24 h; the running one is added when asked.
    std::int64_t day_contracts_ = 0;
    double day_turnover_ = 0.0;
    std::int64_t day_count_ = 0;
    double session_open_ = 0.0;
    double session_high_ = 0.0;
    double session_low_ = 0.0;
    bool session_started_ = false;
};

/// The last 16:00 UTC at or before the time: where HTX's day begins.
[[nodiscard]] constexpr std::int64_t htx_day_start(std::int64_t unix_seconds) {
    constexpr std::int64_t kDay = 86'400;
    constexpr std::int64_t kOffset = 16 * 3600LL;
    return (unix_seconds - kOffset) / kDay * kDay + kOffset;
}

}  // namespace scanner::simulator
