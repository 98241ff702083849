#pragma once

#include "simulator/market/agents.hpp"
#include "simulator/market/catalogue.hpp"
#include "simulator/market/funding.hpp"
#include "simulator/market/history.hpp"
#include "simulator/market/index_process.hpp"
#include "simulator/market/scenarios/episode.hpp"

#include <deque>
#include <memory>
#include <span>
#include <vector>

namespace scanner::simulator {

/// Seconds of the common factor, oldest first; what all contracts play against.
struct CommonWindow {
    std::int64_t first_second = 0;
    std::vector<CommonStep> steps;
    [[nodiscard]] const CommonStep& at(std::int64_t second) const {
        return steps[static_cast<std::size_t>(second - first_second)];
    }
};

/// One active contract: its history, its exchange, its agents, played event by event from its own random streams, so
/// that it makes no difference in how many steps, or in which order of contracts, time is played.
class ContractSimulation {
public:
    /// History of `history` minutes ends at `begin_seconds` (a whole minute), where the agents start.
    ContractSimulation(const CatalogueEntry& entry, std::uint64_t seed, std::uint64_t stream,
                       std::span<const CommonStep> history, std::int64_t begin_seconds);
    ContractSimulation(const ContractSimulation&) = delete;
    ContractSimulation& operator=(const ContractSimulation&) = delete;
    ~ContractSimulation();

    /// An episode to be played; its start must not have been played yet.
    void plant(const EpisodePlan& plan);
    /// Plays every event up to and including `to`; `common` must cover its whole seconds.
    void play(Micros to, const CommonWindow& common);

    [[nodiscard]] const Venue& venue() const { return venue_; }
    [[nodiscard]] const Funding& funding() const { return funding_; }
    [[nodiscard]] double index_price() const { return index_.price(); }
    [[nodiscard]] double mark_price() const { return index_.price() * (1.0 + smoothed_premium_); }
    [[nodiscard]] TickerState ticker() const;
    /// Of the last hour, oldest first.
    [[nodiscard]] const std::deque<Label>& labels() const { return labels_; }

private:
    void step_episode(Micros now);
    void label_second(std::int64_t second);
    [[nodiscard]] Micros next_episode_event() const;
    void on_second(std::int64_t second, const CommonStep& common);
    [[nodiscard]] Conditions conditions(std::int64_t second, const CommonStep& common) const;

    Profile profile_;
    core::Random random_;
    Venue venue_;
    IndexProcess index_;
    Funding funding_;
    Agents agents_;
    double premium_ = 0.0;           ///< slow, the holders' mood
    double smoothed_premium_ = 0.0;  ///< of the middle over the index, for the mark price
    std::int64_t next_second_;
    std::string contract_code_;
    std::deque<EpisodePlan> planted_;  ///< by start
    std::unique_ptr<Episode> episode_;
    Micros episode_at_ = kNever;
    Label last_label_;  ///< of the second that runs
    bool label_due_ = false;
    std::deque<Label> labels_;
};

}  // namespace scanner::simulator
