#include "scanner/storage/private_files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace scanner::storage {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kOthers = 077;

}  // namespace

void FileDescriptor::reset() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

core::Error io_error(std::string_view what, const fs::path& path) {
    return {core::ErrorCode::io,
            fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(errno))};
}

core::Result<void> make_private_directories(const fs::path& path) {
    fs::path made;
    for (const fs::path& part : path) {
        made /= part;
        if (made.empty() || ::mkdir(made.c_str(), kDirectoryMode) == 0) continue;
        struct stat facts{};
        const int why = errno;
        // A folder that may be entered and not written says EACCES or EROFS before EEXIST.
        if (::stat(made.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) continue;
        errno = why == EEXIST ? ENOTDIR : why;
        return std::unexpected(io_error("cannot be made", made));
    }
    return {};
}

core::Result<FileDescriptor> open_private_file(const fs::path& path, int flags) {
    FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, kFileMode));
    if (!file.is_open()) return std::unexpected(io_error("cannot be opened", path));
    return file;
}

void make_private(const fs::path& path) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0 || facts.st_uid != ::geteuid() || (facts.st_mode & kOthers) == 0) return;
    static_cast<void>(::chmod(path.c_str(), facts.st_mode & ~kOthers & 07777));
}

core::Result<void> replace_private_file(const fs::path& path, std::string_view text) {
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    if (auto made = make_private_directories(folder); !made) return made;
    fs::path fresh = path;
    fresh += ".new";
    // What a crash left there, or another program put there, is not written through.
    if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return std::unexpected(io_error("cannot be removed", fresh));
    {
        auto file = open_private_file(fresh, O_WRONLY | O_CREAT | O_EXCL);
        if (!file) return std::unexpected(file.error());
        if (auto written = write_all(file->get(), text); !written)
            return std::unexpected(written.error().within(fresh.string()));
        if (::fsync(file->get()) != 0) return std::unexpected(io_error("cannot be made durable", fresh));
    }
    if (::rename(fresh.c_str(), path.c_str()) != 0) return std::unexpected(io_error("cannot be replaced", path));
    sync_directory(folder);  // the rename itself is durable once the folder is
    return {};
}

core::Result<std::string> read_whole_file(const fs::path& path, std::size_t max_bytes) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) {
        if (errno == ENOENT) return core::fail(core::ErrorCode::not_found, path.string() + " does not exist");
        return std::unexpected(io_error("cannot be read", path));
    }
    struct stat facts{};
    if (::fstat(file.get(), &facts) != 0) return std::unexpected(io_error("cannot be read", path));
    if (!S_ISREG(facts.st_mode)) return core::fail(core::ErrorCode::io, path.string() + ": is not a file");
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    if (size > max_bytes)
        return core::fail(core::ErrorCode::io, fmt::format("{}: has more than {} bytes", path.string(), max_bytes));
    return read_at(file.get(), 0, size);
}

core::Result<std::string> read_at(int descriptor, std::uint64_t offset, std::size_t length) {
    std::string bytes(length, '\0');
    std::size_t done = 0;
    while (done < length) {
        const ssize_t count =
            ::pread(descriptor, bytes.data() + done, length - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return core::fail(core::ErrorCode::io, "a file cannot be read, or is shorter than it was");
        done += static_cast<std::size_t>(count);
    }
    return bytes;
}

core::Result<void> write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return core::fail(core::ErrorCode::io, std::generic_category().message(errno));
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

void sync_directory(const fs::path& directory) {
    if (const FileDescriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); folder.is_open())
        ::fsync(folder.get());
}

}  // namespace scanner::storage
