#pragma once

#include "scanner/core/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace scanner::app {

/// When a record is due, at a speed. Pure: the time is an argument.
class ReplayPace {
public:
    /// `speed`: times as fast as it was, over 0; empty: everything is due at once.
    explicit ReplayPace(std::optional<double> speed) : speed_(speed) {}

    /// From now on the recording goes on from `wall_ns`.
    void begin(core::SteadyTime now, std::int64_t wall_ns) {
        began_ = now;
        began_wall_ns_ = wall_ns;
    }
    /// Takes effect from where the recording is by `now`.
    void set_speed(std::optional<double> speed, core::SteadyTime now, std::int64_t wall_ns) {
        speed_ = speed;
        begin(now, wall_ns);
    }
    [[nodiscard]] std::optional<double> speed() const { return speed_; }

    /// When the record of `wall_ns` is to be taken; never further away than a day, so that it can be waited for.
    [[nodiscard]] core::SteadyTime due(std::int64_t wall_ns) const {
        if (!speed_ || wall_ns <= began_wall_ns_) return began_;
        constexpr double kFarNs = 86'400e9;
        const double wait = static_cast<double>(wall_ns - began_wall_ns_) / *speed_;
        return began_ + std::chrono::nanoseconds(static_cast<std::int64_t>(wait < kFarNs ? wait : kFarNs));
    }

private:
    std::optional<double> speed_;
    core::SteadyTime began_;
    std::int64_t began_wall_ns_ = 0;
};

}  // namespace scanner::app
