#pragma once

#include "scanner/core/error.hpp"
#include "scanner/recording/record.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Segments of a recording as bytes: made, and read back however damaged. Pure; one thread an object.
namespace scanner::recording {

inline constexpr std::size_t kMaxFrameBytes = 1U << 20U;  ///< of a frame, inflated
/// A longer record is neither written nor read.
inline constexpr std::size_t kMaxRecordBytes = 32U << 20U;
inline constexpr std::size_t kSegmentBytes = 64U << 20U;      ///< where a segment ends, compressed
inline constexpr std::size_t kMaxSegmentBytes = 256U << 20U;  ///< a longer file is not read

struct SegmentHeader {
    std::int64_t recording_started_ns = 0;  ///< wall: names the recording
    std::uint32_t number = 1;               ///< within the recording
    /// Something is missing between the segment before and this one, or it is the first.
    bool after_gap = true;
    Stamp started;

    friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

/// What stands before each frame.
struct FrameHeader {
    std::uint32_t number = 0;           ///< within the segment, from 0
    std::uint32_t compressed_size = 0;  ///< of what follows
    std::uint32_t inflated_size = 0;
    std::optional<std::uint32_t> first_record;  ///< where in the inflated bytes the first record begins, if one does
    std::uint32_t records = 0;                  ///< that begin in it
    std::int64_t first_wall_ns = 0;             ///< of the first record that begins in it, else of the last before it
    std::int64_t last_wall_ns = 0;
    std::uint64_t checksum = 0;  ///< XXH64 of what follows

    friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

struct FramePlace {
    std::uint64_t offset = 0;  ///< of its header
    FrameHeader header;
};

/// Something in a segment that cannot be read.
struct Damage {
    std::uint64_t offset = 0;
    std::string what;
};

/// Turns records into the bytes of one segment, piece by piece.
class SegmentEncoder {
public:
    explicit SegmentEncoder(const SegmentHeader& header);
    ~SegmentEncoder();
    SegmentEncoder(const SegmentEncoder&) = delete;
    SegmentEncoder& operator=(const SegmentEncoder&) = delete;

    /// False, and nothing is added, for a record over kMaxRecordBytes.
    [[nodiscard]] bool add(const Record& record);
    /// Bytes to append to the file now: the header at first, and every frame that is full; with `all` also the one that
    /// is not.
    [[nodiscard]] std::string take(bool all);
    /// The last bytes: what is held, and the index. Nothing may be added after it.
    [[nodiscard]] std::string finish();

    [[nodiscard]] bool has_pending() const;
    /// Bytes handed out so far.
    [[nodiscard]] std::uint64_t bytes() const;
    [[nodiscard]] std::uint64_t records() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The frames of a segment, as far as headers and checksums tell.
struct SegmentScan {
    std::optional<SegmentHeader> header;  ///< empty: not a segment, or of a later version
    std::vector<FramePlace> frames;       ///< sound ones, in order
    std::vector<Damage> damage;
    bool complete = false;  ///< the segment was finished, and its index agrees with its frames
};
[[nodiscard]] SegmentScan scan_segment(std::string_view bytes);
/// The header alone, of the first bytes of a file (64 are enough).
[[nodiscard]] core::Result<SegmentHeader> read_segment_header(std::string_view bytes);
inline constexpr std::size_t kSegmentHeaderBytes = 64;

/// Reads the records of a segment in order. What a damaged frame held is left out and told in `damage`.
class SegmentReader {
public:
    /// `bytes` must outlive it; `scan` must be theirs. Records that begin in frames before `from_wall_ns` are skipped.
    SegmentReader(std::string_view bytes, const SegmentScan& scan, std::int64_t from_wall_ns = INT64_MIN);
    ~SegmentReader();
    SegmentReader(const SegmentReader&) = delete;
    SegmentReader& operator=(const SegmentReader&) = delete;

    /// The next record, or nothing at the end.
    [[nodiscard]] std::optional<Record> next();
    /// Whether something is missing between the record that came last and the one before it.
    [[nodiscard]] bool after_hole() const;
    /// What was found damaged so far, beside the damage of the scan.
    [[nodiscard]] const std::vector<Damage>& damage() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace scanner::recording
