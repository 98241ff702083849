#include "scanner/core/clock.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/recording/disk.hpp"
#include "scanner/storage/private_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace scanner::recording {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".amsrec";

class RealFile final : public FileWriter {
public:
    RealFile(storage::FileDescriptor file, fs::path path) : file_(std::move(file)), path_(std::move(path)) {}
    core::Result<void> append(std::string_view bytes) override {
        auto done = storage::write_all(file_.get(), bytes);
        if (!done) return std::unexpected(done.error().within(path_.string()));
        return {};
    }
    core::Result<void> sync() override {
        if (::fdatasync(file_.get()) != 0) return std::unexpected(storage::io_error("cannot be synced", path_));
        return {};
    }

private:
    storage::FileDescriptor file_;
    fs::path path_;
};

class RealDisk final : public RecordingDisk {
public:
    explicit RealDisk(fs::path folder) : folder_(std::move(folder)) {}

    core::Result<std::unique_ptr<FileWriter>> create(const std::string& name) override {
        const fs::path path = folder_ / name;
        auto file = storage::open_private_file(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
        if (!file) return std::unexpected(file.error());
        storage::sync_directory(folder_);
        return std::make_unique<RealFile>(std::move(*file), path);
    }

    core::Result<std::vector<StoredFile>> list() override {
        std::vector<StoredFile> files;
        std::error_code error;
        for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
            std::string name = at->path().filename().string();
            std::error_code unknown;
            const std::uint64_t size = at->file_size(unknown);
            if (is_segment_name(name) && !unknown) files.push_back({.name = std::move(name), .bytes = size});
        }
        if (error) return core::fail(core::ErrorCode::io, folder_.string() + ": " + error.message());
        std::ranges::sort(files, {}, &StoredFile::name);
        return files;
    }

    core::Result<void> remove(const std::string& name) override {
        std::error_code error;
        fs::remove(folder_ / name, error);
        if (error) return core::fail(core::ErrorCode::io, (folder_ / name).string() + ": " + error.message());
        return {};
    }

    core::Result<std::uint64_t> free_bytes() override {
        struct statvfs facts{};
        if (::statvfs(folder_.c_str(), &facts) != 0) {
            return std::unexpected(storage::io_error("cannot be looked at", folder_));
        }
        return std::uint64_t{facts.f_bavail} * facts.f_frsize;
    }

private:
    fs::path folder_;
};

}  // namespace

std::string recording_name(std::int64_t recording_started_ns) {
    const auto time = core::from_unix_ms(recording_started_ns / 1'000'000);
    std::string text = core::format_time(time);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string segment_name(std::int64_t recording_started_ns, std::uint32_t number) {
    return fmt::format("{}-{:06}{}", recording_name(recording_started_ns), number, kEnding);
}

bool is_segment_name(std::string_view name) {
    constexpr std::string_view kShape = "00000000T000000.000Z-000000.amsrec";
    return name.size() == kShape.size() && std::ranges::equal(name, kShape, [](char given, char shape) {
               return shape == '0' ? given >= '0' && given <= '9' : given == shape;
           });
}

std::optional<SegmentName> parse_segment_name(std::string_view name) {
    if (!is_segment_name(name)) return std::nullopt;
    const std::string_view stamp = name.substr(0, name.find('-'));
    const auto started = core::parse_time(fmt::format("{}-{}-{}:{}:{}", stamp.substr(0, 4), stamp.substr(4, 2),
                                                      stamp.substr(6, 5), stamp.substr(11, 2), stamp.substr(13)));
    const auto number = core::parse_int(name.substr(stamp.size() + 1, 6));
    if (!started || !number) return std::nullopt;
    return SegmentName{.recording_started_ns = core::to_unix_ms(*started) * 1'000'000,
                       .number = static_cast<std::uint32_t>(*number)};
}

core::Result<std::unique_ptr<RecordingDisk>> make_recording_disk(const fs::path& folder) {
    if (auto made = storage::make_private_directories(folder); !made) return std::unexpected(made.error());
    return std::make_unique<RealDisk>(folder);
}

}  // namespace scanner::recording
