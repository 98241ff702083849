#pragma once

#include "scanner/core/error.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::recording {

/// A file that grows. Blocking; one thread. Errors: io.
class FileWriter {
public:
    virtual ~FileWriter() = default;
    [[nodiscard]] virtual core::Result<void> append(std::string_view bytes) = 0;
    /// What was appended survives a crash of the machine.
    [[nodiscard]] virtual core::Result<void> sync() = 0;
};

struct StoredFile {
    std::string name;
    std::uint64_t bytes = 0;
};

/// The folder of recordings, and how full the disk under it is. Injected, so that tests have slow and full ones.
/// Blocking; one thread.
class RecordingDisk {
public:
    virtual ~RecordingDisk() = default;
    /// A file that was not there.
    [[nodiscard]] virtual core::Result<std::unique_ptr<FileWriter>> create(const std::string& name) = 0;
    /// Segments that are there, by name, which is by age.
    [[nodiscard]] virtual core::Result<std::vector<StoredFile>> list() = 0;
    [[nodiscard]] virtual core::Result<void> remove(const std::string& name) = 0;
    /// Bytes that this user may still write.
    [[nodiscard]] virtual core::Result<std::uint64_t> free_bytes() = 0;
};

/// The real one. Files are made for their owner alone, and so is the folder where it is missing.
[[nodiscard]] core::Result<std::unique_ptr<RecordingDisk>> make_recording_disk(const std::filesystem::path& folder);

/// "20261130T193310.123Z-000001.amsrec": the recording's start, and the segment's number in it.
[[nodiscard]] std::string segment_name(std::int64_t recording_started_ns, std::uint32_t number);
[[nodiscard]] bool is_segment_name(std::string_view name);
struct SegmentName {
    std::int64_t recording_started_ns = 0;
    std::uint32_t number = 0;
};
/// Empty for other names.
[[nodiscard]] std::optional<SegmentName> parse_segment_name(std::string_view name);
/// The recording's name: what comes before the number.
[[nodiscard]] std::string recording_name(std::int64_t recording_started_ns);

}  // namespace scanner::recording
