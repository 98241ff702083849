#pragma once

#include "scanner/core/clock.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace scanner::engine {

/// When the next ranking is due while a feed tells of changes as they come: once something has changed and the interval
/// has passed since the last one. Pure: time is an argument.
class RankingRhythm {
public:
    /// `interval` 0: as fast as changes come. `recording`: the pause between recorded rankings.
    RankingRhythm(std::chrono::milliseconds interval, std::chrono::milliseconds recording)
        : interval_(interval), recording_(recording) {}

    void set_intervals(std::chrono::milliseconds interval, std::chrono::milliseconds recording) {
        interval_ = interval;
        recording_ = recording;
    }

    /// Something changed, or will by itself at `at`. Whether the next ranking is due earlier now.
    bool changed(core::SteadyTime at) {
        if (change_at_ && *change_at_ <= at) return false;
        change_at_ = at;
        return true;
    }
    /// A ranking of everything that was known at `at` is out.
    void published(core::SteadyTime at, bool recorded) {
        change_at_.reset();
        last_ = at;
        if (recorded) last_recorded_ = at;
    }

    /// When to make the next one; empty while nothing has changed, and before the first, which a scan makes.
    [[nodiscard]] std::optional<core::SteadyTime> due() const {
        if (!last_ || !change_at_) return std::nullopt;
        return std::max(*change_at_, *last_ + interval_);
    }
    /// Whether the one that is made at `at` must be recorded, though no scan has ended: scans fail, and the market goes
    /// on.
    [[nodiscard]] bool recording_overdue(core::SteadyTime at) const {
        return last_recorded_ && at - *last_recorded_ >= 2 * recording_;
    }

private:
    std::chrono::milliseconds interval_;
    std::chrono::milliseconds recording_;
    std::optional<core::SteadyTime> change_at_;
    std::optional<core::SteadyTime> last_;
    std::optional<core::SteadyTime> last_recorded_;
};

}  // namespace scanner::engine
