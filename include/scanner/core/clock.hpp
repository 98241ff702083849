#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::core {

/// Wall time, UTC, to the millisecond: the resolution of every timestamp in and out of the scanner.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
/// Monotonic time, for durations, deadlines and ages; never shown to users.
using SteadyTime = std::chrono::steady_clock::time_point;

/// Where the time comes from. Injected, so that tests decide what time it is. Any thread.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual WallTime now() const = 0;
    [[nodiscard]] virtual SteadyTime steady_now() const = 0;
};

/// The machine's own clocks. Lives for the whole process.
[[nodiscard]] const Clock& system_clock();

/// A clock that stands still until told to move. Not for use from several threads.
class ManualClock final : public Clock {
public:
    explicit ManualClock(WallTime start) : now_(start) {}
    [[nodiscard]] WallTime now() const override { return now_; }
    [[nodiscard]] SteadyTime steady_now() const override { return steady_; }
    /// Moves both clocks forward.
    void advance(std::chrono::milliseconds by) {
        now_ += by;
        steady_ += by;
    }
    /// Steps the wall clock alone, as an operator or NTP would.
    void step_wall(std::chrono::milliseconds by) { now_ += by; }

private:
    WallTime now_;
    SteadyTime steady_{std::chrono::hours(1)};
};

/// Milliseconds since the Unix epoch.
[[nodiscard]] constexpr std::int64_t to_unix_ms(WallTime time) {
    return time.time_since_epoch().count();
}
/// The first and the last millisecond that RFC 3339 can write: of the years 0 and 9999.
inline constexpr std::int64_t kMinUnixMs = -62'167'219'200'000;
inline constexpr std::int64_t kMaxUnixMs = 253'402'300'799'999;
/// A number beyond them gives the nearer one, so that any two times have a difference and each can be written. Where a
/// number comes from outside, is_unix_ms tells whether it was one.
[[nodiscard]] constexpr WallTime from_unix_ms(std::int64_t ms) {
    return WallTime(std::chrono::milliseconds(std::clamp(ms, kMinUnixMs, kMaxUnixMs)));
}
/// Whether `ms` is a time from 1970 to 9999.
[[nodiscard]] constexpr bool is_unix_ms(std::int64_t ms) {
    return ms >= 0 && ms <= kMaxUnixMs;
}

/// RFC 3339 in UTC with milliseconds: "2026-11-22T05:24:00.123Z".
[[nodiscard]] std::string format_time(WallTime time);
/// Reads RFC 3339 with "Z" or an offset, fraction optional; nothing when it is not a valid time.
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text);

}  // namespace scanner::core
