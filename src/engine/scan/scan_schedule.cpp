#include "engine/scan/scan_schedule.hpp"

#include <algorithm>

namespace scanner::engine {
namespace {
constexpr std::chrono::milliseconds kMaxPause = std::chrono::seconds(300);
}

std::chrono::milliseconds ScanSchedule::pause() const {
    auto pause = interval_;
    for (int i = 0; i < failure_streak_ && pause < kMaxPause; ++i) pause *= 2;
    return failure_streak_ == 0 ? interval_ : std::min(pause, std::max(kMaxPause, interval_));
}

std::chrono::milliseconds ScanSchedule::backoff() const {
    return failure_streak_ == 0 ? std::chrono::milliseconds(0) : pause();
}

}  // namespace scanner::engine
