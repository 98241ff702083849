#include "app/recording/recording_files.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/recording/answer_memory.hpp"
#include "scanner/recording/disk.hpp"
#include "scanner/recording/recording_reader.hpp"
#include "scanner/recording/segment.hpp"
#include "scanner/recording/tools.hpp"
#include "scanner/storage/private_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <system_error>

namespace scanner::app {
namespace {

namespace fs = std::filesystem;
using recording::SegmentFile;

constexpr std::string_view kCutFolder = "cut-";
/// The first pass asks about each contract once; what comes later asks about the same ones.
constexpr std::size_t kLookedRecords = 5'000;
/// A contract's list of a beginning is not looked for in the running segment before it has this much.
constexpr std::uint64_t kBeginning = 1U << 20U;

core::WallTime to_time(std::int64_t ns) {
    return core::from_unix_ms(ns / 1'000'000);
}

/// Segments that can be read, in order. One that is damaged, or was removed meanwhile, is passed over.
core::Result<std::vector<SegmentFile>> segments_in(const fs::path& folder) {
    std::vector<SegmentFile> files;
    std::error_code error;
    if (!fs::exists(folder, error)) return files;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        if (!recording::is_segment_name(at->path().filename().string())) continue;
        const std::array<fs::path, 1> one{at->path()};
        if (auto found = recording::find_segments(one)) files.push_back(std::move(found->front()));
    }
    if (error) return core::fail(core::ErrorCode::io, "the folder of recordings cannot be read: " + error.message());
    std::ranges::sort(files, {}, [](const SegmentFile& file) {
        return std::pair(file.header.recording_started_ns, file.header.number);
    });
    return files;
}

std::int64_t ns_or(const std::optional<core::WallTime>& time, std::int64_t otherwise) {
    return time ? core::to_unix_ms(*time) * 1'000'000 : otherwise;
}

/// Those that records of the range may be in.
std::vector<SegmentFile> within(const std::vector<SegmentFile>& files, std::int64_t from, std::int64_t to) {
    std::vector<SegmentFile> kept;
    for (std::size_t i = 0; i < files.size(); ++i) {
        const bool before = i + 1 < files.size() && files[i + 1].header.started.wall_ns <= from;
        if (!before && files[i].header.started.wall_ns < to) kept.push_back(files[i]);
    }
    return kept;
}

}  // namespace

RecordingFiles::RecordingFiles(fs::path folder) : folder_(std::move(folder)) {
    std::error_code error;
    std::vector<fs::path> left;
    for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
        if (at->is_directory(error) && at->path().filename().string().starts_with(kCutFolder)) {
            left.push_back(at->path());
        }
    }
    for (const fs::path& path : left) fs::remove_all(path, error);
}

core::Result<std::vector<api::RecordingInfo>> RecordingFiles::list() {
    const auto files = segments_in(folder_);
    if (!files) return std::unexpected(files.error());
    std::vector<api::RecordingInfo> found;
    for (const SegmentFile& file : *files) {
        const std::string id = recording::recording_name(file.header.recording_started_ns);
        if (found.empty() || found.back().id != id) {
            found.push_back({.id = id,
                             .from = to_time(file.header.started.wall_ns),
                             .to = {},
                             .contracts = contracts_of(file.path, file.bytes),
                             .state = {},
                             .error = {},
                             .until = {}});
        }
        found.back().bytes += file.bytes;
        ++found.back().segments;
        found.back().to = to_time(file.header.started.wall_ns);
    }
    // The last segment of each tells where it ends.
    std::size_t place = 0;
    for (std::size_t i = 0; i < files->size(); ++i) {
        const bool last = i + 1 == files->size() ||
                          (*files)[i + 1].header.recording_started_ns != (*files)[i].header.recording_started_ns;
        if (!last) continue;
        const Looked& end = look_at_end((*files)[i].path, (*files)[i].bytes);
        if (end.last_wall_ns) found[place].to = to_time(*end.last_wall_ns);
        ++place;
    }
    return found;
}

