#pragma once

#include "scanner/core/clock.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Whose trades are asked for where no feed tells them: requests are few, and contracts many. Pure.
namespace scanner::engine {

/// What decides about one contract.
struct TradeReadCandidate {
    std::string contract_code;
    double turnover_24h = 0.0;                      ///< USDT
    std::optional<double> turnover_grown;           ///< since the pass before, USDT; empty before the second pass
    std::optional<std::chrono::milliseconds> over;  ///< the time in which it grew
    std::optional<core::SteadyTime> read;           ///< when its trades were last asked for
};

/// A tape that is read less often than this has holes on busy contracts.
inline constexpr std::chrono::seconds kReadTapeEvery{30};
/// A contract that trades so many times as much as it did over the day is likely to be in a burst.
inline constexpr double kHotTurnover = 4.0;
inline constexpr std::chrono::seconds kReadHotTapeEvery{5};

/// The codes of those to ask for now, at most `most`: first those that trade several times as much as usual and were
/// not asked for in the last 5 s, hottest first; then those that were not for longest, if that is 30 s or never.
[[nodiscard]] std::vector<std::string> choose_trade_reads(std::span<const TradeReadCandidate> candidates,
                                                          core::SteadyTime now, std::size_t most);

}  // namespace scanner::engine
