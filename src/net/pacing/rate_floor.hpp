#pragma once

#include <chrono>
#include <cstddef>

namespace scanner::net {

/// Whether a client that is being waited for takes at least so much a second, averaged over windows of waiting: one
/// that takes a byte now and then makes progress, and would hold what it was given for ever. The time in which the
/// server has nothing to send does not count. Pure.
class RateFloor {
public:
    RateFloor(double bytes_per_sec, std::chrono::milliseconds window)
        : bytes_per_sec_(bytes_per_sec), window_(window) {}

    /// The client was waited for and then took so much. False when it was too slow over a whole window.
    [[nodiscard]] bool took(std::chrono::nanoseconds waited, std::size_t bytes) {
        waited_ += waited;
        bytes_ += static_cast<double>(bytes);
        if (waited_ < window_) return true;
        const bool fast_enough = bytes_ >= bytes_per_sec_ * std::chrono::duration<double>(waited_).count();
        waited_ = {};
        bytes_ = 0.0;
        return fast_enough;
    }

private:
    double bytes_per_sec_;
    std::chrono::milliseconds window_;
    std::chrono::nanoseconds waited_{};
    double bytes_ = 0.0;
};

}  // namespace scanner::net
