#include "scanner/recording/recording_reader.hpp"

#include "scanner/recording/disk.hpp"
#include "scanner/storage/private_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <system_error>
#include <tuple>
#include <utility>

namespace scanner::recording {
namespace {

namespace fs = std::filesystem;

std::int64_t written_at(const fs::path& path) {
    std::error_code error;
    const auto time = fs::last_write_time(path, error);
    if (error) return 0;
    return std::chrono::nanoseconds(std::chrono::file_clock::to_sys(time).time_since_epoch()).count();
}

/// What name and frames tell of a segment whose header is damaged. Where no frame is sound either it is taken to begin
/// when it was written last, so that nothing before it is thought to be over too early.
core::Result<SegmentHeader> header_from_name(const fs::path& path, const core::Error& damage) {
    const auto named = parse_segment_name(path.filename().string());
    if (!named || damage.code() != core::ErrorCode::malformed) return std::unexpected(damage.within(path.string()));
    const auto content = storage::read_whole_file(path, kMaxSegmentBytes);
    if (!content) return std::unexpected(content.error());
    const SegmentScan scan = scan_segment(*content);
    return SegmentHeader{
        .recording_started_ns = named->recording_started_ns,
        .number = named->number,
        .after_gap = named->number == 1,
        .started = {.wall_ns = scan.frames.empty() ? written_at(path) : scan.frames.front().header.first_wall_ns,
                    .steady_ns = 0}};
}

core::Result<SegmentFile> look_at(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, kSegmentHeaderBytes> head{};
    if (!file) return core::fail(core::ErrorCode::io, path.string() + ": cannot be opened");
    file.read(head.data(), head.size());
    auto header = read_segment_header({head.data(), static_cast<std::size_t>(file.gcount())});
    if (!header) header = header_from_name(path, header.error());
    if (!header) return std::unexpected(header.error());
    std::error_code error;
    SegmentFile found{.path = path, .bytes = fs::file_size(path, error), .header = *header};
    if (error) return core::fail(core::ErrorCode::io, path.string() + ": " + error.message());
    return found;
}

auto order_of(const SegmentFile& file) {
    return std::tuple(file.header.recording_started_ns, file.header.number);
}

}  // namespace

core::Result<std::vector<SegmentFile>> find_segments(std::span<const fs::path> paths) {
    std::vector<fs::path> names;
    for (const fs::path& path : paths) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            names.push_back(path);
            continue;
        }
        for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
            if (is_segment_name(at->path().filename().string())) names.push_back(at->path());
        }
        if (error) return core::fail(core::ErrorCode::io, path.string() + ": " + error.message());
    }
    std::vector<SegmentFile> files;
    for (const fs::path& name : names) {
        auto file = look_at(name);
        if (!file) return std::unexpected(file.error());
        files.push_back(std::move(*file));
    }
    if (files.empty()) return core::fail(core::ErrorCode::not_found, "no segment of a recording there");
    std::ranges::sort(files, {}, order_of);
    const auto twice = std::ranges::adjacent_find(files, {}, order_of);
    if (twice != files.end()) {
        return core::fail(core::ErrorCode::invalid_input, twice->path.string() + ": given twice");
    }
    return files;
}

struct RecordingReader::State {
    State(std::vector<SegmentFile> of, std::int64_t from, AtHole hole)
        : files(std::move(of)), from_wall_ns(from), at_hole(hole) {}

