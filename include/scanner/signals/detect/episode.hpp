#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/signals/detect/flags.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace scanner::signals {

/// Where an episode is. What closes it says so in its last phase.
enum class EpisodePhase : std::uint8_t {
    under_way,            ///< of every flag but the ignitions
    ignition,             ///< the burst has started
    post_surge_reversal,  ///< at least half of the move was given back within 60 min
    exhausted_spike,      ///< activity has collapsed while the price stays away
    reverted,             ///< the price, or the book, is back where it was
    over,                 ///< what was seen has stopped
};
inline constexpr std::size_t kEpisodePhases = 6;
[[nodiscard]] constexpr std::string_view to_string(EpisodePhase phase) noexcept {
    constexpr std::array<std::string_view, kEpisodePhases> kNames{"under_way",       "ignition", "post_surge_reversal",
                                                                  "exhausted_spike", "reverted", "over"};
    return kNames[static_cast<std::size_t>(phase)];
}

/// A quantity that a detector looked at. Names and units are literals of the detectors.
struct EvidenceItem {
    std::string_view name;
    double value = 0.0;
    std::optional<double> threshold;  ///< from which it speaks for the flag; empty: it only describes
    std::string_view unit;            ///< "bps", "ratio", "x", "count", "usdt", "s", "probability"
    friend bool operator==(const EvidenceItem&, const EvidenceItem&) = default;
};

/// What happened on one contract, from when a flag was raised until what it claims is over.
struct Episode {
    DetectorFlag flag{};
    EpisodePhase phase = EpisodePhase::under_way;
    std::uint64_t id = 0;  ///< 1, 2, … within the contract, over restores too
    core::WallTime start;
    std::optional<core::WallTime> end;  ///< empty while it is open
    core::WallTime changed_at;          ///< of this state of it
    double probability = 0.0;           ///< calibrated, the highest so far, 0..1
    double severity = 0.0;              ///< 0..100, the highest so far: what manip_score would be for this alone
    std::vector<EvidenceItem> evidence;
    std::optional<double> price;    ///< USDT: the level it is about (a wall), or the price it started from
    std::uint64_t repetitions = 0;  ///< how often the thing was seen
    std::uint64_t trades = 0;       ///< that took part, as far as they are told apart
    friend bool operator==(const Episode&, const Episode&) = default;
};

}  // namespace scanner::signals
