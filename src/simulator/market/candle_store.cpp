#include "simulator/market/candle_store.hpp"

#include <algorithm>

namespace scanner::simulator {

void CandleStore::append_history(const SimulatedCandle& candle) {
    running_ = candle;
    has_running_ = true;
    close_minute();
}

void CandleStore::close_minute() {
    const bool new_session = !session_started_ || running_.open_time_sec == htx_day_start(running_.open_time_sec);
    session_open_ = new_session ? running_.open : session_open_;
    session_high_ = new_session ? running_.high : std::max(session_high_, running_.high);
    session_low_ = new_session ? running_.low : std::min(session_low_, running_.low);
    session_started_ = true;
    ring_[next_] = running_;
    next_ = (next_ + 1) % kCapacity;
    count_ = std::min(count_ + 1, kCapacity);
    const double close = running_.close;
    running_ = SimulatedCandle{
        .open_time_sec = running_.open_time_sec + 60, .open = close, .high = close, .low = close, .close = close};
}

void CandleStore::sum_day() {
    // Summed afresh each minute: a running sum of doubles would drift over weeks.
    day_contracts_ = 0;
    day_turnover_ = 0.0;
    day_count_ = 0;
    const std::size_t minutes = std::min<std::size_t>(count_, kDayMinutes);
    for (std::size_t age = 0; age < minutes; ++age) {
        const auto& candle = closed(age);
        day_contracts_ += candle.doubled_contracts;
        day_turnover_ += candle.doubled_turnover_usdt;
        day_count_ += candle.doubled_count;
    }
}

void CandleStore::roll_to(std::int64_t unix_seconds) {
    if (!has_running_ || unix_seconds < running_.open_time_sec + 60) {
        if (day_count_ == 0 && day_contracts_ == 0) sum_day();
        return;
    }
    while (unix_seconds >= running_.open_time_sec + 60) close_minute();
    sum_day();
}

void CandleStore::add_fill(double price, std::int64_t doubled_contracts, double doubled_turnover) {
    if (running_.doubled_count == 0) {
        running_.open = running_.high = running_.low = price;
    } else {
        running_.high = std::max(running_.high, price);
        running_.low = std::min(running_.low, price);
    }
    running_.close = price;
    running_.doubled_contracts += doubled_contracts;
    running_.doubled_turnover_usdt += doubled_turnover;
    running_.doubled_count += 2;
}

std::vector<SimulatedCandle> CandleStore::newest(std::size_t count) const {
    std::vector<SimulatedCandle> candles;
    if (count == 0 || !has_running_) return candles;
    const std::size_t finished = std::min(count - 1, count_);
    candles.reserve(finished + 1);
    for (std::size_t age = finished; age-- > 0;) candles.push_back(closed(age));
    candles.push_back(running_);
    return candles;
}

void CandleStore::fill_ticker(TickerState& ticker) const {
    const bool new_session = !session_started_ || running_.open_time_sec == htx_day_start(running_.open_time_sec);
    ticker.open = new_session ? running_.open : session_open_;
    ticker.high = new_session ? running_.high : std::max(session_high_, running_.high);
    ticker.low = new_session ? running_.low : std::min(session_low_, running_.low);
    ticker.last = running_.close;
    ticker.doubled_contracts_24h = day_contracts_ + running_.doubled_contracts;
    ticker.doubled_turnover_24h = day_turnover_ + running_.doubled_turnover_usdt;
    ticker.doubled_count_24h = day_count_ + running_.doubled_count;
}

}  // namespace scanner::simulator
