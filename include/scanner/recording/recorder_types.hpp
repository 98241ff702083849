#pragma once

#include "scanner/recording/segment.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace scanner::recording {

struct RecorderOptions {
    std::uint64_t max_bytes = 10'000'000'000;      ///< of all segments in the folder; the oldest go first
    std::uint64_t min_free_bytes = 5'000'000'000;  ///< below it recording pauses
    std::size_t max_queued_bytes = 64U << 20U;     ///< of records that wait for the thread, but for a checkpoint
    std::size_t segment_bytes = kSegmentBytes;
    std::chrono::milliseconds flush_interval{1'000};   ///< what a crash may cost
    std::chrono::milliseconds retry_interval{10'000};  ///< while paused: how often the disk is looked at again
};

enum class RecorderState : std::uint8_t {
    recording,
    paused,  ///< the disk is full or failing: nothing is written until it is not, and the next segment says so
    failed,  ///< the queue was full: the recording has ended before its time
    ended,
};
[[nodiscard]] std::string_view to_string(RecorderState state) noexcept;

struct RecorderStatus {
    RecorderState state = RecorderState::recording;
    std::string recording;         ///< its name
    std::string error;             ///< why it is paused or has failed
    std::uint64_t records = 0;     ///< written
    std::uint64_t lost = 0;        ///< not written, while paused
    std::uint64_t bytes = 0;       ///< written
    std::uint64_t segments = 0;    ///< begun
    std::uint64_t removed = 0;     ///< old segments that made room
    std::size_t queued_bytes = 0;  ///< waiting for the thread
};

}  // namespace scanner::recording
