#pragma once

#include "signals/detect/state_codec.hpp"

#include "scanner/core/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <type_traits>

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

/// How often one contract, while nothing is under way, reaches what calm contracts reach once a day: where that is more
/// often than once, its thresholds lie higher. Time is cut into half-hours from the first look on, as long as the
/// cooldown of a false alert; one in which an episode was open is left out, else a daily manipulator would raise his
/// own bar. What was counted fades with a half-life of three days, and two days of an ordinary contract are taken for
/// seen. Never by more than twice the shipped threshold: scores are logarithms, so by ln 2 at most; and never below it.
class OwnNull {
public:
    static constexpr double kMaxRaise = std::numbers::ln2;

    void see(double score, bool open, const Calibration& calibration, core::WallTime at) {
        const std::int64_t now = core::to_unix_ms(at);
        if (begun_ms_ == 0 || now - begun_ms_ >= 2 * kCellMs || now < begun_ms_) {
            begin(now);  // not looked for a while: what came of it is not known
        } else if (now - begun_ms_ >= kCellMs) {
            if (!disturbed_) {
                constexpr double kDay = static_cast<double>(kCellMs) / 86'400'000.0;
                const double keep = std::exp2(-kDay / kHalfLifeDays);
                days_ = keep * days_ + kDay;
                hits_ = keep * hits_ + (reached_ ? 1.0 : 0.0);
            }
            begin(now);
        }
        disturbed_ = disturbed_ || open || score - raise(calibration) >= calibration.at_01;
        reached_ = reached_ || score >= calibration.at_1;
    }
    /// What a score is less by, 0 to kMaxRaise.
    [[nodiscard]] double raise(const Calibration& calibration) const {
        const double rate = (hits_ + kPriorDays) / (days_ + kPriorDays);
        return std::clamp((calibration.at_01 - calibration.at_1) * std::log10(rate), 0.0, kMaxRaise);
    }

    static void persist(auto& self, auto& archive) {
        archive(self.begun_ms_, self.hits_, self.days_, self.reached_, self.disturbed_);
        if constexpr (std::remove_reference_t<decltype(archive)>::kReads) {
            require_counts(archive, self.begun_ms_);
            archive.require(self.hits_ >= 0.0 && self.hits_ <= 1e6 && self.days_ >= 0.0 && self.days_ <= 1e6);
        }
    }

private:
    static constexpr std::int64_t kCellMs = 1'800'000;
    static constexpr double kHalfLifeDays = 3.0;
    static constexpr double kPriorDays = 2.0;

    void begin(std::int64_t now) {
        begun_ms_ = now;
        reached_ = disturbed_ = false;
    }

    std::int64_t begun_ms_ = 0;  ///< of the half-hour that runs; 0: none
    double hits_ = 0.0;          ///< half-hours that reached it, fading
    double days_ = 0.0;          ///< looked at, fading
    bool reached_ = false;
    bool disturbed_ = false;
};

}  // namespace scanner::signals::detect
