#include "recording/format/layout.hpp"
#include "recording/format/record_codec.hpp"

#include "scanner/recording/segment.hpp"

#include <fmt/format.h>

#include <utility>
#include <zstd.h>

namespace scanner::recording {

struct SegmentReader::State {
    State(std::string_view all, const SegmentScan& of) : bytes(all), scan(of) {}
    ~State() { ZSTD_freeDCtx(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    void note(std::uint64_t offset, std::string what) { damage.push_back({.offset = offset, .what = std::move(what)}); }

    /// Appends what the next frame holds; false at the end.
    bool load() {
        if (frame == scan.frames.size()) return false;
        const FramePlace& place = scan.frames[frame++];
        const FrameHeader& header = place.header;
        const bool follows = expected && *expected == header.number;
        hole = hole || !(follows || begins);
        begins = false;
        expected = header.number + 1;
        if (!follows) drop_rest(place);
        stream.erase(0, read);
        read = 0;
        const std::size_t begin = stream.size();
        stream.resize(begin + header.inflated_size);
        const std::string_view content =
            bytes.substr(static_cast<std::size_t>(place.offset) + kFrameHeaderBytes, header.compressed_size);
        const std::size_t size =
            ZSTD_decompressDCtx(context, stream.data() + begin, header.inflated_size, content.data(), content.size());
        if (ZSTD_isError(size) != 0U || size != header.inflated_size) {
            note(place.offset, fmt::format("frame {} cannot be inflated", header.number));
            hole = true;
            stream.clear();
            expected.reset();
            bases.clear();
            return true;
        }
        if (!header.first_record) {
            if (!follows) stream.clear();  // the middle of a record that began in a frame that is missing
            return true;
        }
        if (!follows) {
            stream.erase(begin, *header.first_record);
            bases.push_back({stream.size() - (header.inflated_size - *header.first_record), header.first_wall_ns});
        } else {
            bases.push_back({begin + *header.first_record, header.first_wall_ns});
        }
        return true;
    }

    /// A record that began before and ends nowhere.
    void drop_rest(const FramePlace& place) {
        if (stream.size() > read) note(place.offset, "a record before this frame has no end");
        stream.clear();
        read = 0;
        bases.clear();
    }

    void moved(std::size_t by) {
        for (Base& base : bases) base.at = base.at >= by ? base.at - by : 0;
    }

    struct Base {
        std::size_t at = 0;  ///< where in `stream` a frame's first record begins
        std::int64_t wall_ns = 0;
    };

    std::string_view bytes;
    const SegmentScan& scan;
    ZSTD_DCtx* const context = ZSTD_createDCtx();
    std::size_t frame = 0;
    std::optional<std::uint32_t> expected = 0;  ///< number of the frame that would follow
    bool begins = false;                        ///< in the middle, where it was told to
    bool hole = false;                          ///< before the next record
    bool after_hole = false;                    ///< the record that came last
    std::string stream;
    std::size_t read = 0;  ///< of `stream`
    std::deque<Base> bases;
    Stamp before;
    std::vector<Damage> damage;
};

SegmentReader::SegmentReader(std::string_view bytes, const SegmentScan& scan, std::int64_t from_wall_ns)
    : state_(std::make_unique<State>(bytes, scan)) {
    const auto& frames = scan.frames;
    while (state_->frame < frames.size() && frames[state_->frame].header.last_wall_ns < from_wall_ns) ++state_->frame;
    state_->begins = state_->frame > 0;
    if (state_->begins) state_->expected.reset();
}
SegmentReader::~SegmentReader() = default;

std::optional<Record> SegmentReader::next() {
    State& state = *state_;
    for (;;) {
        const std::string_view rest = std::string_view(state.stream).substr(state.read);
        const auto length = record_length(rest);
        if (!length || (*length != SIZE_MAX && *length > rest.size())) {
            if (!length || rest.size() <= kMaxRecordBytes + kMaxFrameBytes) {
                state.moved(state.read);
                if (state.load()) continue;
            }
            if (!rest.empty()) {
                state.note(state.bytes.size(), "the last record has no end");
                state.stream.clear();
                state.read = 0;
            }
            return std::nullopt;
        }
        while (!state.bases.empty() && state.bases.front().at <= state.read) {
            const bool here = state.bases.front().at == state.read;
            if (here) state.before = {.wall_ns = state.bases.front().wall_ns, .steady_ns = 0};
            state.bases.pop_front();
        }
        std::optional<Record> record;
        if (*length != SIZE_MAX) record = decode_record(rest.substr(0, *length), state.before);
        if (!record) {
            const std::uint64_t where = state.frame > 0 ? state.scan.frames[state.frame - 1].offset : 0;
            if (*length == SIZE_MAX) {
                state.note(where, "what a frame holds is no record");
                state.hole = true;
                state.stream.clear();
                state.read = 0;
                state.bases.clear();
                state.expected.reset();
                continue;
            }
            state.note(where, fmt::format("a record of kind {} cannot be read",
                                          static_cast<unsigned>(static_cast<unsigned char>(rest.front()))));
            state.read += *length;
            continue;
        }
        state.before = record->at;
        state.read += *length;
        state.after_hole = std::exchange(state.hole, false);
        return record;
    }
}

bool SegmentReader::after_hole() const {
    return state_->after_hole;
}

const std::vector<Damage>& SegmentReader::damage() const {
    return state_->damage;
}

}  // namespace scanner::recording
