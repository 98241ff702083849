#pragma once

#include "simulator/market/agents.hpp"
#include "simulator/market/index_process.hpp"
#include "simulator/market/scenarios/plan.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace scanner::simulator {

/// What an episode may touch.
struct Stage {
    Agents& agents;
    IndexProcess& index;
    Micros now = 0;
    [[nodiscard]] Venue& venue() const { return agents.venue(); }
    [[nodiscard]] const Book& book() const { return agents.venue().book(); }
};

/// One planted manipulation or benign twin while it is played. Its orders rest under kScenario.
class Episode {
public:
    explicit Episode(const EpisodePlan& plan) : plan_(plan), random_(plan.seed, plan.id) {}
    Episode(const Episode&) = delete;
    Episode& operator=(const Episode&) = delete;
    virtual ~Episode() = default;

    /// Plays what is due now, first at the planned start; returns when it wants to go on, kNever when it is over.
    [[nodiscard]] virtual Micros step(Stage& stage) = 0;
    /// Takes back what must not outlive it: orders and pressure. Called once, after the last step.
    void finish(Stage& stage);

    [[nodiscard]] const EpisodePlan& plan() const { return plan_; }
    [[nodiscard]] std::string_view phase() const { return phase_; }

protected:
    [[nodiscard]] Micros end() const { return plan_.start + static_cast<Micros>(plan_.duration_s * 1e6); }
    [[nodiscard]] static Micros seconds(double value) { return 1 + static_cast<Micros>(value * 1e6); }
    [[nodiscard]] Side random_side() { return random_.chance(0.5) ? Side::buy : Side::sell; }
    /// A resting order that `finish` takes back.
    OrderId rest(Stage& stage, Side side, std::int64_t price_ticks, std::int64_t contracts);
    void cancel_all(Stage& stage);
    /// Half a spread beyond the best a taker of this side meets: patient enough to fill, not to sweep.
    [[nodiscard]] static std::int64_t near_limit(const Stage& stage, Side taker);

    EpisodePlan plan_;
    core::Random random_;
    std::string_view phase_;
    std::vector<OrderId> orders_;
};

[[nodiscard]] std::unique_ptr<Episode> make_episode(const EpisodePlan& plan);

// One factory per file of src/simulator/market/scenarios.
[[nodiscard]] std::unique_ptr<Episode> make_layering(const EpisodePlan& plan);
[[nodiscard]] std::unique_ptr<Episode> make_wall(const EpisodePlan& plan);
[[nodiscard]] std::unique_ptr<Episode> make_vacuum(const EpisodePlan& plan);
[[nodiscard]] std::unique_ptr<Episode> make_wash(const EpisodePlan& plan);
[[nodiscard]] std::unique_ptr<Episode> make_oi_paint(const EpisodePlan& plan);
/// Everything whose essence is a move of the price: wick, pump, ignition, funding push and all of their twins.
[[nodiscard]] std::unique_ptr<Episode> make_excursion(const EpisodePlan& plan);

}  // namespace scanner::simulator
