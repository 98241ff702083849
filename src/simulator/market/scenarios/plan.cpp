#include "simulator/market/scenarios/plan.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace scanner::simulator {
namespace {

constexpr std::array<std::string_view, kScenarioKinds> kNames{"layering", "wall",     "vacuum",   "wick",        "pump",
                                                              "wash",     "ignition", "oi_paint", "funding_push"};
constexpr Micros kRest = 90 * kSecond;  // a contract is left alone between two episodes
constexpr int kTries = 12;
constexpr double kMaxShare = 0.95;

struct Twin {
    ScenarioKind kind;
    std::string_view name;
    double share;  ///< of the kind's twins
};
constexpr std::array kTwins{Twin{ScenarioKind::layering, "maker_requote", 0.5},
                            Twin{ScenarioKind::layering, "iceberg", 0.5},
                            Twin{ScenarioKind::wall, "wall_trades", 1.0},
                            Twin{ScenarioKind::vacuum, "quiet_hour", 1.0},
                            Twin{ScenarioKind::wick, "index_crash", 1.0},
                            Twin{ScenarioKind::pump, "news", 0.6},
                            Twin{ScenarioKind::pump, "squeeze", 0.4},
                            Twin{ScenarioKind::wash, "child_orders", 0.6},
                            Twin{ScenarioKind::wash, "busy_hour", 0.4},
                            Twin{ScenarioKind::ignition, "momentum", 1.0},
                            Twin{ScenarioKind::oi_paint, "liquidation_cascade", 1.0},
                            Twin{ScenarioKind::funding_push, "arbitrage_convergence", 1.0}};

std::string_view twin_name(ScenarioKind kind, core::Random& random) {
    const auto* const first = std::ranges::find(kTwins, kind, &Twin::kind);
    if (first->share >= 1.0 || random.chance(first->share)) return first->name;
    return std::next(first)->name;
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

std::vector<std::string> scenario_twins() {
    std::vector<std::string> names;
    for (const Twin& twin : kTwins) names.emplace_back(twin.name);
    return names;
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
                               .funding_interval_s = entry.listing.contract.funding_interval_hours * 3600LL,
                               .turnover_usdt = profile.turnover_usdt,
                               .contract_code = entry.listing.contract.contract_code});
    }
    schedule(options, begin);
    const double prevalence = std::clamp(options.prevalence, 0.0, 0.5);
    if (kinds_.empty() || candidates_.empty() || prevalence <= 0.0) return;
    const double manipulation_seconds = 0.5 * mean_manipulation_seconds(kinds_, random_);
    mean_gap_us_ = manipulation_seconds / (prevalence * static_cast<double>(candidates_.size())) * 1e6;
    next_ = begin + 1 + static_cast<Micros>(random_.exponential(mean_gap_us_));
}

/// A contract of middling turnover that suits the kind: the detectors know it well, and it is no landmark.
std::optional<std::size_t> ScenarioPlanner::place_for(const PlantedScenario& planted, ScenarioKind kind) const {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        const Candidate& candidate = candidates_[i];
        if (!planted.contract_code.empty()) {
            if (candidate.contract_code == planted.contract_code) return i;
        } else if (weight(candidate, kind) >= 1.0) {
            places.push_back(i);
        }
    }
    if (places.empty()) return std::nullopt;
    const auto middle = places.begin() + static_cast<std::ptrdiff_t>(places.size() / 2);
    std::ranges::nth_element(places, middle, {},
                             [this](std::size_t i) { return std::pair(candidates_[i].turnover_usdt, i); });
    return *middle;
}

void ScenarioPlanner::schedule(const MarketOptions& options, Micros begin) {
    // Those that name their contract first, so that none of the others takes it.
    std::vector<PlantedScenario> all;
    for (const bool named : {true, false}) {
        std::ranges::copy_if(options.planted, std::back_inserter(all),
                             [named](const PlantedScenario& one) { return one.contract_code.empty() != named; });
    }
    for (PlantedScenario& planted : all) {
        Scheduled scheduled{.what = std::move(planted),
                            .random = core::Random(options.seed, 0x9A27 + scheduled_.size())};
        const auto* const kind = std::ranges::find(kNames, scheduled.what.name);
        const auto* const twin = std::ranges::find(kTwins, scheduled.what.name, &Twin::name);
        if (kind == kNames.end() && twin == kTwins.end()) continue;
        scheduled.kind = twin != kTwins.end() ? twin->kind : static_cast<ScenarioKind>(kind - kNames.begin());
        if (twin != kTwins.end()) scheduled.twin = twin->name;
        const auto place = place_for(scheduled.what, scheduled.kind);
        if (!place) continue;
        scheduled.contract = *place;
        scheduled.next = begin + std::chrono::microseconds(scheduled.what.after).count();
        candidates_[*place].has_plant = true;
        scheduled_.push_back(std::move(scheduled));
    }
}