    /// Nothing more of this segment is read, nor what would follow from it.
    void end_at_hole() {
        resume_at = file + 1;
        const bool whole = scan.complete && !reader->after_hole();
        collect();
        if (whole) {
            note_gap(file + 1);
        } else {
            const std::string next =
                file + 1 < files.size() ? files[file + 1].path.filename().string() + " goes on" : "no segment follows";
            damage.push_back({.file = files[file].path,
                              .damage = {.offset = first_damage(), .what = "what was read ends here; " + next}});
        }
        reader.reset();
    }
    /// The first thing among the frames that cannot be read, else the end of the file.
    [[nodiscard]] std::uint64_t first_damage() const {
        std::uint64_t first = bytes.size();
        const auto take = [&first](const Damage& found) {
            if (found.offset >= kSegmentHeaderBytes) first = std::min(first, found.offset);
        };
        std::ranges::for_each(scan.damage, take);
        std::ranges::for_each(reader->damage(), take);
        return first;
    }
    /// Whether what the next segment begins with follows from all that was read.
    [[nodiscard]] bool next_follows() const {
        const SegmentHeader& before = files[file].header;
        const SegmentHeader& next = files[file + 1].header;
        return before.recording_started_ns == next.recording_started_ns && before.number + 1 == next.number &&
               !next.after_gap;
    }

    void collect() {
        for (const Damage& found : scan.damage) damage.push_back({.file = files[file].path, .damage = found});
        for (const Damage& found : reader->damage()) damage.push_back({.file = files[file].path, .damage = found});
    }

    /// What is missing before a segment that does not follow from the one before it.
    void note_gap(std::size_t place) {
        const SegmentHeader& before = files[place - 1].header;
        const SegmentHeader& header = files[place].header;
        if (before.recording_started_ns != header.recording_started_ns) return;
        if (before.number + 1 != header.number) {
            damage.push_back({.file = files[place].path,
                              .damage = {.offset = 0,
                                         .what = fmt::format("segments {} to {} are missing before it",
                                                             before.number + 1, header.number - 1)}});
            gap = true;
        } else if (header.after_gap) {
            damage.push_back({.file = files[place].path,
                              .damage = {.offset = 0, .what = "the disk was full before it: something is missing"}});
        }
    }

    core::Result<bool> open_next() {
        if (reader) {
            collect();
            reader.reset();
            ++file;
        }
        // The next one's beginning tells where this one ends.
        while (file + 1 < files.size() && files[file + 1].header.started.wall_ns <= from_wall_ns) ++file;
        if (file == files.size()) return false;
        auto content = storage::read_whole_file(files[file].path, kMaxSegmentBytes);
        if (!content) return std::unexpected(content.error());
        bytes = std::move(*content);
        scan = scan_segment(bytes);
        reader = std::make_unique<SegmentReader>(bytes, scan);
        gap = gap || files[file].header.after_gap;
        if (file > 0) note_gap(file);
        return true;
    }

    std::vector<SegmentFile> files;
    const std::int64_t from_wall_ns;
    const AtHole at_hole;
    std::optional<std::size_t> resume_at;
    std::size_t file = 0;
    std::string bytes;
    SegmentScan scan;
    std::unique_ptr<SegmentReader> reader;  // of `bytes` and `scan`
    std::vector<FileDamage> damage;
    bool gap = false;
    bool told_gap = false;
};

RecordingReader::RecordingReader(std::vector<SegmentFile> files, std::int64_t from_wall_ns, AtHole at_hole)
    : state_(std::make_unique<State>(std::move(files), from_wall_ns, at_hole)) {}
RecordingReader::~RecordingReader() = default;

core::Result<std::optional<Record>> RecordingReader::next() {
    State& state = *state_;
    while (!state.resume_at) {
        if (state.reader) {
            auto record = state.reader->next();
            const bool more = state.file + 1 < state.files.size();
            const bool hole =
                record ? state.reader->after_hole() : more && !(state.scan.complete && state.next_follows());
            if (hole && state.at_hole == AtHole::end) {
                state.end_at_hole();
                break;
            }
            if (record) {
                state.told_gap = std::exchange(state.gap, false);
                return record;
            }
        }
        const auto opened = state.open_next();
        if (!opened) return std::unexpected(opened.error());
        if (!*opened) break;
    }
    return std::nullopt;
}

std::optional<std::size_t> RecordingReader::resume_at() const {
    return state_->resume_at;
}

bool RecordingReader::after_gap() const {
    return state_->told_gap;
}

const std::vector<FileDamage>& RecordingReader::damage() const {
    return state_->damage;
}

}  // namespace scanner::recording
