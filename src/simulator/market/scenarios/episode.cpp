#include "simulator/market/scenarios/episode.hpp"

namespace scanner::simulator {

OrderId Episode::rest(Stage& stage, Side side, std::int64_t price_ticks, std::int64_t contracts) {
    const auto id = stage.venue().place(side, price_ticks, contracts, kScenario);
    if (id != kNoOrder) orders_.push_back(id);
    return id;
}

void Episode::cancel_all(Stage& stage) {
    for (const auto id : orders_) stage.venue().cancel(id);
    orders_.clear();
    stage.agents.keep_sides();
}

void Episode::finish(Stage& stage) {
    cancel_all(stage);
    stage.venue().set_closing_bias(0.0);
    stage.agents.release_pressure();
}

std::int64_t Episode::near_limit(const Stage& stage, Side taker) {
    const double best = static_cast<double>(stage.book().best(opposite(taker)));
    return static_cast<std::int64_t>(best + sign_of(taker) * stage.agents.half_spread_ticks());
}

std::unique_ptr<Episode> make_episode(const EpisodePlan& plan) {
    switch (plan.kind) {
        case ScenarioKind::layering: return make_layering(plan);
        case ScenarioKind::wall: return make_wall(plan);
        case ScenarioKind::vacuum: return make_vacuum(plan);
        case ScenarioKind::wash: return make_wash(plan);
        case ScenarioKind::oi_paint:
            if (plan.manipulation) return make_oi_paint(plan);
            break;
        case ScenarioKind::wick:
        case ScenarioKind::pump:
        case ScenarioKind::ignition:
        case ScenarioKind::funding_push: break;
    }
    return make_excursion(plan);
}

}  // namespace scanner::simulator
