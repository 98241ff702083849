#pragma once

#include "simulator/market/index_process.hpp"
#include "simulator/market/venue.hpp"

#include "scanner/core/random.hpp"

#include <span>

namespace scanner::simulator {

/// What the market was before the agents woke up.
struct HistoryEnd {
    double premium = 0.0;     ///< fraction of the index
    double flow_noise = 0.0;  ///< state of the slow noise in trading activity
};

/// Writes a minute candle per common step into the venue, the last one ending at `end_seconds` (a whole minute) at the
/// profile's start price, and a last trade. Leaves `index` in the state and at the price of that end.
HistoryEnd write_history(const Profile& profile, std::span<const CommonStep> common, std::int64_t end_seconds,
                         IndexProcess& index, Venue& venue, core::Random& random);

}  // namespace scanner::simulator
