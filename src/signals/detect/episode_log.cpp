#include "signals/detect/episode_log.hpp"

#include <algorithm>
#include <utility>

namespace scanner::signals::detect {
namespace {

constexpr std::array<QuantityInfo, static_cast<std::size_t>(Quantity::in_a_row) + 1> kQuantities{{
    {"burst_probability", "probability"},
    {"trades_vs_usual", "x"},
    {"value_vs_usual", "x"},
    {"move", "bps"},
    {"retrace", "ratio"},
    {"index_share", "ratio"},
    {"liquidated_share", "ratio"},
    {"basis_excursion", "bps"},
    {"basis_deviations", "x"},
    {"index_move", "bps"},
    {"reverted", "ratio"},
    {"seconds_to_settlement", "s"},
    {"depth_ratio_10bps", "ratio"},
    {"depth_ratio_25bps", "ratio"},
    {"depth_ratio_50bps", "ratio"},
    {"spread_ratio", "x"},
    {"seconds_to_collapse", "s"},
    {"layers_vs_usual", "x"},
    {"other_side_vs_usual", "x"},
    {"untraded_share", "ratio"},
    {"held", "s"},
    {"withdrawals", "count"},
    {"expected_withdrawals", "count"},
    {"wall_vs_level", "x"},
    {"wall_size", "usdt"},
    {"wall_stood", "s"},
    {"distance_when_pulled", "bps"},
    {"mirrored_pairs", "count"},
    {"expected_pairs", "count"},
    {"inside_spread_share", "ratio"},
    {"net_flow_share", "ratio"},
    {"volume_vs_usual", "x"},
    {"size_law", "x"},
    {"impact_vs_usual", "ratio"},
    {"second_comb", "x"},
    {"families", "count"},
    {"open_interest_change", "base units"},
    {"one_sided_volume", "base units"},
    {"in_a_row", "count"},
}};

}  // namespace
}  // namespace scanner::signals::detect

namespace scanner::signals {

void persist(const Episode& self, core::CheckpointWriter& archive) {
    detect::EpisodeLog::persist_content(self, archive);
}

void persist(Episode& self, core::CheckpointReader& archive) {
    detect::EpisodeLog::persist_content(self, archive);
    archive.require(core::is_unix_ms(core::to_unix_ms(self.start)));
    if (self.end) archive.require(core::is_unix_ms(core::to_unix_ms(*self.end)));
}

}  // namespace scanner::signals

namespace scanner::signals::detect {

QuantityInfo info(Quantity quantity) noexcept {
    return kQuantities[static_cast<std::size_t>(quantity)];
}

std::optional<Quantity> find_quantity(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(kQuantities, name, &QuantityInfo::name);
    if (found == kQuantities.end()) return std::nullopt;
    return static_cast<Quantity>(found - kQuantities.begin());
}

EvidenceItem evidence(Quantity quantity, double value, std::optional<double> threshold) {
    const QuantityInfo named = info(quantity);
    return {.name = named.name, .value = value, .threshold = threshold, .unit = named.unit};
}

void EpisodeLog::begin(Episode episode, core::WallTime at) {
    const auto place = static_cast<std::size_t>(episode.flag);
    // Flag and start are its name in the ledger: what an episode before it began with is not begun with again.
    if (std::exchange(started_[place], episode.start) == episode.start) started_[place] = episode.start = at;
    episode.id = ++last_id_;
    episode.changed_at = at;
    open_[place] = std::move(episode);
    told_[place] = ++changes_;
}

void EpisodeLog::merge(std::vector<EvidenceItem>& into, const std::vector<EvidenceItem>& more) {
    for (const EvidenceItem& item : more) {
        const auto same = std::ranges::find(into, item.name, &EvidenceItem::name);
        if (same != into.end()) {
            *same = item;
        } else if (into.size() < kMaxEvidence) {
            into.push_back(item);
        }
    }
}

void EpisodeLog::update(DetectorFlag flag, const Episode& now, core::WallTime at, bool clearly) {
    const auto place = static_cast<std::size_t>(flag);
    if (!open_[place]) return;
    Episode& episode = *open_[place];
    episode.probability = std::max(episode.probability, now.probability);
    episode.severity = std::max(episode.severity, now.severity);
    episode.repetitions = std::max(episode.repetitions, now.repetitions);
    episode.trades = std::max(episode.trades, now.trades);
    if (now.price) episode.price = now.price;
    merge(episode.evidence, now.evidence);
    episode.changed_at = at;
    if (clearly) told_[place] = ++changes_;
}

void EpisodeLog::set_phase(DetectorFlag flag, EpisodePhase phase, std::vector<EvidenceItem> more, core::WallTime at) {
    const auto place = static_cast<std::size_t>(flag);
    if (!open_[place]) return;
    open_[place]->phase = phase;
    merge(open_[place]->evidence, more);
    open_[place]->changed_at = at;
    told_[place] = ++changes_;
}

void EpisodeLog::end(DetectorFlag flag, EpisodePhase phase, core::WallTime at) {
    const auto place = static_cast<std::size_t>(flag);
    if (!open_[place]) return;
    Episode episode = *std::exchange(open_[place], std::nullopt);
    told_[place] = 0;
    episode.phase = phase;
    episode.end = std::max(at, episode.start);
    episode.changed_at = at;
    if (ended_.size() >= kMaxEnded) ended_.erase(ended_.begin());
    ended_.push_back({++changes_, std::move(episode)});
}

std::vector<Episode> EpisodeLog::take_changes() {
    std::vector<Ended> all = std::exchange(ended_, {});
    for (std::size_t i = 0; i < open_.size(); ++i) {
        if (told_[i] == 0) continue;
        all.push_back({std::exchange(told_[i], 0), *open_[i]});
    }
    std::ranges::sort(all, {}, &Ended::order);
    std::vector<Episode> episodes;
    episodes.reserve(all.size());
    for (Ended& one : all) episodes.push_back(std::move(one.episode));
    return episodes;
}

std::vector<Episode> EpisodeLog::all_open() const {
    std::vector<Episode> episodes;
    for (const auto& episode : open_) {
        if (episode) episodes.push_back(*episode);
    }
    return episodes;
}

void EpisodeLog::fill(FlagSet& flags, FlagSet& reversed, FlagSet& exhausted) const {
    for (const auto& episode : open_) {
        if (!episode) continue;
        flags.set(episode->flag);
        if (episode->phase == EpisodePhase::post_surge_reversal) reversed.set(episode->flag);
        if (episode->phase == EpisodePhase::exhausted_spike) exhausted.set(episode->flag);
    }
}

}  // namespace scanner::signals::detect