const RecordingFiles::Looked& RecordingFiles::look_at_end(const fs::path& path, std::uint64_t bytes) {
    Looked& looked = looked_[path];
    if (looked.bytes == bytes && bytes > 0) return looked;
    looked = {.bytes = bytes, .last_wall_ns = {}, .contracts = {}};
    if (const auto content = storage::read_whole_file(path, recording::kMaxSegmentBytes)) {
        const recording::SegmentScan scan = recording::scan_segment(*content);
        if (!scan.frames.empty()) looked.last_wall_ns = scan.frames.back().header.last_wall_ns;
    }
    return looked;
}

std::optional<std::size_t> RecordingFiles::contracts_of(const fs::path& path, std::uint64_t bytes) {
    if (const auto known = contracts_.find(path); known != contracts_.end()) return known->second;
    const std::array<fs::path, 1> one{path};
    auto files = recording::find_segments(one);
    if (!files) return std::nullopt;
    std::set<std::string> codes;
    recording::RecordingReader reader(std::move(*files));
    for (std::size_t i = 0; i < kLookedRecords; ++i) {
        const auto record = reader.next();
        if (!record || !*record) break;
        if (const auto* const answer = std::get_if<recording::RestAnswer>(&(*record)->body)) {
            codes.insert(recording::contract_of_url(answer->url));
        } else if (const auto* const piece = std::get_if<recording::Checkpoint>(&(*record)->body)) {
            codes.insert(recording::contract_of_url(piece->name));
        }
    }
    codes.erase("");
    const std::optional<std::size_t> count = codes.empty() ? std::nullopt : std::optional(codes.size());
    if (bytes >= kBeginning) contracts_[path] = count;
    return count;
}

core::Result<fs::path> RecordingFiles::cut(const std::string& id, const api::RecordingRange& range) {
    auto files = segments_in(folder_);
    if (!files) return std::unexpected(files.error());
    std::erase_if(*files, [&id](const SegmentFile& file) {
        return recording::recording_name(file.header.recording_started_ns) != id;
    });
    if (files->empty())
        return core::fail(core::ErrorCode::not_found, "There is no such recording; /recordings has them.");
    recording::CutOptions options{.from_wall_ns = ns_or(range.from, INT64_MIN),
                                  .to_wall_ns = ns_or(range.to, INT64_MAX),
                                  .contracts = range.contracts};
    const std::vector<SegmentFile> wanted = within(*files, options.from_wall_ns, options.to_wall_ns);
    std::uint64_t bytes = 0;
    for (const SegmentFile& file : wanted) bytes += file.bytes;
    if (bytes > kMaxCutSource) {
        return core::fail(core::ErrorCode::invalid_input,
                          fmt::format("{:.0f} MB were recorded in that time; at most {:.0f} are looked through",
                                      static_cast<double>(bytes) / 1e6, static_cast<double>(kMaxCutSource) / 1e6));
    }
    std::string made = (folder_ / (std::string(kCutFolder) + "XXXXXX")).string();
    if (::mkdtemp(made.data()) == nullptr)
        return core::fail(core::ErrorCode::io, "no folder for the cut could be made");
    const fs::path folder = made;
    const auto give_up = [&folder](core::Error error) -> core::Result<fs::path> {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
        return std::unexpected(std::move(error));
    };
    auto into = recording::SegmentFolder::make(folder, kMaxCutBytes);
    if (!into) return give_up(into.error());
    if (const auto done = recording::cut(wanted, options, *into); !done) {
        const bool nothing = done.error().code() == core::ErrorCode::not_found;
        const bool refused = done.error().code() == core::ErrorCode::invalid_input;
        return give_up(nothing ? core::Error(core::ErrorCode::not_found, "Nothing was recorded in that time.")
                               : core::Error(refused ? core::ErrorCode::invalid_input : core::ErrorCode::io,
                                             done.error().message()));
    }
    const auto segments = segments_in(folder);
    if (!segments) return give_up(segments.error());
    if (segments->size() != 1) {
        return give_up(core::Error(
            core::ErrorCode::invalid_input,
            fmt::format("the cut would have more than {} MB: ask for a shorter time", kMaxCutBytes / 1'000'000)));
    }
    return segments->front().path;
}

}  // namespace scanner::app
