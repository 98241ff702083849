#include "simulator/market/scenarios/plan.hpp"

#include <algorithm>

namespace scanner::simulator {
namespace {

constexpr std::array<std::string_view, kScenarioKinds> kNames{"layering", "wall",     "vacuum",   "wick",        "pump",
                                                              "wash",     "ignition", "oi_paint", "funding_push"};
constexpr Micros kRest = 90 * kSecond;  // a contract is left alone between two episodes
constexpr int kTries = 12;

std::string_view twin_name(ScenarioKind kind, core::Random& random) {
    switch (kind) {
        case ScenarioKind::layering: return random.chance(0.5) ? "maker_requote" : "iceberg";
        case ScenarioKind::wall: return "wall_trades";
        case ScenarioKind::vacuum: return "quiet_hour";
        case ScenarioKind::wick: return "index_crash";
        case ScenarioKind::pump: return random.chance(0.6) ? "news" : "squeeze";
        case ScenarioKind::wash: return random.chance(0.6) ? "child_orders" : "busy_hour";
        case ScenarioKind::ignition: return "momentum";
        case ScenarioKind::oi_paint: return "liquidation_cascade";
        case ScenarioKind::funding_push: return "arbitrage_convergence";
    }
    return "unknown";
}

std::vector<ScenarioKind> wanted_kinds(const std::vector<std::string>& names) {
    std::vector<ScenarioKind> kinds;
    for (std::size_t i = 0; i < kScenarioKinds; ++i) {
        const bool wanted =
            std::ranges::any_of(names, [i](const std::string& name) { return name == "all" || name == kNames[i]; });
        if (wanted) kinds.push_back(static_cast<ScenarioKind>(i));
    }
    return kinds;
}

double mean_manipulation_seconds(const std::vector<ScenarioKind>& kinds, core::Random& random) {
    constexpr int kSamples = 200;
    double sum = 0.0;
    for (const auto kind : kinds) {
        for (int i = 0; i < kSamples; ++i) {
            EpisodePlan plan{.kind = kind, .manipulation = true};
            draw_episode(plan, random);
            sum += plan.duration_s;
        }
    }
    return sum / kSamples / static_cast<double>(kinds.size());
}

}  // namespace

std::vector<std::string> scenario_kinds() {
    return {kNames.begin(), kNames.end()};
}

void draw_episode(EpisodePlan& plan, core::Random& random) {
    const bool planted = plan.manipulation;
    plan.label = planted ? kNames[static_cast<std::size_t>(plan.kind)] : twin_name(plan.kind, random);
    plan.seed = random.next();
    switch (plan.kind) {
        case ScenarioKind::layering:
            plan.intensity = random.log_uniform(3.0, 50.0);
            plan.duration_s = random.log_uniform(4.0, 600.0);
            break;
        case ScenarioKind::wall:
            plan.intensity = random.log_uniform(5.0, 60.0);
            plan.duration_s = random.log_uniform(30.0, 1'800.0);
            break;
        case ScenarioKind::vacuum:
            plan.intensity = planted ? random.log_uniform(0.02, 0.4) : random.log_uniform(0.25, 0.6);
            plan.duration_s = planted ? random.log_uniform(10.0, 1'200.0) : random.log_uniform(600.0, 3'600.0);
            break;
        case ScenarioKind::wick:
            plan.intensity = random.log_uniform(0.5, 20.0);
            plan.duration_s = random.log_uniform(1.0, 60.0);
            break;
        case ScenarioKind::pump:
            plan.intensity = planted ? random.log_uniform(3.0, 125.0) : random.log_uniform(3.0, 40.0);
            plan.duration_s = random.log_uniform(120.0, 1'200.0);
            break;
        case ScenarioKind::wash:
            plan.intensity = planted ? random.log_uniform(0.10, 0.95) : random.log_uniform(0.10, 0.60);
            plan.duration_s = random.log_uniform(60.0, 1'200.0);
            break;
        case ScenarioKind::ignition:
            plan.intensity = random.log_uniform(0.2, 2.0);
            plan.duration_s = random.log_uniform(30.0, 180.0);
            break;
        case ScenarioKind::oi_paint:
            plan.intensity = planted ? random.log_uniform(2.0, 30.0) : random.log_uniform(1.0, 8.0);
            plan.duration_s = random.log_uniform(60.0, 600.0);
            break;
        case ScenarioKind::funding_push:
            plan.intensity = random.log_uniform(5.0, 100.0);
            plan.duration_s = random.log_uniform(60.0, 900.0);
            break;
    }
}

ScenarioPlanner::ScenarioPlanner(const MarketOptions& options, const std::vector<CatalogueEntry>& catalogue,
                                 Micros begin)
    : random_(options.seed, 0x5CE7A210), kinds_(wanted_kinds(options.scenarios)) {
    for (const auto& entry : catalogue) {
        if (!entry.active) break;  // the active ones come first
        const auto& profile = entry.profile;
        const double spread_ticks = profile.spread_bps * 1e-4 * profile.start_price / entry.listing.contract.price_tick;
        candidates_.push_back({.weight_liquid = 1.0,
                               .weight_small = profile.major ? 1e-6 : 1.0,
                               .weight_spread = spread_ticks >= 5.0 ? 1.0 : 1e-6 * spread_ticks,
                               .funding_interval_s = entry.listing.contract.funding_interval_hours * 3600LL});
    }
    const double prevalence = std::clamp(options.prevalence, 0.0, 0.5);
    if (kinds_.empty() || candidates_.empty() || prevalence <= 0.0) return;
    const double manipulation_seconds = 0.5 * mean_manipulation_seconds(kinds_, random_);
    mean_gap_us_ = manipulation_seconds / (prevalence * static_cast<double>(candidates_.size())) * 1e6;
    next_ = begin + 1 + static_cast<Micros>(random_.exponential(mean_gap_us_));
}

double ScenarioPlanner::weight(const Candidate& candidate, ScenarioKind kind) const {
    switch (kind) {
        case ScenarioKind::pump:
        case ScenarioKind::wick: return candidate.weight_small;
        case ScenarioKind::wash: return candidate.weight_spread;
        default: return candidate.weight_liquid;
    }
}

bool ScenarioPlanner::choose_contract(EpisodePlan& plan, Micros decided) {
    double total = 0.0;
    for (const auto& candidate : candidates_) total += weight(candidate, plan.kind);
    for (int attempt = 0; attempt < kTries; ++attempt) {
        double draw = random_.uniform() * total;
        std::size_t chosen = 0;
        while (chosen + 1 < candidates_.size() && draw >= weight(candidates_[chosen], plan.kind)) {
            draw -= weight(candidates_[chosen], plan.kind);
            ++chosen;
        }
        auto& candidate = candidates_[chosen];
        const auto length = static_cast<Micros>(plan.duration_s * 1e6);
        Micros start = decided;
        if (plan.kind == ScenarioKind::funding_push) {
            const Micros interval = candidate.funding_interval_s * kSecond;
            start = (decided / interval + 1) * interval - length;
            if (start < decided) start += interval;
        } else if (plan.kind == ScenarioKind::vacuum && !plan.manipulation) {
            start = (decided / (300 * kSecond) + 1) * 300 * kSecond;  // quiet hours come on schedule
        }
        if (start < candidate.reserved_until) continue;
        candidate.reserved_until = start + length + kRest;
        plan.contract = chosen;
        plan.start = start;
        return true;
    }
    return false;  // everywhere is busy: this one does not happen
}

std::vector<EpisodePlan> ScenarioPlanner::plan_until(Micros to) {
    std::vector<EpisodePlan> plans;
    while (next_ <= to) {
        EpisodePlan plan;
        plan.kind = kinds_[random_.below(kinds_.size())];
        plan.manipulation = random_.chance(0.5);
        draw_episode(plan, random_);
        if (choose_contract(plan, next_)) {
            plan.id = next_id_++;
            plans.push_back(plan);
        }
        next_ += 1 + static_cast<Micros>(random_.exponential(mean_gap_us_));
    }
    return plans;
}

}  // namespace scanner::simulator
