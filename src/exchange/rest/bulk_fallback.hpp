#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <chrono>

namespace scanner::exchange::rest {

/// Decides between a bulk call that the venue may withdraw any day and the smaller calls that replace it. Two useless
/// answers in a row switch over; then the bulk call is tried again at every interval, and switches back when it works.
/// Pure: time is an argument.
class BulkFallback {
public:
    explicit BulkFallback(std::chrono::steady_clock::duration probe_interval) : probe_interval_(probe_interval) {}

    /// Whether the bulk call is the one to try now; true also when it is due for another try.
    [[nodiscard]] bool try_bulk(core::SteadyTime now) const { return !active_ || now >= next_probe_; }
    void bulk_succeeded();
    /// Errors that say nothing of whether the call is still offered (timeouts, 5xx, rate limits, an open breaker)
    /// change nothing, except that an active fallback waits for the next interval.
    void bulk_failed(core::ErrorCode code, core::SteadyTime now);

    [[nodiscard]] bool active() const { return active_; }

    static void persist(auto& self, auto& archive) { archive(self.useless_in_a_row_, self.active_, self.next_probe_); }

private:
    std::chrono::steady_clock::duration probe_interval_;
    int useless_in_a_row_ = 0;
    bool active_ = false;
    core::SteadyTime next_probe_;
};

}  // namespace scanner::exchange::rest
