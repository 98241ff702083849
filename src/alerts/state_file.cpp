#include "scanner/alerts/state_file.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace scanner::alerts {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;

core::Error io_error(std::string_view what, const std::string& path, int number) {
    return {ErrorCode::io, fmt::format("{}: {}: {}", path, what, std::generic_category().message(number))};
}

/// A descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

core::Result<void> write_durably(const std::string& path, std::string_view text) {
    constexpr mode_t kOwnerOnly = 0600;
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOwnerOnly));
    if (file.get() < 0) return std::unexpected(io_error("cannot be opened", path, errno));
    while (!text.empty()) {
        const auto written = ::write(file.get(), text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return std::unexpected(io_error("cannot be written", path, errno));
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.get()) != 0) return std::unexpected(io_error("cannot be made durable", path, errno));
    return {};
}

/// Writes beside the file and renames: the name always stands for a whole text.
core::Result<void> replace_file(const std::string& path, std::string_view text) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code made;
    if (!folder.empty()) std::filesystem::create_directories(folder, made);
    const std::string fresh = path + ".new";
    if (auto written = write_durably(fresh, text); !written) return written;
    if (::rename(fresh.c_str(), path.c_str()) != 0) return std::unexpected(io_error("cannot be replaced", path, errno));
    // The rename itself is durable once the folder is.
    const Descriptor opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.get() >= 0) ::fsync(opened.get());
    return {};
}

asio::awaitable<core::Result<void>> replace_there(std::string path, std::string text) {
    co_return replace_file(path, text);
}

class DiskStateFile final : public StateFile {
public:
    explicit DiskStateFile(std::string path) : path_(std::move(path)) {}
    ~DiskStateFile() override { pool_.join(); }

    core::Result<std::string> read() override {
        std::error_code missing;
        if (!std::filesystem::exists(path_, missing))
            return core::fail(ErrorCode::not_found, path_ + " does not exist");
        std::ifstream file(path_, std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        if (!file) return std::unexpected(io_error("cannot be read", path_, errno));
        return text;
    }

    asio::awaitable<core::Result<void>> write(std::string text) override {
        co_return co_await asio::co_spawn(pool_, replace_there(path_, std::move(text)), asio::use_awaitable);
    }

    void set_aside() override {
        std::error_code failed;  // then the next write replaces it
        std::filesystem::rename(path_, path_ + ".damaged", failed);
    }

private:
    std::string path_;
    asio::thread_pool pool_{1};
};

}  // namespace

std::unique_ptr<StateFile> make_state_file(std::string path) {
    return std::make_unique<DiskStateFile>(std::move(path));
}

}  // namespace scanner::alerts
