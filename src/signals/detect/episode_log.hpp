#pragma once

#include "signals/detect/state_codec.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/signals/detect/episode.hpp"
#include "scanner/signals/detect/episode_checkpoint.hpp"
#include "scanner/signals/detect/flags.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

namespace scanner::signals::detect {

/// The quantities that evidence may name: what an episode keeps over a restart is one of these.
enum class Quantity : std::uint8_t {
    burst_probability,
    trades_vs_usual,
    value_vs_usual,
    move_bps,
    retrace,
    index_share,
    liquidated_share,
    basis_excursion_bps,
    basis_mads,
    index_move_bps,
    reverted,
    seconds_to_settlement,
    depth_ratio_10bps,
    depth_ratio_25bps,
    depth_ratio_50bps,
    spread_ratio,
    seconds_to_collapse,
    layers_ratio,
    other_side_ratio,
    untraded,
    held_seconds,
    withdrawals,
    expected_withdrawals,
    wall_ratio,
    wall_usdt,
    wall_seconds,
    distance_bps,
    mirrored_pairs,
    expected_pairs,
    inside_share,
    net_flow_share,
    volume_vs_usual,
    size_law,
    impact_ratio,
    second_comb,
    families,
    open_interest_change,
    one_sided_volume,
    in_a_row,
};
struct QuantityInfo {
    std::string_view name;
    std::string_view unit;
};
[[nodiscard]] QuantityInfo info(Quantity quantity) noexcept;
[[nodiscard]] EvidenceItem evidence(Quantity quantity, double value, std::optional<double> threshold = std::nullopt);

/// The episodes of one contract: at most one of a flag is open. Changes are kept until they are taken, the newest state
/// of each episode, and of those that ended the newest kMaxEnded.
class EpisodeLog {
public:
    static constexpr std::size_t kMaxEnded = 52;
    static constexpr std::size_t kMaxEvidence = 12;

    [[nodiscard]] const Episode* open(DetectorFlag flag) const {
        const auto& episode = open_[static_cast<std::size_t>(flag)];
        return episode ? &*episode : nullptr;
    }
    /// One of this flag must not be open.
    void begin(Episode episode, core::WallTime at);
    /// New figures of the open one; probability and severity never fall. Told on when `clearly`, or at the next change.
    void update(DetectorFlag flag, const Episode& now, core::WallTime at, bool clearly);
    void set_phase(DetectorFlag flag, EpisodePhase phase, std::vector<EvidenceItem> more, core::WallTime at);
    void end(DetectorFlag flag, EpisodePhase phase, core::WallTime at);
    /// Whether thresholds follow the contract's own null (OwnNull); no part of the state.
    [[nodiscard]] bool recalibrates() const { return recalibrates_; }
    void set_recalibrates(bool recalibrates) { recalibrates_ = recalibrates; }
    /// Oldest change first.
    [[nodiscard]] std::vector<Episode> take_changes();
    [[nodiscard]] std::vector<Episode> all_open() const;
    void fill(FlagSet& flags, FlagSet& reversed, FlagSet& exhausted) const;

    static void persist(auto& self, auto& archive) {
        archive(self.last_id_);
        if constexpr (kTakesAll<decltype(archive)>) {
            archive(self.changes_, self.open_, self.told_, self.started_, self.ended_);
            archive.require(self.ended_.size() <= kMaxEnded);
        } else {
            for (auto& episode : self.open_) persist_episode(episode, archive);
        }
        if constexpr (std::remove_reference_t<decltype(archive)>::kReads) self.check(archive);
    }
    /// Everything that either archive takes of an episode, but whether there is one.
    static void persist_content(auto& episode, auto& archive);

private:
    static void persist_episode(auto& episode, auto& archive);
    template <class Archive>
    void check(Archive& archive) const {
        for (std::size_t i = 0; i < open_.size(); ++i) {
            if (open_[i]) archive.require(static_cast<std::size_t>(open_[i]->flag) == i && open_[i]->id <= last_id_);
        }
    }
    static void merge(std::vector<EvidenceItem>& into, const std::vector<EvidenceItem>& more);

    bool recalibrates_ = true;
    std::uint64_t last_id_ = 0;
    std::uint64_t changes_ = 0;
    std::array<std::optional<Episode>, kDetectorFlagCount> open_;
    std::array<std::uint64_t, kDetectorFlagCount> told_{};  ///< order of an open one's change; 0: nothing to tell
    std::array<std::optional<core::WallTime>, kDetectorFlagCount> started_{};  ///< the newest, open or not
    struct Ended {
        std::uint64_t order = 0;
        Episode episode;
        static void persist(auto& self, auto& archive) { archive(self.order, self.episode); }
    };
    std::vector<Ended> ended_;
};

[[nodiscard]] std::optional<Quantity> find_quantity(std::string_view name) noexcept;

void EpisodeLog::persist_content(auto& e, auto& archive) {
    constexpr bool kReads = std::remove_reference_t<decltype(archive)>::kReads;
    archive(e.flag, e.phase, e.id, e.start, e.end, e.changed_at, e.probability, e.severity, e.price, e.repetitions,
            e.trades);
    auto count = static_cast<std::uint8_t>(e.evidence.size());
    archive(count);
    if constexpr (kReads) {
        archive.require(static_cast<std::size_t>(e.flag) < kDetectorFlagCount &&
                        static_cast<std::size_t>(e.phase) < kEpisodePhases && count <= kMaxEvidence &&
                        e.probability >= 0.0 && e.probability <= 1.0 && e.severity >= 0.0 && e.severity <= 100.0);
        if (!archive.ok()) return;
        e.evidence.resize(count);
    }
    for (auto& item : e.evidence) {
        auto quantity = kReads ? Quantity{} : find_quantity(item.name).value_or(Quantity{});
        archive(quantity, item.value, item.threshold);
        if constexpr (kReads) {
            archive.require(quantity <= Quantity::in_a_row);
            const auto named = archive.ok() ? info(quantity) : QuantityInfo{};
            item.name = named.name;
            item.unit = named.unit;
        }
    }
}

void EpisodeLog::persist_episode(auto& episode, auto& archive) {
    constexpr bool kReads = std::remove_reference_t<decltype(archive)>::kReads;
    bool open = episode.has_value();
    archive(open);
    if constexpr (kReads) {
        episode.reset();
        if (open) episode.emplace();
    }
    if (!open) return;
    persist_content(*episode, archive);
    if constexpr (kReads) {
        archive.require(!episode->end);
        if (!archive.ok()) episode.reset();
    }
}

}  // namespace scanner::signals::detect
