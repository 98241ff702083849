#include "recording/format/layout.hpp"

#include "scanner/core/bytes.hpp"

#include <fmt/format.h>

#include <xxhash.h>
#include <zstd.h>

namespace scanner::recording {
namespace {

constexpr std::string_view kSegmentMagic = "AMSREC\r\n";
constexpr std::uint16_t kVersion = 1;
constexpr std::uint32_t kAfterGap = 1;
constexpr std::uint32_t kNoRecord = UINT32_MAX;

std::uint32_t short_checksum(std::string_view bytes) {
    return XXH32(bytes.data(), bytes.size(), 0);
}

}  // namespace

std::uint64_t checksum(std::string_view bytes) {
    return XXH64(bytes.data(), bytes.size(), 0);
}

std::string encode_segment_header(const SegmentHeader& header) {
    std::string out(kSegmentMagic);
    core::ByteWriter sink(out);
    sink.u16(kVersion);
    sink.u16(kSegmentHeaderBytes);
    sink.u32(header.after_gap ? kAfterGap : 0);
    sink.u32(header.number);
    sink.u32(0);
    sink.i64(header.recording_started_ns);
    sink.i64(header.started.wall_ns);
    sink.i64(header.started.steady_ns);
    sink.u64(0);
    sink.u64(checksum(out));
    return out;
}

core::Result<SegmentHeader> read_segment_header(std::string_view bytes) {
    if (!bytes.starts_with(kSegmentMagic)) {
        return core::fail(core::ErrorCode::malformed, "not a segment of a recording");
    }
    if (bytes.size() < kSegmentHeaderBytes) return core::fail(core::ErrorCode::malformed, "the header is cut short");
    core::ByteReader source(bytes.substr(kSegmentMagic.size(), kSegmentHeaderBytes - kSegmentMagic.size()));
    const std::uint16_t version = source.u16();
    const std::uint16_t size = source.u16();
    SegmentHeader header;
    header.after_gap = (source.u32() & kAfterGap) != 0;
    header.number = source.u32();
    static_cast<void>(source.u32());
    header.recording_started_ns = source.i64();
    header.started.wall_ns = source.i64();
    header.started.steady_ns = source.i64();
    static_cast<void>(source.u64());
    const bool sound = source.u64() == checksum(bytes.substr(0, kSegmentHeaderBytes - sizeof(std::uint64_t)));
    // Only where the header is sound: else it is this that is damaged.
    if (sound && version > kVersion) {
        return core::fail(
            core::ErrorCode::invalid_input,
            fmt::format("of format version {}, and this program reads {} and earlier", version, kVersion));
    }
    if (!sound || size != kSegmentHeaderBytes || version == 0) {
        return core::fail(core::ErrorCode::malformed, "the header is damaged");
    }
    return header;
}

std::string encode_frame_header(const FrameHeader& header) {
    std::string out(kFrameMagic);
    core::ByteWriter sink(out);
    sink.u32(header.number);
    sink.u32(header.compressed_size);
    sink.u32(header.inflated_size);
    sink.u32(header.first_record.value_or(kNoRecord));
    sink.u32(header.records);
    sink.i64(header.first_wall_ns);
    sink.i64(header.last_wall_ns);
    sink.u64(header.checksum);
    sink.u32(0);
    sink.u32(short_checksum(out));
    return out;
}

std::optional<FrameHeader> decode_frame_header(std::string_view bytes) {
    if (bytes.size() < kFrameHeaderBytes || !bytes.starts_with(kFrameMagic)) return std::nullopt;
    core::ByteReader source(bytes.substr(kFrameMagic.size(), kFrameHeaderBytes - kFrameMagic.size()));
    FrameHeader header;
    header.number = source.u32();
    header.compressed_size = source.u32();
    header.inflated_size = source.u32();
    const std::uint32_t first = source.u32();
    header.records = source.u32();
    header.first_wall_ns = source.i64();
    header.last_wall_ns = source.i64();
    header.checksum = source.u64();
    static_cast<void>(source.u32());
    if (source.u32() != short_checksum(bytes.substr(0, kFrameHeaderBytes - sizeof(std::uint32_t)))) return std::nullopt;
    if (first != kNoRecord) header.first_record = first;
    const bool possible = header.inflated_size > 0 && header.inflated_size <= kMaxFrameBytes &&
                          header.compressed_size <= ZSTD_compressBound(kMaxFrameBytes) &&
                          header.first_record.value_or(0) < header.inflated_size &&
                          header.first_record.has_value() == (header.records > 0) &&
                          header.records <= header.inflated_size;
    if (!possible) return std::nullopt;
    return header;
}

std::string encode_index(const std::vector<FramePlace>& frames, std::uint64_t offset) {
    std::string out(kIndexMagic);
    core::ByteWriter sink(out);
    sink.u32(static_cast<std::uint32_t>(frames.size()));
    for (const FramePlace& frame : frames) {
        sink.u64(frame.offset);
        sink.i64(frame.header.first_wall_ns);
        sink.i64(frame.header.last_wall_ns);
        sink.u32(frame.header.records);
        sink.u32(frame.header.inflated_size);
    }
    sink.u64(checksum(out));
    sink.u64(offset);
    out += kTrailerMagic;
    return out;
}

std::optional<Index> decode_index(std::string_view segment) {
    constexpr std::size_t kAround = kIndexMagic.size() + sizeof(std::uint32_t) + sizeof(std::uint64_t) + kTrailerBytes;
    if (segment.size() < kSegmentHeaderBytes + kAround || !segment.ends_with(kTrailerMagic)) return std::nullopt;
    Index index;
    index.offset = core::ByteReader(segment.substr(segment.size() - kTrailerBytes)).u64();
    if (index.offset > segment.size() - kAround) return std::nullopt;
    const std::string_view bytes = segment.substr(static_cast<std::size_t>(index.offset));
    if (!bytes.starts_with(kIndexMagic)) return std::nullopt;
    core::ByteReader source(bytes.substr(kIndexMagic.size()));
    const std::uint32_t count = source.u32();
    if (bytes.size() != kAround + (std::size_t{count} * kIndexEntryBytes)) return std::nullopt;
    for (std::uint32_t i = 0; i < count; ++i) {
        FramePlace& frame = index.frames.emplace_back();
        frame.offset = source.u64();
        frame.header.number = i;
        frame.header.first_wall_ns = source.i64();
        frame.header.last_wall_ns = source.i64();
        frame.header.records = source.u32();
        frame.header.inflated_size = source.u32();
    }
    const std::size_t hashed = bytes.size() - kTrailerBytes - sizeof(std::uint64_t);
    if (source.u64() != checksum(bytes.substr(0, hashed))) return std::nullopt;
    return index;
}

}  // namespace scanner::recording
