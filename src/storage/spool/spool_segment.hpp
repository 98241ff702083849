#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/storage/private_files.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::storage {

/// What a segment begins with: enough to go on from when it holds no record (any more).
struct SegmentHeader {
    std::string id;  ///< of the spool, 32 characters
    std::uint64_t next_number = 1;
    std::uint64_t last_sequence = 0;
};
inline constexpr std::size_t kSegmentHeaderBytes = 60;
/// Of records and of cycles: what any reader of JSON can hold. Beyond it is damage, or not ours.
inline constexpr std::uint64_t kMaxSpoolNumber = (1ULL << 53U) - 1;
[[nodiscard]] std::string encode_header(const SegmentHeader& header);
[[nodiscard]] std::optional<SegmentHeader> decode_header(std::string_view bytes);

struct FrameHeader {
    std::uint64_t number = 0;
    core::WallTime appended;
    std::uint64_t sequence = 0;
};
/// Length and CRC-32 in front, then the header and the payload.
[[nodiscard]] std::string encode_frame(const FrameHeader& header, std::string_view payload);

/// Where a frame's payload is.
struct FramePlace {
    FrameHeader header;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
};

struct SegmentScan {
    std::optional<SegmentHeader> header;  ///< empty: not a segment, or torn before its header was whole
    std::vector<FramePlace> frames;
    std::uint64_t good_bytes = 0;  ///< up to the end of the last sound frame
    std::uint64_t bytes = 0;       ///< of the file
};
/// Reads the whole file, checking every frame. Holds one frame in memory at a time.
[[nodiscard]] core::Result<SegmentScan> scan_segment(const std::filesystem::path& path);

}  // namespace scanner::storage
