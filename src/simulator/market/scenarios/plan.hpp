#pragma once

#include "simulator/market/catalogue.hpp"

#include "scanner/core/random.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::simulator {

/// The planted manipulations of docs/simulator.md. Each has one or two benign twins.
enum class ScenarioKind : std::uint8_t { layering, wall, vacuum, wick, pump, wash, ignition, oi_paint, funding_push };
inline constexpr std::size_t kScenarioKinds = 9;

/// One episode on one contract, drawn before it is played.
struct EpisodePlan {
    std::uint64_t id = 0;
    std::size_t contract = 0;
    ScenarioKind kind = ScenarioKind::layering;
    bool manipulation = true;  ///< else the benign twin
    std::string_view label;    ///< the kind's name, or the twin's own
    double intensity = 0.0;    ///< what it measures depends on the kind (docs/simulator.md)
    double duration_s = 0.0;   ///< it ends no later than this after its start
    Micros start = 0;
    std::uint64_t seed = 0;  ///< of everything else about it
};

/// Draws kind-specific label, intensity and duration; leaves contract, start and id alone.
void draw_episode(EpisodePlan& plan, core::Random& random);

/// Decides what happens where and when: a Poisson process over the whole market, so that the share of contract-seconds
/// inside a manipulation is the prevalence asked for (twins come on top, as many again), and what is planted by name
/// beside it. Depends on nothing that is played, so episodes are the same however time is advanced.
class ScenarioPlanner {
public:
    ScenarioPlanner(const MarketOptions& options, const std::vector<CatalogueEntry>& catalogue, Micros begin);
    /// Episodes decided on up to and including `to`, in order of decision; some start later (funding windows).
    [[nodiscard]] std::vector<EpisodePlan> plan_until(Micros to);

private:
    struct Candidate {
        double weight_liquid = 0.0;  ///< 1 for everything
        double weight_small = 0.0;   ///< for pumps and wicks: not the majors
        double weight_spread = 0.0;  ///< for wash trading: needs room inside the spread
        std::int64_t funding_interval_s = 0;
        Micros reserved_until = 0;
        double turnover_usdt = 0.0;
        std::string contract_code;
        bool has_plant = false;  ///< then nothing else happens there
    };
    /// Of MarketOptions::planted, with its place and its next time.
    struct Scheduled {
        PlantedScenario what;
        ScenarioKind kind = ScenarioKind::layering;
        std::string_view twin;  ///< empty: the manipulation
        std::size_t contract = 0;
        Micros next = kNever;
        core::Random random;
    };
    void schedule(const MarketOptions& options, Micros begin);
    [[nodiscard]] std::optional<std::size_t> place_for(const PlantedScenario& planted, ScenarioKind kind) const;
    [[nodiscard]] std::optional<EpisodePlan> plan_scheduled(Scheduled& scheduled);
    [[nodiscard]] std::optional<EpisodePlan> plan_drawn();
    [[nodiscard]] static double weight(const Candidate& candidate, ScenarioKind kind);
    /// Whether the contract is free for it from the time decided on, or the later one that the kind needs.
    [[nodiscard]] bool reserve(EpisodePlan& plan, std::size_t contract, Micros decided);
    [[nodiscard]] bool choose_contract(EpisodePlan& plan, Micros decided);

    core::Random random_;
    std::vector<ScenarioKind> kinds_;
    std::vector<Candidate> candidates_;
    std::vector<Scheduled> scheduled_;
    double mean_gap_us_ = 0.0;
    Micros next_ = kNever;
    std::uint64_t next_id_ = 1;
};

}  // namespace scanner::simulator
