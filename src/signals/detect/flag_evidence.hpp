#pragma once

#include "signals/detect/episode_log.hpp"
#include "signals/detect/evidence.hpp"

#include <chrono>
#include <optional>
#include <type_traits>

namespace scanner::signals::detect {

/// What a flag says about the last minute.
struct Reading {
    double probability = 0.0;
    double rate = 1e3;  ///< false alerts a symbol-day of a threshold there
    std::optional<core::WallTime> next_change;
};

/// The evidence of one flag, and its episodes: one begins at a score that calm contracts reach once in ten days, and
/// ends when none was seen for a while.
class FlagEvidence {
public:
    FlagEvidence(DetectorFlag flag, const Calibration& calibration, std::chrono::seconds quiet)
        : flag_(flag), calibration_(&calibration), quiet_(quiet) {}

    /// `describe` gives the episode's price, evidence and counts; only called for one that begins or grows clearly.
    template <class Describe>
    void see(double score, core::WallTime at, EpisodeLog& log, const Describe& describe) {
        if (!std::isfinite(score)) return;
        if (log.recalibrates()) {
            null_.see(score, log.open(flag_) != nullptr, *calibration_, at);
            score -= null_.raise(*calibration_);
        }
        held_.see(score, at);
        if (score < calibration_->at_01) return;
        high_at_ = at;
        const Episode* const open = log.open(flag_);
        if (open != nullptr && score <= peak_) return;
        const double step = (calibration_->at_001 - calibration_->at_01) / 4.0;
        if (open != nullptr && score < peak_ + step) return;
        peak_ = score;
        Episode episode = describe();
        episode.flag = flag_;
        episode.probability = calibration_->probability(score);
        episode.severity = score_of_rate(calibration_->rate(score));
        if (open == nullptr) {
            if (episode.start == core::WallTime{} || episode.start > at) episode.start = at;
            log.begin(std::move(episode), at);
        } else {
            log.update(flag_, episode, at, true);
        }
    }
    void end(EpisodePhase phase, core::WallTime at, EpisodeLog& log) { log.end(flag_, phase, at); }
    void tick(core::WallTime at, EpisodeLog& log) {
        if (log.open(flag_) != nullptr && at - high_at_ >= quiet_) log.end(flag_, EpisodePhase::over, at);
    }
    [[nodiscard]] Reading reading(core::WallTime at, const EpisodeLog& log) const {
        Reading reading;
        if (const auto score = held_.score(at)) {
            reading.probability = calibration_->probability(*score);
            reading.rate = calibration_->rate(*score);
            reading.next_change = held_.next_change(at);
        } else {
            reading.probability = 0.0;
        }
        if (log.open(flag_) != nullptr) {
            const core::WallTime end = high_at_ + quiet_;
            if (!reading.next_change || end < *reading.next_change) reading.next_change = end;
        }
        return reading;
    }
    [[nodiscard]] const Calibration& calibration() const { return *calibration_; }

    static void persist(auto& self, auto& archive) {
        archive(self.held_, self.high_at_, self.peak_);
        if (has_version_3(archive)) archive(self.null_);
    }

private:
    DetectorFlag flag_;
    const Calibration* calibration_;
    std::chrono::seconds quiet_;
    HeldEvidence held_;
    OwnNull null_;
    core::WallTime high_at_;
    double peak_ = 0.0;
};

}  // namespace scanner::signals::detect
