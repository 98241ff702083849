#include "app/recording/recording_desk.hpp"

#include "app/recording/recording_files.hpp"

#include "scanner/core/log.hpp"
#include "scanner/net/event.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::size_t kMaxCuts = 2;  ///< being made or sent at a time
constexpr std::chrono::seconds kWriteDeadline{10};

/// The thread that files are read on; lives as long as something is still asked of it.
class FileThread {
public:
    explicit FileThread(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    /// The result of `function`, which runs there. `cancelled` where the caller was.
    template <class T>
    static asio::awaitable<core::Result<T>> run(std::shared_ptr<FileThread> self,
                                                std::function<core::Result<T>()> function) {
        struct Outcome {
            explicit Outcome(const asio::any_io_executor& executor) : done(executor) {}
            std::optional<core::Result<T>> result;
            net::Event done;
        };
        const auto outcome = std::make_shared<Outcome>(self->executor_);
        asio::post(self->pool_, [self, outcome, function = std::move(function)] {
            auto result = std::make_shared<core::Result<T>>(function());
            asio::post(self->executor_, [self, outcome, result] {
                outcome->result.emplace(std::move(*result));
                outcome->done.notify();
            });
        });
        while (!outcome->result) {
            if (co_await outcome->done.wait() == net::Event::Outcome::cancelled) {
                co_return core::fail(core::ErrorCode::cancelled, "given up");
            }
        }
        co_return std::move(*outcome->result);
    }

    /// Waits for what was asked for: as much as there may be at a time.
    void join() { pool_.join(); }

private:
    const asio::any_io_executor executor_;
    asio::thread_pool pool_{1};
};

class FileCut final : public api::RecordingCut {
public:
    FileCut(std::shared_ptr<FileThread> thread, fs::path path, std::uint64_t bytes, std::shared_ptr<void> place)
        : thread_(std::move(thread)),
          path_(std::move(path)),
          bytes_(bytes),
          file_(std::make_shared<std::ifstream>(path_, std::ios::binary)),
          place_(std::move(place)) {}
    ~FileCut() override {
        std::error_code ignored;
        fs::remove_all(path_.parent_path(), ignored);
    }
    FileCut(const FileCut&) = delete;
    FileCut& operator=(const FileCut&) = delete;

    std::uint64_t bytes() const override { return bytes_; }
    std::string name() const override { return path_.filename().string(); }
    asio::awaitable<core::Result<std::string>> read(std::size_t max_bytes) override {
        return FileThread::run<std::string>(thread_, [file = file_, max_bytes]() -> core::Result<std::string> {
            std::string piece(max_bytes, '\0');
            file->read(piece.data(), static_cast<std::streamsize>(max_bytes));
            piece.resize(static_cast<std::size_t>(file->gcount()));
            if (piece.empty() && !file->eof()) return core::fail(core::ErrorCode::io, "the cut cannot be read");
            return piece;
        });
    }

private:
    std::shared_ptr<FileThread> thread_;
    const fs::path path_;
    const std::uint64_t bytes_;
    std::shared_ptr<std::ifstream> file_;
    std::shared_ptr<void> place_;  ///< among the cuts that there may be
};

class RecordingDeskImpl final : public RecordingDesk {
public:
    RecordingDeskImpl(asio::any_io_executor executor, LiveRecording& recording, const settings::Settings& settings)
        : recording_(recording),
          by_settings_(settings.record),
          folder_(record_folder(settings)),
          thread_(std::make_shared<FileThread>(executor)),
          files_(std::make_shared<RecordingFiles>(folder_)),
          executor_(executor),
          timer_(executor) {}
    ~RecordingDeskImpl() override { thread_->join(); }
    RecordingDeskImpl(const RecordingDeskImpl&) = delete;
    RecordingDeskImpl& operator=(const RecordingDeskImpl&) = delete;

    void stop() override { timer_.cancel(); }

    asio::awaitable<core::Result<std::vector<api::RecordingInfo>>> list() override {
        auto found = co_await FileThread::run<std::vector<api::RecordingInfo>>(
            thread_, [files = files_] { return files->list(); });
        if (!found) co_return found;
        if (const auto running = this->running()) {
            const auto place = std::ranges::find(*found, running->id, &api::RecordingInfo::id);
            if (place == found->end()) {
                found->push_back(*running);
            } else {
                place->running = running->running;
                place->state = running->state;
                place->error = running->error;
                place->until = running->until;
            }
        }
        co_return found;
    }

