#pragma once

#include "fuzz/check.hpp"

#include "scanner/recording/segment.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace scanner::fuzz {

/// A sound segment whose records hold pieces of `input`, then damaged where `input` says: checksums keep a fuzzer from
/// getting anywhere else. The second of two choices leaves the frames' checksums right and their content odd.
inline std::string damaged_recording(std::string_view input) {
    const unsigned pieces = take_choice(input) % 8;
    const std::size_t damage = take_choice(input) * 3U;
    const auto change = static_cast<char>(take_choice(input));
    recording::SegmentEncoder encoder({.recording_started_ns = 1'795'325'040'000'000'000, .number = 2});
    std::string bytes;
    for (unsigned i = 0; i < pieces; ++i) {
        const std::string piece(input.substr(0, input.size() / 2));
        input.remove_prefix(piece.size());
        recording::RecordBody body;
        switch (i % 4) {
            case 0: body = recording::SocketFrame{.connection = i, .binary = true, .bytes = piece}; break;
            case 1:
                body = recording::RestAnswer{.url = piece, .status = 200, .headers = {{"a", piece}}, .body = piece};
                break;
            case 2: body = recording::Step{piece, "BTC-USDT", ""}; break;
            default: body = recording::Checkpoint{.version = i, .name = piece, .bytes = piece}; break;
        }
        require(encoder.add({{.wall_ns = i, .steady_ns = -static_cast<std::int64_t>(i)}, std::move(body)}),
                "a short record is taken");
        bytes += encoder.take(i % 3 == 2);
    }
    bytes += encoder.finish();
    if (damage < bytes.size()) bytes[damage] = static_cast<char>(bytes[damage] ^ change);
    return bytes;
}

/// Segments of a recording, as a crash, a damaged disk or a stranger leaves them.
inline void recording_segment(std::string_view input) {
    const bool built = take_choice(input) % 2 == 0;
    const std::string bytes = built ? damaged_recording(input) : std::string(input);
    const recording::SegmentScan scan = recording::scan_segment(bytes);
    std::uint64_t before = 0;
    std::uint64_t records = 0;
    for (const recording::FramePlace& frame : scan.frames) {
        require(frame.offset >= before, "frames follow each other");
        before = frame.offset + frame.header.compressed_size;
        require(before <= bytes.size(), "and lie within the file");
        records += frame.header.records;
    }
    require(scan.complete || !scan.damage.empty(), "what is not whole has a reason");
    recording::SegmentReader reader(bytes, scan);
    std::uint64_t read = 0;
    while (reader.next()) ++read;
    if (built && scan.complete && reader.damage().empty()) {
        require(read == records, "every record of a sound segment is read");
    }
}

}  // namespace scanner::fuzz
