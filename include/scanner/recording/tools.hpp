#pragma once

#include "scanner/core/error.hpp"
#include "scanner/recording/recording_reader.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What is done with recordings by hand. Blocking.
namespace scanner::recording {

/// Writes segments one after another into a folder, as fast as the disk takes them. One thread.
class SegmentFolder {
public:
    /// Makes the folder where it is missing; fails where it holds segments already. A segment ends at `segment_bytes`.
    [[nodiscard]] static core::Result<SegmentFolder> make(const std::filesystem::path& folder,
                                                          std::size_t segment_bytes = kSegmentBytes);
    ~SegmentFolder();
    SegmentFolder(SegmentFolder&&) noexcept;
    SegmentFolder& operator=(SegmentFolder&&) noexcept;

    using Pieces = std::function<std::vector<Record>()>;
    /// The first record names the recording. `checkpoint` makes what a segment needs that begins with it.
    [[nodiscard]] core::Result<void> add(const Record& record, const Pieces& checkpoint = {});
    [[nodiscard]] core::Result<void> finish();
    [[nodiscard]] std::uint64_t records() const;
    [[nodiscard]] std::uint64_t bytes() const;

private:
    struct State;
    explicit SegmentFolder(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

struct RecordingSummary {
    std::vector<SegmentFile> segments;
    std::map<std::string, std::uint64_t> records;  ///< by kind
    std::map<std::string, std::uint64_t> content;  ///< bytes of answers and frames, by kind
    std::optional<std::int64_t> first_wall_ns;
    std::optional<std::int64_t> last_wall_ns;
    std::vector<FileDamage> damage;
};
/// Reads all of it.
[[nodiscard]] core::Result<RecordingSummary> summarize(std::vector<SegmentFile> files);

struct CutOptions {
    std::int64_t from_wall_ns = INT64_MIN;
    std::int64_t to_wall_ns = INT64_MAX;  ///< exclusive
    /// Contract codes; empty: all. What concerns no single contract stays.
    std::vector<std::string> contracts;
    bool with_operator = false;  ///< keep what operators set and changed
};
/// Copies a part into `into`. Of all contracts: from the last segment on that begins in time with an engine's state,
/// which may be a while before. Without such a state, and of some contracts: with what must be known to begin there,
/// the settings in effect and the newest answer of each request.
[[nodiscard]] core::Result<void> cut(std::vector<SegmentFile> files, const CutOptions& options, SegmentFolder& into);

/// Makes a recording of JSON Lines: {"t":ns,"connection":"…","kind":"rest"|"ws","topic_or_url":"…","body":"…"}, or
/// "body_base64". invalid_input names the line.
[[nodiscard]] core::Result<void> import_lines(std::istream& lines, SegmentFolder& into);

}  // namespace scanner::recording
