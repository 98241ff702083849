#pragma once

#include "scanner/core/error.hpp"
#include "scanner/recording/record.hpp"
#include "scanner/recording/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace scanner::recording {

struct SegmentFile {
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    SegmentHeader header;
};

/// The segments among `paths`: files, and those in folders. In the order of recordings and their segments. Blocking.
/// Errors: io and malformed name the file; not_found where there is none.
[[nodiscard]] core::Result<std::vector<SegmentFile>> find_segments(std::span<const std::filesystem::path> paths);

/// Something in a file that cannot be read, or is missing between two.
struct FileDamage {
    std::filesystem::path file;
    Damage damage;
};

/// Reads the records of segments one after another, a segment in memory at a time. Blocking; one thread.
class RecordingReader {
public:
    /// Segments that end before `from_wall_ns` are passed over as a whole.
    explicit RecordingReader(std::vector<SegmentFile> files, std::int64_t from_wall_ns = INT64_MIN);
    ~RecordingReader();
    RecordingReader(const RecordingReader&) = delete;
    RecordingReader& operator=(const RecordingReader&) = delete;

    /// The next record of any segment, or nothing at the end. Errors: a file that cannot be read any more.
    [[nodiscard]] core::Result<std::optional<Record>> next();
    /// Whether the record that came last is the first of a segment before which something is missing.
    [[nodiscard]] bool after_gap() const;
    /// What was found damaged so far.
    [[nodiscard]] const std::vector<FileDamage>& damage() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace scanner::recording
