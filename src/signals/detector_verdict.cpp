#include "scanner/signals/detector_verdict.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/signals/detect/flags.hpp"
#include "scanner/signals/manipulation.hpp"
#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <utility>

namespace scanner::signals {
namespace {

constexpr int kScoreDecimals = 2;

/// The evidence of an episode in the form of an inspection; names that are not literals live in the verdict.
FlagDetail detail_of(const OpenEpisode& episode) {
    FlagDetail detail{.flag = episode.flag, .severity = episode.severity};
    for (const EpisodeEvidence& evidence : episode.evidence) {
        if (detail.evidence_count == detail.evidence.size()) break;
        if (!evidence.threshold) continue;
        detail.evidence[detail.evidence_count++] = {.quantity = evidence.name,
                                                    .value = evidence.value,
                                                    .threshold = *evidence.threshold,
                                                    .above = evidence.value >= *evidence.threshold};
    }
    return detail;
}

}  // namespace

std::span<const std::string_view> manipulation_flag_names() {
    static const std::vector<std::string_view> kNames = [] {
        std::vector<std::string_view> names;
        for (const FlagInfo& flag : manipulation_flags()) names.push_back(flag.name);
        for (const DetectorFlagInfo& flag : kDetectorFlags) names.push_back(flag.name);
        std::ranges::sort(names);
        const auto repeated = std::ranges::unique(names);
        names.erase(repeated.begin(), repeated.end());
        return names;
    }();
    return kNames;
}

void take_verdict(ContractNumbers& numbers, std::shared_ptr<const DetectorVerdict> verdict) {
    static const auto kNothing = std::make_shared<const DetectorVerdict>();
    if (verdict == nullptr) verdict = kNothing;
    Manipulation& manipulation = numbers.manipulation;
    manipulation.manip_score = core::round_to(std::clamp(verdict->score.value_or(0.0), 0.0, 100.0), kScoreDecimals);
    manipulation.manip_flags = verdict->flags;
    manipulation.contributions.clear();  // of a formula that was not used
    manipulation.probability = verdict->probability.value_or(0.0);
    manipulation.flag_details.clear();
    for (const OpenEpisode& episode : verdict->episodes) manipulation.flag_details.push_back(detail_of(episode));
    constexpr Number kScore = field_of<&Manipulation::manip_score>().number;
    if (verdict->score) {
        numbers.unknown.remove(kScore);
    } else {
        numbers.unknown.add(kScore);
    }
    numbers.detection = {
        .manip_probability = verdict->probability, .quarantined = verdict->quarantined, .verdict = std::move(verdict)};
}

bool says_same(const ContractNumbers& numbers, const DetectorVerdict* verdict) {
    const DetectorVerdict* const held = numbers.detection.verdict.get();
    if (held == nullptr) return false;
    return verdict == nullptr ? *held == DetectorVerdict() : *held == *verdict;
}

}  // namespace scanner::signals
