#pragma once

#include <algorithm>
#include <cmath>

namespace scanner::signals {

/// No market is worth this many USDT; large enough to leave every real figure alone, small enough that a product of
/// three still is a double.
inline constexpr double kLargest = 1e100;

/// `value` as a number that may be published: not a NaN (0 instead), within +-kLargest, no negative zero.
[[nodiscard]] inline double bounded(double value) {
    if (std::isnan(value)) return 0.0;
    return std::clamp(value, -kLargest, kLargest) + 0.0;
}

}  // namespace scanner::signals
