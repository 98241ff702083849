#pragma once

#include "signals/detect/evidence.hpp"
#include "signals/detect/state_codec.hpp"

#include "scanner/core/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <type_traits>

namespace scanner::signals::detect {

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
