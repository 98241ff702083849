#pragma once

#include "scanner/recording/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The fixed parts of a segment: docs/recording.md has them as tables.
namespace scanner::recording {

inline constexpr std::size_t kFrameHeaderBytes = 56;
inline constexpr std::string_view kFrameMagic = "AMSF";
inline constexpr std::string_view kIndexMagic = "AMSI";
inline constexpr std::size_t kIndexEntryBytes = 32;
inline constexpr std::string_view kTrailerMagic = "AMSIDX\r\n";
inline constexpr std::size_t kTrailerBytes = 16;

[[nodiscard]] std::string encode_segment_header(const SegmentHeader& header);
[[nodiscard]] std::string encode_frame_header(const FrameHeader& header);
/// Nothing unless the bytes are a frame's header, sound and possible.
[[nodiscard]] std::optional<FrameHeader> decode_frame_header(std::string_view bytes);
/// Index and trailer. `offset`: where the index will stand.
[[nodiscard]] std::string encode_index(const std::vector<FramePlace>& frames, std::uint64_t offset);

/// What an index says: only what it holds is set in the headers.
struct Index {
    std::uint64_t offset = 0;
    std::vector<FramePlace> frames;
};
/// Of a whole segment; nothing when it has none or it is damaged.
[[nodiscard]] std::optional<Index> decode_index(std::string_view segment);

[[nodiscard]] std::uint64_t checksum(std::string_view bytes);

}  // namespace scanner::recording
