#include "scanner/recording/disk.hpp"
#include "scanner/recording/tools.hpp"

#include <utility>

namespace scanner::recording {

struct SegmentFolder::State {
    std::unique_ptr<RecordingDisk> disk;
    std::unique_ptr<FileWriter> file;
    std::unique_ptr<SegmentEncoder> encoder;
    std::size_t segment_bytes = kSegmentBytes;
    std::int64_t started_ns = 0;
    std::uint32_t number = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;

    core::Result<void> write(const std::string& text) {
        bytes += text.size();
        return text.empty() ? core::Result<void>() : file->append(text);
    }

    core::Result<void> begin(const Record& record, const Pieces& checkpoint) {
        if (number == 0) started_ns = record.at.wall_ns;
        auto made = disk->create(segment_name(started_ns, ++number));
        if (!made) return std::unexpected(made.error());
        file = std::move(*made);
        encoder = std::make_unique<SegmentEncoder>(SegmentHeader{
            .recording_started_ns = started_ns, .number = number, .after_gap = number == 1, .started = record.at});
        if (!checkpoint) return {};
        for (const Record& piece : checkpoint()) {
            if (encoder->add(piece)) ++records;
        }
        return {};
    }

    core::Result<void> end() {
        if (!file) return {};
        core::Result<void> done = write(encoder->finish());
        if (done) done = file->sync();
        file.reset();
        encoder.reset();
        return done;
    }
};

SegmentFolder::SegmentFolder(std::unique_ptr<State> state) : state_(std::move(state)) {}
SegmentFolder::~SegmentFolder() = default;
SegmentFolder::SegmentFolder(SegmentFolder&&) noexcept = default;
SegmentFolder& SegmentFolder::operator=(SegmentFolder&&) noexcept = default;

core::Result<SegmentFolder> SegmentFolder::make(const std::filesystem::path& folder, std::size_t segment_bytes) {
    auto disk = make_recording_disk(folder);
    if (!disk) return std::unexpected(disk.error());
    const auto files = (*disk)->list();
    if (!files) return std::unexpected(files.error());
    if (!files->empty()) {
        return core::fail(core::ErrorCode::invalid_input, folder.string() + ": holds a recording already");
    }
    auto state = std::make_unique<State>();
    state->disk = std::move(*disk);
    state->segment_bytes = segment_bytes;
    return SegmentFolder(std::move(state));
}

core::Result<void> SegmentFolder::add(const Record& record, const Pieces& checkpoint) {
    State& state = *state_;
    if (state.encoder && state.encoder->bytes() >= state.segment_bytes) {
        if (auto ended = state.end(); !ended) return ended;
    }
    if (!state.encoder) {
        if (auto begun = state.begin(record, checkpoint); !begun) return begun;
    }
    if (!state.encoder->add(record)) {
        return core::fail(core::ErrorCode::invalid_input, "a record is longer than the format allows");
    }
    ++state.records;
    return state.write(state.encoder->take(false));
}

core::Result<void> SegmentFolder::finish() {
    return state_->end();
}

std::uint64_t SegmentFolder::records() const {
    return state_->records;
}

std::uint64_t SegmentFolder::bytes() const {
    return state_->bytes;
}

}  // namespace scanner::recording
