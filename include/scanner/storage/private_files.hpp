#pragma once

#include "scanner/core/error.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

/// Files and folders that only their owner can use: 0600 and 0700 whatever the umask. Every file of this program is
/// made here. Blocking; any thread. Errors: io, with the path and what the system said.
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

/// Makes what is missing of the path, each folder 0700. One that is there stays as it is: its owner may have opened it
/// to others on purpose.
[[nodiscard]] core::Result<void> make_private_directories(const std::filesystem::path& path);
/// As open(2) with `flags`, close-on-exec, and never through a symbolic link; made 0600.
[[nodiscard]] core::Result<FileDescriptor> open_private_file(const std::filesystem::path& path, int flags);
/// Takes the rights of group and others from a file or folder that is there and belongs to this user: an older version
/// made it by the umask. Nothing happens otherwise.
void make_private(const std::filesystem::path& path);

/// Replaces the file as a whole: after a crash there is the old text or the new one. Durable when it returns.
[[nodiscard]] core::Result<void> replace_private_file(const std::filesystem::path& path, std::string_view text);
/// The whole file; not_found when there is none, io when it is longer than `max_bytes`.
[[nodiscard]] core::Result<std::string> read_whole_file(const std::filesystem::path& path, std::size_t max_bytes);

/// All of it; io when the file is shorter or cannot be read.
[[nodiscard]] core::Result<std::string> read_at(int descriptor, std::uint64_t offset, std::size_t length);
/// All of it, or an error.
[[nodiscard]] core::Result<void> write_all(int descriptor, std::string_view bytes);
/// With what errno says.
[[nodiscard]] core::Error io_error(std::string_view what, const std::filesystem::path& path);
/// Makes creations, renames and removals in it durable.
void sync_directory(const std::filesystem::path& directory);

}  // namespace scanner::storage