    asio::awaitable<core::Result<api::RecordingInfo>> begin(std::optional<std::chrono::seconds> length) override {
        const auto before = recording_.status();
        if (before && before->state == recording::RecorderState::failed && !by_settings_) {
            // It has ended already; what it holds is written.
            static_cast<void>(co_await finish());
        }
        if (recording_.status()) {
            co_return core::fail(core::ErrorCode::conflict,
                                 by_settings_ ? "A recording is made all the time (SCANNER_RECORD=on)."
                                              : "A recording is made already; DELETE /recordings/current ends it.");
        }
        if (auto begun = recording_.begin(); !begun) co_return std::unexpected(begun.error());
        began_ = core::system_clock().now();
        until_.reset();
        timer_.cancel();
        if (length) {
            until_ = *began_ + *length;
            timer_.expires_after(*length);
            timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
                if (error || alive.expired()) return;
                asio::co_spawn(executor_, end_by_itself(), asio::detached);
            });
        }
        co_return running().value_or(api::RecordingInfo());
    }

    asio::awaitable<core::Result<api::RecordingInfo>> end() override {
        if (!recording_.status()) co_return core::fail(core::ErrorCode::not_found, "No recording is made.");
        if (by_settings_) {
            co_return core::fail(core::ErrorCode::conflict,
                                 "SCANNER_RECORD=on began it, and it ends with the scanner.");
        }
        co_return co_await finish();
    }

    asio::awaitable<core::Result<std::shared_ptr<api::RecordingCut>>> cut(std::string id,
                                                                          api::RecordingRange range) override {
        if (places_.use_count() > static_cast<long>(kMaxCuts)) {
            co_return core::fail(core::ErrorCode::unavailable, "Other cuts are being made; ask again later.");
        }
        const std::shared_ptr<void> place = places_;
        const auto made = co_await FileThread::run<fs::path>(
            thread_, [files = files_, id = std::move(id), range = std::move(range)] { return files->cut(id, range); });
        if (!made) co_return std::unexpected(made.error());
        std::error_code error;
        const std::uint64_t bytes = fs::file_size(*made, error);
        co_return std::make_shared<FileCut>(thread_, *made, error ? 0 : bytes, place);
    }

private:
    [[nodiscard]] std::optional<api::RecordingInfo> running() const {
        const auto status = recording_.status();
        if (!status) return std::nullopt;
        return api::RecordingInfo{.id = status->recording,
                                  .from = began_.value_or(core::system_clock().now()),
                                  .to = {},
                                  .bytes = status->bytes,
                                  .segments = static_cast<std::size_t>(status->segments),
                                  .contracts = {},
                                  .running = status->state == recording::RecorderState::recording ||
                                             status->state == recording::RecorderState::paused,
                                  .state = std::string(to_string(status->state)),
                                  .error = status->error,
                                  .until = until_};
    }

    asio::awaitable<void> end_by_itself() {
        if (recording_.status()) static_cast<void>(co_await finish());
    }

    /// Writes what is left, on the thread that may wait for the disk.
    asio::awaitable<core::Result<api::RecordingInfo>> finish() {
        auto info = running();
        const std::shared_ptr<recording::Recorder> recorder = recording_.end();
        timer_.cancel();
        began_.reset();
        until_.reset();
        if (!recorder || !info) co_return core::fail(core::ErrorCode::not_found, "No recording is made.");
        const auto written = co_await FileThread::run<bool>(
            thread_, [recorder]() -> core::Result<bool> { return recorder->finish(kWriteDeadline); });
        if (!written) co_return std::unexpected(written.error());
        const recording::RecorderStatus last = recorder->status();
        info->bytes = last.bytes;
        info->segments = static_cast<std::size_t>(last.segments);
        info->running = false;
        info->state.clear();
        info->error = last.error;
        info->until.reset();
        if (!*written) {
            core::log(core::LogLevel::error, "recording_not_finished", {{"recording", info->id}});
            co_return core::fail(core::ErrorCode::timeout, "The disk did not take what was left in time.");
        }
        info->to = core::system_clock().now();
        co_return *info;
    }

    LiveRecording& recording_;
    const bool by_settings_;
    const std::string folder_;
    std::shared_ptr<FileThread> thread_;
    std::shared_ptr<RecordingFiles> files_;  ///< used on the thread
    const asio::any_io_executor executor_;
    asio::steady_timer timer_;
    std::optional<core::WallTime> began_;
    std::optional<core::WallTime> until_;
    std::shared_ptr<bool> places_ = std::make_shared<bool>();  ///< each cut holds one
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<RecordingDesk> make_recordings(asio::any_io_executor executor, LiveRecording& recording,
                                               const settings::Settings& settings) {
    return std::make_unique<RecordingDeskImpl>(std::move(executor), recording, settings);
}

}  // namespace scanner::app
