#include "recording/format/layout.hpp"
#include "recording/format/record_codec.hpp"

#include "scanner/recording/segment.hpp"

#include <utility>
#include <zstd.h>

namespace scanner::recording {
namespace {

constexpr int kLevel = 3;

}  // namespace

struct SegmentEncoder::State {
    explicit State(const SegmentHeader& of) : out(encode_segment_header(of)), last_wall_ns(of.started.wall_ns) {}
    ~State() { ZSTD_freeCCtx(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    /// The first `size` bytes of the stream become a frame.
    void cut(std::size_t size) {
        FrameHeader header{.number = static_cast<std::uint32_t>(frames.size()),
                           .inflated_size = static_cast<std::uint32_t>(size),
                           .first_record = first_record,
                           .records = records_in_frame,
                           .first_wall_ns = first_record ? first_wall_ns : last_wall_ns,
                           .last_wall_ns = last_wall_ns};
        buffer.resize(ZSTD_compressBound(size));
        const std::size_t compressed =
            ZSTD_compressCCtx(context, buffer.data(), buffer.size(), stream.data(), size, kLevel);
        // Cannot fail: the buffer holds the bound, and the context exists or compressing says so as an error.
        buffer.resize(ZSTD_isError(compressed) != 0U ? 0 : compressed);
        header.compressed_size = static_cast<std::uint32_t>(buffer.size());
        header.checksum = checksum(buffer);
        frames.push_back({.offset = handed_out + out.size(), .header = header});
        out += encode_frame_header(header);
        out += buffer;
        stream.erase(0, size);
        first_record.reset();
        records_in_frame = 0;
    }

    ZSTD_CCtx* const context = ZSTD_createCCtx();
    std::string out;
    std::string stream;  ///< of records, that no frame holds yet
    std::string buffer;
    std::vector<FramePlace> frames;
    std::uint64_t handed_out = 0;
    std::uint64_t records = 0;
    std::optional<std::uint32_t> first_record;
    std::uint32_t records_in_frame = 0;
    std::int64_t first_wall_ns = 0;
    std::int64_t last_wall_ns;
    Stamp before;
};

SegmentEncoder::SegmentEncoder(const SegmentHeader& header) : state_(std::make_unique<State>(header)) {}
SegmentEncoder::~SegmentEncoder() = default;

bool SegmentEncoder::add(const Record& record) {
    State& state = *state_;
    if (!state.first_record) {
        // What a frame says can be read without the one before it.
        state.before = {.wall_ns = record.at.wall_ns, .steady_ns = 0};
    }
    const std::size_t begin = state.stream.size();
    encode_record(state.stream, record, state.before);
    if (state.stream.size() - begin > kMaxRecordBytes) {
        state.stream.resize(begin);
        return false;
    }
    if (!state.first_record) {
        state.first_record = static_cast<std::uint32_t>(begin);
        state.first_wall_ns = record.at.wall_ns;
    }
    ++state.records_in_frame;
    ++state.records;
    state.before = record.at;
    state.last_wall_ns = record.at.wall_ns;
    while (state.stream.size() >= kMaxFrameBytes) state.cut(kMaxFrameBytes);
    return true;
}

std::string SegmentEncoder::take(bool all) {
    if (all && !state_->stream.empty()) state_->cut(state_->stream.size());
    state_->handed_out += state_->out.size();
    return std::exchange(state_->out, {});
}

std::string SegmentEncoder::finish() {
    std::string bytes = take(true);
    const std::string index = encode_index(state_->frames, state_->handed_out);
    state_->handed_out += index.size();
    return bytes + index;
}

bool SegmentEncoder::has_pending() const {
    return !state_->stream.empty() || !state_->out.empty();
}

std::uint64_t SegmentEncoder::bytes() const {
    return state_->handed_out;
}

std::uint64_t SegmentEncoder::records() const {
    return state_->records;
}

}  // namespace scanner::recording
