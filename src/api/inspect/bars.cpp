#include "api/inspect/bars.hpp"

#include "scanner/core/decimal.hpp"

#include <algorithm>

namespace scanner::api {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

/// The smallest step between candles: gaps are multiples of it. One minute where nothing shows it.
std::int64_t interval_of(std::span<const market::Candle> candles) {
    std::int64_t interval = 0;
    for (std::size_t i = 1; i < candles.size(); ++i) {
        const std::int64_t step = candles[i].open_time_ms - candles[i - 1].open_time_ms;
        if (step > 0 && (interval == 0 || step < interval)) interval = step;
    }
    return interval == 0 ? kMinuteMs : interval;
}

void add(market::Candle& bar, const market::Candle& candle) {
    bar.high = std::max(bar.high, candle.high);
    bar.low = std::min(bar.low, candle.low);
    bar.close = candle.close;
    bar.base_volume = core::add_decimals(bar.base_volume, candle.base_volume);
}

}  // namespace

std::vector<Bar> bars_of(std::span<const market::Candle> candles, std::size_t closed, int minutes) {
    const std::int64_t wanted = minutes * kMinuteMs;
    const std::int64_t interval = interval_of(candles);
    std::vector<Bar> bars;
    if (interval > wanted) return bars;
    for (std::size_t i = 0; i < candles.size(); ++i) {
        const market::Candle& candle = candles[i];
        const std::int64_t begin = candle.open_time_ms - candle.open_time_ms % wanted;
        if (bars.empty() || bars.back().candle.open_time_ms != begin) {
            if (!bars.empty()) bars.back().closed = true;  // a later bar has begun
            bars.push_back({.candle = candle, .closed = false});
            bars.back().candle.open_time_ms = begin;
        } else {
            add(bars.back().candle, candle);
        }
        const bool fills_up = candle.open_time_ms + interval >= begin + wanted;
        bars.back().closed = fills_up && i < closed;
    }
    const bool cut_off = !candles.empty() && candles.front().open_time_ms % wanted != 0;
    if (cut_off) bars.erase(bars.begin());
    return bars;
}

}  // namespace scanner::api
