#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::storage {

/// A file descriptor that closes itself.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
    ~FileDescriptor() { reset(); }
    FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        if (this != &other) {
            reset();
            descriptor_ = other.release();
        }
        return *this;
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    void reset();

private:
    int release() {
        const int descriptor = descriptor_;
        descriptor_ = -1;
        return descriptor;
    }
    int descriptor_ = -1;
};

/// What a segment begins with: enough to go on from when it holds no record (any more).
struct SegmentHeader {
    std::string id;  ///< of the spool, 32 characters
    std::uint64_t next_number = 1;
    std::uint64_t last_sequence = 0;
};
inline constexpr std::size_t kSegmentHeaderBytes = 60;
[[nodiscard]] std::string encode_header(const SegmentHeader& header);
[[nodiscard]] std::optional<SegmentHeader> decode_header(std::string_view bytes);

struct FrameHeader {
    std::uint64_t number = 0;
    core::WallTime appended;
    std::uint64_t sequence = 0;
};
/// Length and CRC-32 in front, then the header and the payload.
[[nodiscard]] std::string encode_frame(const FrameHeader& header, std::string_view payload);

/// Where a frame's payload is.
struct FramePlace {
    FrameHeader header;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
};

struct SegmentScan {
    std::optional<SegmentHeader> header;  ///< empty: not a segment, or torn before its header was whole
    std::vector<FramePlace> frames;
    std::uint64_t good_bytes = 0;  ///< up to the end of the last sound frame
    std::uint64_t bytes = 0;       ///< of the file
};
/// Reads the whole file, checking every frame. Holds one frame in memory at a time.
[[nodiscard]] core::Result<SegmentScan> scan_segment(const std::filesystem::path& path);

[[nodiscard]] core::Result<FileDescriptor> open_file(const std::filesystem::path& path, int flags);
/// All of it; io when the file is shorter or cannot be read.
[[nodiscard]] core::Result<std::string> read_at(int descriptor, std::uint64_t offset, std::size_t length);
/// All of it, or an error.
[[nodiscard]] core::Result<void> write_all(int descriptor, std::string_view bytes);
[[nodiscard]] core::Error io_error(std::string_view what, const std::filesystem::path& path);
/// Makes creations, renames and removals in it durable.
void sync_directory(const std::filesystem::path& directory);

}  // namespace scanner::storage
