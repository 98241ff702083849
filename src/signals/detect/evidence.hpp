#pragma once

#include "signals/detect/state_codec.hpp"

#include "scanner/core/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

namespace scanner::signals::detect {

inline constexpr std::chrono::seconds kEvidenceLasts{60};

/// The map of contract_detectors.hpp: 100 / (1 + (10 rate)^log10(4)).
[[nodiscard]] inline double score_of_rate(double rate) {
    return 100.0 / (1.0 + std::pow(10.0 * std::max(rate, 0.0), 0.602'059'991'327'962'4));
}

/// What a detector's raw score was measured to mean: how often a calm contract reaches it. Fitted on the development
/// seeds (bench/detector/report.py --fit); docs/manipulation.md has the figures on others.
struct Calibration {
    double at_10;   ///< the score that a calm contract reaches ten times a symbol-day
    double at_1;    ///< once
    double at_01;   ///< once in ten days: an episode opens there
    double at_001;  ///< once in a hundred

    /// False alerts a symbol-day of a threshold at this score; its logarithm is linear between the measured points, and
    /// goes on beyond them.
    [[nodiscard]] double rate(double score) const {
        double power = 0.0;
        if (score >= at_01) {
            power = -1.0 - (score - at_01) / (at_001 - at_01);
        } else if (score >= at_1) {
            power = -(score - at_1) / (at_01 - at_1);
        } else {
            power = (at_1 - score) / (at_1 - at_10);
        }
        return std::pow(10.0, std::clamp(power, -8.0, 3.0));
    }
    /// That this is an episode, where there are as many real ones a symbol-day as the simulator plants of a kind by
    /// default: of so many alerts, one in `rate` + kEpisodesADay is real.
    [[nodiscard]] double probability(double score) const { return kEpisodesADay / (kEpisodesADay + rate(score)); }

    static constexpr double kEpisodesADay = 0.11;
};

/// The strongest of what was seen in the last minute. When it is a minute old, what was seen last takes its place.
class HeldEvidence {
public:
    void see(double score, core::WallTime at) {
        if (!std::isfinite(score)) return;
        latest_ = {score, at, true};
        if (!best_.known || score >= best_.score || at - best_.at >= kEvidenceLasts) best_ = latest_;
    }
    void forget() { best_ = latest_ = {}; }
    [[nodiscard]] std::optional<double> score(core::WallTime at) const {
        if (best_.known && at - best_.at < kEvidenceLasts) return best_.score;
        if (latest_.known && at - latest_.at < kEvidenceLasts) return latest_.score;
        return std::nullopt;
    }
    /// When `score` changes by itself.
    [[nodiscard]] std::optional<core::WallTime> next_change(core::WallTime at) const {
        if (best_.known && at - best_.at < kEvidenceLasts) return best_.at + kEvidenceLasts;
        if (latest_.known && at - latest_.at < kEvidenceLasts) return latest_.at + kEvidenceLasts;
        return std::nullopt;
    }
    static void persist(auto& self, auto& archive) { archive(self.best_, self.latest_); }

private:
    struct Seen {
        double score = 0.0;
        core::WallTime at;
        bool known = false;
        static void persist(auto& self, auto& archive) { archive(self.score, self.at, self.known); }
    };
    Seen best_;
    Seen latest_;
};

}  // namespace scanner::signals::detect
