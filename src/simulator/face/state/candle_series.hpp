#pragma once

#include "simulator/market.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace scanner::simulator::face {

/// The lengths of candles that HTX knows. Days begin at 16:00 UTC (midnight in UTC+8), weeks on that Monday, months on
/// that first.
enum class Period { min1, min5, min15, min30, min60, hour4, day1, week1, mon1 };

/// "1min", "60min" and "1hour", "1day"…; nothing for what HTX does not have.
[[nodiscard]] std::optional<Period> parse_period(std::string_view text);

/// Start of the bucket that holds `time_sec` (Unix seconds, >= 0).
[[nodiscard]] std::int64_t bucket_start(Period period, std::int64_t time_sec);

/// One-minute candles that are enough for `count` buckets whatever the moment.
[[nodiscard]] std::size_t minutes_for(Period period, std::size_t count);

/// Minutes (oldest first) put together, the last bucket still running. A first bucket of which the beginning is
/// missing is left out, unless nothing else is there.
[[nodiscard]] std::vector<SimulatedCandle> aggregate(const std::vector<SimulatedCandle>& minutes, Period period);

}  // namespace scanner::simulator::face
