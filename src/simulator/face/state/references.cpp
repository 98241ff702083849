#include "simulator/face/state/references.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::simulator::face {
namespace {

/// Candles know only trades; a minute's extremes are most likely the swap's own and not its index's.
Ohlc from_trades(const SimulatedCandle& candle) {
    return {candle.open, std::max(candle.open, candle.close), std::min(candle.open, candle.close), candle.close};
}

}  // namespace

void Ohlc::add(double price) {
    high = std::max(high, price);
    low = std::min(low, price);
    close = price;
}

void Ohlc::add(const Ohlc& later) {
    high = std::max(high, later.high);
    low = std::min(low, later.low);
    close = later.close;
}

void References::sample(const SimulatedMarket& market, const Directory& directory) {
    const std::int64_t second = core::to_unix_ms(market.now()) / 1'000;
    if (second_ == second) return;
    second_ = second;
    time_ = market.now();
    const std::int64_t minute = second - second % 60;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        entry.index = market.index_price(i);
        entry.mark = market.mark_price(i);
        if (directory[i].ghost) continue;
        if (!entry.minutes.empty() && entry.minutes.back().open_time_sec == minute) {
            entry.minutes.back().index.add(entry.index);
            entry.minutes.back().mark.add(entry.mark);
            continue;
        }
        entry.minutes.push_back({minute, Ohlc::flat(entry.index), Ohlc::flat(entry.mark)});
        if (entry.minutes.size() > kMinutesKept) entry.minutes.pop_front();
    }
}

std::vector<ReferenceCandle> References::minutes(const SimulatedMarket& market, std::size_t contract,
                                                 std::size_t count) const {
    const auto& recorded = entries_[contract].minutes;
    std::vector<ReferenceCandle> minutes;
    auto next = recorded.begin();
    for (const SimulatedCandle& candle : market.minute_candles(contract, count)) {
        next = std::find_if(next, recorded.end(),
                            [&](const ReferenceCandle& r) { return r.open_time_sec >= candle.open_time_sec; });
        if (next != recorded.end() && next->open_time_sec == candle.open_time_sec) {
            minutes.push_back(*next);
        } else {
            minutes.push_back({candle.open_time_sec, from_trades(candle), from_trades(candle)});
        }
    }
    return minutes;
}

}  // namespace scanner::simulator::face
