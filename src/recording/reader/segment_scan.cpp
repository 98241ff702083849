#include "recording/format/layout.hpp"

#include "scanner/recording/segment.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace scanner::recording {
namespace {

/// A file with more of them is not damaged but made to cost time: each frame's bytes are hashed to know, and each that
/// the index tells of is looked for.
constexpr std::size_t kMaxBadFrames = 256;

class Scanner {
public:
    explicit Scanner(std::string_view bytes) : bytes_(bytes) {}

    SegmentScan run() {
        const auto header = read_segment_header(bytes_);
        if (header) {
            scan_.header = *header;
        } else {
            note(0, header.error().message());
            // The rest is told by its frames alone, unless this is another kind of file.
            if (bytes_.size() < kSegmentHeaderBytes || header.error().code() == core::ErrorCode::invalid_input) {
                return std::move(scan_);
            }
        }
        const auto index = decode_index(bytes_);
        const std::size_t end = index ? static_cast<std::size_t>(index->offset) : bytes_.size();
        read_frames(end);
        if (index) {
            check(*index);
        } else {
            note(bytes_.size(), "no index at the end: the segment was not finished, or its end is damaged");
        }
        scan_.complete = scan_.header.has_value() && scan_.damage.empty();
        return std::move(scan_);
    }

private:
    void read_frames(std::size_t end) {
        std::size_t at = std::min(kSegmentHeaderBytes, end);
        std::size_t bad = 0;
        while (at < end) {
            const auto header = decode_frame_header(bytes_.substr(at, end - at));
            if (header && at + kFrameHeaderBytes + header->compressed_size <= end) {
                const std::string_view content = bytes_.substr(at + kFrameHeaderBytes, header->compressed_size);
                if (checksum(content) == header->checksum) {
                    scan_.frames.push_back({.offset = at, .header = *header});
                    at += kFrameHeaderBytes + content.size();
                    continue;
                }
                note(at, fmt::format("frame {} is damaged", header->number));
            } else if (header) {
                note(at, fmt::format("frame {} is cut short", header->number));
            } else {
                // What an unfinished index looks like is no frame either.
                note(at, "what stands here is no frame");
            }
            if (++bad == kMaxBadFrames) {
                note(at, "too damaged to read on");
                return;
            }
            const std::size_t next = next_frame(at + 1, end);
            at = next;
        }
    }

    /// Where the next sound header is.
    std::size_t next_frame(std::size_t from, std::size_t end) const {
        for (std::size_t at = from; at < end; ++at) {
            at = bytes_.find(kFrameMagic, at);
            if (at == std::string_view::npos || at >= end) return end;
            if (decode_frame_header(bytes_.substr(at, end - at))) return at;
        }
        return end;
    }

    void check(const Index& index) {
        std::size_t found = 0;
        std::size_t missing = 0;
        for (const FramePlace& said : index.frames) {
            while (found < scan_.frames.size() && scan_.frames[found].offset < said.offset) ++found;
            if (found < scan_.frames.size() && scan_.frames[found].offset == said.offset) continue;
            const bool told =
                std::ranges::any_of(scan_.damage, [&](const Damage& damage) { return damage.offset == said.offset; });
            if (told) continue;
            note(said.offset, fmt::format("frame {}, of which the index tells, is missing", said.header.number));
            if (++missing == kMaxBadFrames) {
                note(index.offset, "too many frames of the index are missing to tell of more");
                return;
            }
        }
        if (scan_.damage.empty() && index.frames.size() != scan_.frames.size()) {
            note(index.offset, "the index does not tell of every frame");
        }
    }

    void note(std::uint64_t offset, std::string what) {
        scan_.damage.push_back({.offset = offset, .what = std::move(what)});
    }

    std::string_view bytes_;
    SegmentScan scan_;
};

}  // namespace

SegmentScan scan_segment(std::string_view bytes) {
    return Scanner(bytes).run();
}

}  // namespace scanner::recording
