#pragma once

#include "scanner/core/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace scanner::net {

enum class CircuitState {
    closed,     ///< requests are sent
    open,       ///< too many failures in a row: none is sent until the cooldown has passed
    half_open,  ///< one request is sent to find out whether the service is back
};
[[nodiscard]] std::string_view to_string(CircuitState state) noexcept;

/// Stops requests to a service that is down. Pure: time is an argument. One thread.
///
/// Ask `admit` before each request and report its permit exactly once: `success`, `failure`, or `abandon` when the
/// outcome says nothing about the service (cancelled, the caller's fault). Reports of requests admitted before the
/// state last changed are ignored: an old answer neither closes an open circuit nor lengthens its cooldown.
class CircuitBreaker {
public:
    struct Options {
        int threshold = 5;                           ///< failures in a row that open it; >= 1
        std::chrono::milliseconds cooldown{30'000};  ///< how long it stays open
        /// A probe that was not reported for this long is given up and another one admitted, so that a lost report
        /// cannot keep the circuit open for ever. Longer than any request takes.
        std::chrono::milliseconds probe_timeout{300'000};
    };

    class Permit {
    private:
        friend class CircuitBreaker;
        explicit Permit(std::uint64_t era) : era_(era) {}
        std::uint64_t era_;
    };

    explicit CircuitBreaker(Options options);

    /// Leave to send one request; nothing while open, or half open with the probe under way.
    [[nodiscard]] std::optional<Permit> admit(core::SteadyTime now);
    void success(Permit permit, core::SteadyTime now);
    void failure(Permit permit, core::SteadyTime now);
    void abandon(Permit permit, core::SteadyTime now);

    /// Ends the cooldown of an open circuit now: something else has shown that the service is back.
    void end_cooldown(core::SteadyTime now) {
        if (open_until_ && *open_until_ > now) open_until_ = now;
    }

    /// half_open as soon as the cooldown has passed, whether or not a probe was asked for.
    [[nodiscard]] CircuitState state(core::SteadyTime now) const;
    /// Failures in a row, failed probes included.
    [[nodiscard]] int failures() const { return failures_; }
    [[nodiscard]] int threshold() const { return options_.threshold; }
    /// Zero unless open.
    [[nodiscard]] std::chrono::milliseconds cooldown_remaining(core::SteadyTime now) const;

private:
    void open(core::SteadyTime now);

    Options options_;
    int failures_ = 0;
    std::uint64_t era_ = 0;                           // counts changes of state: tells old reports from current ones
    std::optional<core::SteadyTime> open_until_;      // nothing while closed
    std::optional<core::SteadyTime> probe_deadline_;  // while a probe is under way
};

}  // namespace scanner::net