double ScenarioPlanner::weight(const Candidate& candidate, ScenarioKind kind) {
    if (candidate.has_plant) return 0.0;
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
    if (total <= 0.0) return false;
    for (int attempt = 0; attempt < kTries; ++attempt) {
        double draw = random_.uniform() * total;
        std::size_t chosen = 0;
        while (chosen + 1 < candidates_.size() && draw >= weight(candidates_[chosen], plan.kind)) {
            draw -= weight(candidates_[chosen], plan.kind);
            ++chosen;
        }
        if (!candidates_[chosen].has_plant && reserve(plan, chosen, decided)) return true;
    }
    return false;  // everywhere is busy: this one does not happen
}

bool ScenarioPlanner::reserve(EpisodePlan& plan, std::size_t contract, Micros decided) {
    Candidate& candidate = candidates_[contract];
    const auto length = static_cast<Micros>(plan.duration_s * 1e6);
    Micros start = decided;
    if (plan.kind == ScenarioKind::funding_push) {
        const Micros interval = candidate.funding_interval_s * kSecond;
        start = (decided / interval + 1) * interval - length;
        if (start < decided) start += interval;
    } else if (plan.kind == ScenarioKind::vacuum && !plan.manipulation) {
        start = (decided / (300 * kSecond) + 1) * 300 * kSecond;  // quiet hours come on schedule
    }
    if (start < candidate.reserved_until) return false;
    candidate.reserved_until = start + length + kRest;
    plan.contract = contract;
    plan.start = start;
    return true;
}

std::optional<EpisodePlan> ScenarioPlanner::plan_scheduled(Scheduled& scheduled) {
    const Micros decided = scheduled.next;
    const auto every = scheduled.what.every.value_or(std::chrono::milliseconds(0));
    scheduled.next = every.count() > 0 ? decided + std::chrono::microseconds(every).count() : kNever;
    EpisodePlan plan{.kind = scheduled.kind, .manipulation = scheduled.twin.empty()};
    draw_episode(plan, scheduled.random);
    if (!plan.manipulation) plan.label = scheduled.twin;
    if (scheduled.what.duration) plan.duration_s = std::chrono::duration<double>(*scheduled.what.duration).count();
    plan.intensity = scheduled.what.intensity.value_or(plan.intensity);
    const bool share = plan.kind == ScenarioKind::wash || plan.kind == ScenarioKind::vacuum;
    if (share) plan.intensity = std::min(plan.intensity, kMaxShare);
    if (!reserve(plan, scheduled.contract, decided)) return std::nullopt;  // the one before is not over
    return plan;
}

std::optional<EpisodePlan> ScenarioPlanner::plan_drawn() {
    EpisodePlan plan;
    plan.kind = kinds_[random_.below(kinds_.size())];
    plan.manipulation = random_.chance(0.5);
    draw_episode(plan, random_);
    const bool happens = choose_contract(plan, next_);
    next_ += 1 + static_cast<Micros>(random_.exponential(mean_gap_us_));
    if (!happens) return std::nullopt;
    return plan;
}

std::vector<EpisodePlan> ScenarioPlanner::plan_until(Micros to) {
    std::vector<EpisodePlan> plans;
    while (true) {
        const auto first = std::ranges::min_element(scheduled_, {}, &Scheduled::next);
        const Micros planted = first == scheduled_.end() ? kNever : first->next;
        if (std::min(planted, next_) > to) return plans;
        auto plan = planted <= next_ ? plan_scheduled(*first) : plan_drawn();
        if (!plan) continue;
        plan->id = next_id_++;
        plans.push_back(*plan);
    }
}

}  // namespace scanner::simulator
