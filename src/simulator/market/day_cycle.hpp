#pragma once

#include "simulator/market/profile.hpp"

#include <cstdint>

namespace scanner::simulator {

/// How busy the world is at a time of day (and week): multipliers around 1.
struct DayCycle {
    double activity = 1.0;    ///< of arrivals of all kinds
    double volatility = 1.0;  ///< of the index
    double spread = 1.0;      ///< of what makers ask
};

/// U-shaped over the day for crypto (busiest when America opens and at the turn of the UTC day); what follows stocks
/// or futures goes quiet while those are closed. Pure.
[[nodiscard]] DayCycle day_cycle(const Profile& profile, std::int64_t unix_seconds);

/// Volume follows volatility: what a volatility state (around 1) does to trading activity. Means about 1, at most 3.
[[nodiscard]] double activity_in(double volatility);

}  // namespace scanner::simulator
