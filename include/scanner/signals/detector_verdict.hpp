#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/signals/snapshot.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What the detectors of manipulation say of one contract, as a ranking takes it. Plain values.
namespace scanner::signals {

/// A quantity of an episode: what it was, and what it had to exceed.
struct EpisodeEvidence {
    std::string name;
    double value = 0.0;
    std::optional<double> threshold;
    std::string unit;

    friend bool operator==(const EpisodeEvidence&, const EpisodeEvidence&) = default;
};

/// An episode that is under way.
struct OpenEpisode {
    std::string id;         ///< as the ledger has it
    std::string_view flag;  ///< a literal
    std::string phase;
    core::WallTime start;  ///< by the exchange's clock
    double probability = 0.0;
    double severity = 0.0;
    std::vector<EpisodeEvidence> evidence;

    friend bool operator==(const OpenEpisode&, const OpenEpisode&) = default;
};

struct DetectorVerdict {
    std::optional<double> score;        ///< 0..100; empty where too few detectors could tell
    std::optional<double> probability;  ///< that an episode of any kind was under way in the last 60 s
    bool quarantined = false;
    /// When the quarantine ends unless the score rises again, by the exchange's clock; empty while it is not known to
    /// be under the threshold, and without a quarantine.
    std::optional<core::WallTime> quarantined_until;
    bool judged = false;                          ///< detectors were there; false: nothing is known of any flag
    std::vector<std::string_view> flags;          ///< with an open episode: literals, sorted
    std::vector<std::string_view> unknown_flags;  ///< whose input is missing or old: literals, sorted
    std::vector<OpenEpisode> episodes;            ///< by flag

    friend bool operator==(const DetectorVerdict&, const DetectorVerdict&) = default;
};

/// The names of every flag of either model, sorted.
[[nodiscard]] std::span<const std::string_view> manipulation_flag_names();

/// Puts the verdict in the place of what the seed model said of a contract; what that one looked at stays. `verdict`
/// may be nullptr: nothing is known, which is not the same as nothing was found.
void take_verdict(ContractNumbers& numbers, std::shared_ptr<const DetectorVerdict> verdict);
/// Whether `numbers` say what `verdict` does already.
[[nodiscard]] bool says_same(const ContractNumbers& numbers, const DetectorVerdict* verdict);

}  // namespace scanner::signals
