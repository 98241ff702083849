#include "scanner/recording/recording_reader.hpp"

#include "scanner/recording/disk.hpp"
#include "scanner/storage/private_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>
#include <tuple>
#include <utility>

namespace scanner::recording {
namespace {

namespace fs = std::filesystem;

core::Result<SegmentFile> look_at(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, kSegmentHeaderBytes> head{};
    if (!file) return core::fail(core::ErrorCode::io, path.string() + ": cannot be opened");
    file.read(head.data(), head.size());
    const auto header = read_segment_header({head.data(), static_cast<std::size_t>(file.gcount())});
    if (!header) return std::unexpected(header.error().within(path.string()));
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
    State(std::vector<SegmentFile> of, std::int64_t from) : files(std::move(of)), from_wall_ns(from) {}

    void collect() {
        for (const Damage& found : scan.damage) damage.push_back({.file = files[file].path, .damage = found});
        for (const Damage& found : reader->damage()) damage.push_back({.file = files[file].path, .damage = found});
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
        const SegmentHeader& header = files[file].header;
        if (file > 0) {
            const SegmentHeader& before = files[file - 1].header;
            const bool follows = before.recording_started_ns == header.recording_started_ns;
            if (follows && before.number + 1 != header.number) {
                damage.push_back({.file = files[file].path,
                                  .damage = {.offset = 0,
                                             .what = fmt::format("segments {} to {} are missing before it",
                                                                 before.number + 1, header.number - 1)}});
                gap = true;
            } else if (follows && header.after_gap) {
                damage.push_back(
                    {.file = files[file].path,
                     .damage = {.offset = 0, .what = "the disk was full before it: something is missing"}});
            }
        }
        gap = gap || header.after_gap;
        return true;
    }

    std::vector<SegmentFile> files;
    const std::int64_t from_wall_ns;
    std::size_t file = 0;
    std::string bytes;
    SegmentScan scan;
    std::unique_ptr<SegmentReader> reader;  // of `bytes` and `scan`
    std::vector<FileDamage> damage;
    bool gap = false;
    bool told_gap = false;
};

RecordingReader::RecordingReader(std::vector<SegmentFile> files, std::int64_t from_wall_ns)
    : state_(std::make_unique<State>(std::move(files), from_wall_ns)) {}
RecordingReader::~RecordingReader() = default;

core::Result<std::optional<Record>> RecordingReader::next() {
    for (;;) {
        if (state_->reader) {
            if (auto record = state_->reader->next()) {
                state_->told_gap = std::exchange(state_->gap, false);
                return record;
            }
        }
        const auto opened = state_->open_next();
        if (!opened) return std::unexpected(opened.error());
        if (!*opened) return std::nullopt;
    }
}

bool RecordingReader::after_gap() const {
    return state_->told_gap;
}

const std::vector<FileDamage>& RecordingReader::damage() const {
    return state_->damage;
}

}  // namespace scanner::recording
