#pragma once

#include "simulator/market/index_process.hpp"
#include "simulator/market/venue.hpp"

#include "scanner/core/random.hpp"

#include <span>

namespace scanner::simulator {

/// Writes a minute candle per common step into the venue, the last one ending at `end_seconds` (a whole minute) at the
/// profile's start price, and a last trade. Leaves `index` in the state and at the price of that end.
/// Returns the swap's premium over its index at the end, as a fraction.
double write_history(const Profile& profile, std::span<const CommonStep> common, std::int64_t end_seconds,
                     IndexProcess& index, Venue& venue, core::Random& random);

}  // namespace scanner::simulator
