#pragma once

#include "scanner/recording/record.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

/// What records of a recording are about. Pure.
namespace scanner::app {

/// A call of a pass is given up; its number follows.
inline constexpr std::string_view kGiveUp = "give_up ";
/// What a step "pass" says where each such call is told of.
inline constexpr std::string_view kGivenUpByStep = "gives up by step";

/// Steps of a pass of the scan.
[[nodiscard]] inline bool is_scan_step(std::string_view name) {
    constexpr std::array<std::string_view, 4> kScanSteps{"pass", "given_up", "pass_ended", "rank"};
    return name.starts_with(kGiveUp) || std::ranges::find(kScanSteps, name) != kScanSteps.end();
}
/// Timers of what goes on beside scans while a feed is followed.
[[nodiscard]] inline bool is_feed_step(std::string_view name) {
    return name == "publish" || name == "watch_books" || name == "audit_tapes" || name.starts_with("books ") ||
           name.starts_with("fill ");
}

/// The caller did not get this answer.
[[nodiscard]] inline bool was_given_up(const recording::Step& step) {
    return step.detail.starts_with("cancelled: ");
}

/// Deadlines are added to times, and times compared: within half of what the numbers hold nothing overflows.
[[nodiscard]] inline bool is_possible(const recording::Stamp& at) {
    constexpr std::int64_t kFar = INT64_MAX / 2;  // the year 2116
    return at.wall_ns >= 0 && at.wall_ns <= kFar && at.steady_ns >= -kFar && at.steady_ns <= kFar;
}

}  // namespace scanner::app
