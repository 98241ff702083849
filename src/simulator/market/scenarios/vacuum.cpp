#include "simulator/market/scenarios/episode.hpp"

#include <algorithm>
#include <cmath>

// Vacuum: depth vanishes at once and the spread opens. Its twin fades in and out on the clock, and trading fades with
// it.
namespace scanner::simulator {
namespace {

class Vacuum final : public Episode {
public:
    explicit Vacuum(const EpisodePlan& plan)
        : Episode(plan), opening_(1.0 + random_.uniform(0.5, 1.0) / std::sqrt(plan.intensity)) {}

    Micros step(Stage& stage) override {
        if (phase_ == "empty") return kNever;
        phase_ = "empty";
        auto& pressure = stage.agents.pressure();
        pressure.depth = plan_.intensity;
        pressure.spread = opening_;
        pressure.crowd = std::sqrt(plan_.intensity);
        stage.agents.thin_crowd(1.0 - plan_.intensity);
        stage.agents.requote_all();
        return end();
    }

private:
    double opening_;
};

class QuietHour final : public Episode {
public:
    explicit QuietHour(const EpisodePlan& plan) : Episode(plan) {}

    Micros step(Stage& stage) override {
        if (stage.now >= end()) return kNever;
        const double progress = static_cast<double>(stage.now - plan_.start) / static_cast<double>(end() - plan_.start);
        phase_ = progress < 0.2 ? "fading" : progress < 0.8 ? "quiet" : "waking";
        const double depth = std::min({1.0, progress / 0.2, (1.0 - progress) / 0.2});  // 0 at the ends, 1 within
        auto& pressure = stage.agents.pressure();
        pressure.depth = 1.0 - (1.0 - plan_.intensity) * depth;
        pressure.spread = 1.0 + 0.6 * (1.0 - plan_.intensity) * depth;
        pressure.activity = 1.0 - 0.7 * depth;
        pressure.crowd = pressure.activity;
        stage.agents.pressure_changed();
        return std::min(end(), stage.now + seconds(10.0));
    }
};

}  // namespace

std::unique_ptr<Episode> make_vacuum(const EpisodePlan& plan) {
    if (plan.manipulation) return std::make_unique<Vacuum>(plan);
    return std::make_unique<QuietHour>(plan);
}

}  // namespace scanner::simulator
