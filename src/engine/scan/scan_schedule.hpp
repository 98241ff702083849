#pragma once

#include <chrono>

namespace scanner::engine {

/// How long to wait after a cycle: the interval after a success; after n failures in a row interval * 2^n, at most 300
/// s. Pure.
class ScanSchedule {
public:
    explicit ScanSchedule(std::chrono::milliseconds interval) : interval_(interval) {}

    void succeeded() { failure_streak_ = 0; }
    void failed() { ++failure_streak_; }
    [[nodiscard]] int failure_streak() const { return failure_streak_; }
    [[nodiscard]] std::chrono::milliseconds pause() const;
    /// What failures have added: zero while all is well.
    [[nodiscard]] std::chrono::milliseconds backoff() const;
    void set_interval(std::chrono::milliseconds interval) { interval_ = interval; }

private:
    std::chrono::milliseconds interval_;
    int failure_streak_ = 0;
};

}  // namespace scanner::engine
