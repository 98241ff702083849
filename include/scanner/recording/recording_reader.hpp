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

/// The segments among `paths`: files, and those in folders. In the order of recordings and their segments. Where the
/// header of a file cannot be read and its name is a segment's, what the header would say is told by the name, and by
/// the frames. Blocking. Errors: io, malformed and invalid_input (a later version) name the file; not_found where there
/// is none.
[[nodiscard]] core::Result<std::vector<SegmentFile>> find_segments(std::span<const std::filesystem::path> paths);

/// Something in a file that cannot be read, or is missing between two.
struct FileDamage {
    std::filesystem::path file;
    Damage damage;
};

/// What a reader does where records are missing: before a damaged frame, at the end of a segment that another follows,
/// and between segments.
enum class AtHole : std::uint8_t {
    read_on,
    end,  ///< for what needs all that came before: `resume_at` says where it may begin anew
};

/// Reads the records of segments one after another, a segment in memory at a time. Blocking; one thread.
class RecordingReader {
public:
    /// Segments that end before `from_wall_ns` are passed over as a whole.
    explicit RecordingReader(std::vector<SegmentFile> files, std::int64_t from_wall_ns = INT64_MIN,
                             AtHole at_hole = AtHole::read_on);
    ~RecordingReader();
    RecordingReader(const RecordingReader&) = delete;
    RecordingReader& operator=(const RecordingReader&) = delete;

    /// The next record of any segment, or nothing at the end. Errors: a file that cannot be read any more.
    [[nodiscard]] core::Result<std::optional<Record>> next();
    /// With AtHole::end, once there was a hole: the place of the segment after it among the files, their number where
    /// none follows.
    [[nodiscard]] std::optional<std::size_t> resume_at() const;
    /// Whether the record that came last is the first of a segment before which something is missing.
    [[nodiscard]] bool after_gap() const;
    /// What was found damaged so far.
    [[nodiscard]] const std::vector<FileDamage>& damage() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace scanner::recording
