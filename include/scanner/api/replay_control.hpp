#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace scanner::api {

/// Something that happened in a recording, for the time bar.
struct ReplayMark {
    core::WallTime at;
    std::string kind;    ///< "alert", "episode"
    std::string symbol;  ///< unified
    std::string label;   ///< the rule's name, or the flag
    /// Points, 0 to 100, when the alert fired; empty where it was not known, and of an episode.
    std::optional<double> manip_score{};
};

/// Where a replay is. Times are the recording's.
struct ReplayState {
    core::WallTime from;            ///< of the first record
    core::WallTime to;              ///< of the last one
    core::WallTime at;              ///< of the record that was taken last
    std::optional<double> speed;    ///< times as fast as it was; empty: as fast as it goes
    bool playing = false;           ///< it goes on by itself
    bool seeking = false;           ///< on its way to a time that was asked for
    bool ended = false;             ///< every record was taken
    std::uint64_t sequence = 0;     ///< of the newest ranking; 0 before the first
    std::vector<ReplayMark> marks;  ///< by time
    bool marks_complete = false;    ///< of the whole recording; else of what was looked at so far
    std::string error;              ///< why it cannot go on; empty while it can
};

/// Slowest and fastest speed that may be asked for, but for "max".
inline constexpr double kMinReplaySpeed = 0.01;
inline constexpr double kMaxReplaySpeed = 10'000.0;

/// Drives a replay. Loop thread only.
class ReplayControl {
public:
    virtual ~ReplayControl() = default;

    [[nodiscard]] virtual ReplayState state() const = 0;
    /// Goes to `at`, or as near as the recording has: returns once it is there, or after a few seconds on the way, as
    /// `ReplayState::seeking` then tells. Errors: a file that cannot be read.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> seek(core::WallTime at) = 0;
    /// Empty: as fast as it goes.
    virtual void set_speed(std::optional<double> speed) = 0;
    virtual void play() = 0;
    virtual void pause() = 0;
    /// To the next recorded ranking, then pauses. Returns as `seek` does.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> step() = 0;
    /// Another number after each jump: what was rendered of a ranking before it need not be what it is now.
    [[nodiscard]] virtual std::uint64_t jumps() const = 0;
};

}  // namespace scanner::api
