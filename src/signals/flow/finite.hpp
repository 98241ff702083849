#pragma once

#include <cmath>
#include <optional>

namespace scanner::signals::flow {

/// Prices and sizes at the limit of a double can overflow a sum or a quotient; that is no number to show.
[[nodiscard]] inline std::optional<double> finite(double value) noexcept {
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace scanner::signals::flow
