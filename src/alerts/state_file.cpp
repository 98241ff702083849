#include "scanner/alerts/state_file.hpp"

#include "scanner/storage/private_files.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

namespace scanner::alerts {
namespace {

namespace asio = boost::asio;

/// Far more than the state of 100 rules over 2,000 contracts needs.
constexpr std::size_t kMaxStateBytes = 128U << 20U;

asio::awaitable<core::Result<void>> replace_there(std::string path, std::string text) {
    co_return storage::replace_private_file(path, text);
}

class DiskStateFile final : public StateFile {
public:
    explicit DiskStateFile(std::string path) : path_(std::move(path)) {}
    ~DiskStateFile() override { pool_.join(); }

    core::Result<std::string> read() override {
        storage::make_private(path_);
        return storage::read_whole_file(path_, kMaxStateBytes);
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
