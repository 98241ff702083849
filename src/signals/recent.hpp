#pragma once

#include "scanner/market/market.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace scanner::signals {

/// Up to `Most` values on the stack, oldest first, collected from the newest backwards.
template <std::size_t Most>
class Recent {
public:
    /// The last `Most` of `candles` whose `field` is positive; others count as missing.
    Recent(std::span<const market::Candle> candles, double market::Candle::* field) {
        for (std::size_t i = candles.size(); i > 0 && start_ > 0; --i) {
            const double value = candles[i - 1].*field;
            if (value > 0.0) values_[--start_] = value;
        }
    }

    [[nodiscard]] std::span<const double> values() const { return std::span(values_).subspan(start_); }

private:
    std::array<double, Most> values_;  // filled from the back; [0, start_) stays unset
    std::size_t start_ = Most;
};

/// The longest price window is 60 returns, hence 61 closes.
using RecentCloses = Recent<61>;
using RecentVolumes = Recent<60>;

/// Mean and population standard deviation of a non-empty window.
struct Spread {
    double mean = 0.0;
    double deviation = 0.0;
};
[[nodiscard]] inline Spread spread_of(std::span<const double> values) {
    const double count = static_cast<double>(values.size());
    double sum = 0.0;
    for (const double value : values) sum += value;
    const double mean = sum / count;
    double squares = 0.0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    return {.mean = mean, .deviation = std::sqrt(squares / count)};
}

/// The candles of `data`, and those of them that are finished.
struct CandleViews {
    std::span<const market::Candle> all;
    std::span<const market::Candle> closed;
};
[[nodiscard]] inline CandleViews candle_views(const market::MarketData& data) {
    if (!data.candles) return {};
    const std::span<const market::Candle> all(*data.candles);
    return {.all = all, .closed = all.first(std::min(data.closed_candles, all.size()))};
}

}  // namespace scanner::signals
