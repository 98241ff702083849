#pragma once

#include "fuzz/check.hpp"
#include "storage/spool/spool_segment.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace scanner::fuzz {

/// A sound segment whose frames' payloads are pieces of `input`, then damaged where `input` says: checksums keep a
/// fuzzer from getting anywhere else.
inline std::string damaged_segment(std::string_view input) {
    const unsigned pieces = take_choice(input) % 4;
    const std::size_t damage = take_choice(input);
    const auto change = static_cast<char>(take_choice(input));
    std::string bytes = storage::encode_header({.id = std::string(32, 'a'), .next_number = 7, .last_sequence = 3});
    for (unsigned i = 0; i < pieces; ++i) {
        const auto payload = input.substr(0, input.size() / 2);
        input.remove_prefix(payload.size());
        const storage::FrameHeader header{
            .number = 7 + i, .appended = core::from_unix_ms(1'795'325'040'000), .sequence = 4 + i};
        bytes += storage::encode_frame(header, payload);
    }
    bytes += input;
    if (damage < bytes.size()) bytes[damage] = static_cast<char>(bytes[damage] ^ change);
    return bytes;
}

/// Segments of the spool, as a crash or a damaged disk leaves them.
inline void spool_segment(std::string_view input) {
    static const int kFile = ::memfd_create("segment", 0);
    static const std::string kPath = "/proc/self/fd/" + std::to_string(kFile);
    const bool built = take_choice(input) % 2 == 0;
    const std::string bytes = built ? damaged_segment(input) : std::string(input);
    require(::ftruncate(kFile, 0) == 0, "the file can be emptied");
    require(::pwrite(kFile, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "and written");

    static_cast<void>(storage::decode_header(bytes));
    const auto scan = storage::scan_segment(kPath);
    require(scan.has_value(), "a file that can be read is read");
    require(scan->bytes == bytes.size() && scan->good_bytes <= scan->bytes, "what is good is in the file");
    std::uint64_t before = 0;
    for (const storage::FramePlace& frame : scan->frames) {
        require(frame.offset >= before && frame.offset + frame.length <= scan->good_bytes, "frames follow each other");
        before = frame.offset + frame.length;
        const auto payload = storage::read_at(kFile, frame.offset, frame.length);
        require(payload.has_value() && payload->size() == frame.length, "a frame's payload can be read");
    }
}

}  // namespace scanner::fuzz
