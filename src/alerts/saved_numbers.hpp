#pragma once

#include "scanner/core/clock.hpp"

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

/// Whole numbers of saved state. The JSON library converts whatever number there is to the type asked for, also 1e25,
/// which no type holds.
namespace scanner::alerts {

/// Within [min, max]. Throws json::exception for anything else.
template <std::integral Number>
[[nodiscard]] Number saved_number(const nlohmann::json& from, Number min = std::numeric_limits<Number>::min(),
                                  Number max = std::numeric_limits<Number>::max()) {
    const auto fits = [&](auto number) { return std::cmp_less_equal(min, number) && std::cmp_less_equal(number, max); };
    // Unsigned first: to the library these are integers as well.
    if (from.is_number_unsigned()) {
        if (const auto number = from.get<std::uint64_t>(); fits(number)) return static_cast<Number>(number);
    } else if (from.is_number_integer()) {
        if (const auto number = from.get<std::int64_t>(); fits(number)) return static_cast<Number>(number);
    }
    throw nlohmann::json::other_error::create(501, "not a whole number within its range: " + from.dump(), &from);
}

/// From 1970 to 9999, so that any two have a difference. Throws json::exception for anything else.
[[nodiscard]] inline core::WallTime saved_time(const nlohmann::json& from) {
    return core::from_unix_ms(saved_number<std::int64_t>(from, 0, 253'402'300'799'999));
}

}  // namespace scanner::alerts
