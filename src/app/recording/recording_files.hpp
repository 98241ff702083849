#pragma once

#include "scanner/api/recordings.hpp"
#include "scanner/core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scanner::app {

/// A cut reads at most so many bytes of segments: it is made while a market is scanned.
inline constexpr std::uint64_t kMaxCutSource = 512'000'000;
/// And has at most so many: ten minutes of hundreds of contracts, and the segment before them with which it begins.
inline constexpr std::size_t kMaxCutBytes = 256'000'000;

/// The recordings of a folder, looked at from outside. Names that a client gives are compared with those that are
/// there, and never made part of a path. Blocking; one thread.
class RecordingFiles {
public:
    /// What a process before this one has left of cuts is removed.
    explicit RecordingFiles(std::filesystem::path folder);

    /// Oldest first; files that are no segments are passed over. Errors: io.
    [[nodiscard]] core::Result<std::vector<api::RecordingInfo>> list();
    /// A part as one segment, alone in a folder of its own that the caller removes. Errors: as api::Recordings::cut.
    [[nodiscard]] core::Result<std::filesystem::path> cut(const std::string& id, const api::RecordingRange& range);

private:
    struct Looked {
        std::uint64_t bytes = 0;
        std::optional<std::int64_t> last_wall_ns;
        std::optional<std::size_t> contracts;
    };
    [[nodiscard]] const Looked& look_at_end(const std::filesystem::path& path, std::uint64_t bytes);
    [[nodiscard]] std::optional<std::size_t> contracts_of(const std::filesystem::path& path, std::uint64_t bytes);

    const std::filesystem::path folder_;
    std::map<std::filesystem::path, Looked> looked_;  ///< ends of segments, while these are as long as they were
    std::map<std::filesystem::path, std::optional<std::size_t>> contracts_;
};

}  // namespace scanner::app
