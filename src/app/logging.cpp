#include "app/logging.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace scanner::app {
namespace {

constexpr std::size_t kQueuedLines = 8192;

/// Writes finished lines to a file descriptor. Runs on the log thread alone, which may wait for a slow reader, but not
/// for ever once the session ends.
class DescriptorSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

    /// From here on, what is left is dropped if it is not read for two seconds. Any thread.
    void set_write_deadline() { has_deadline_.store(true, std::memory_order_relaxed); }

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        line_.assign(message.payload.data(), message.payload.size());
        line_ += '\n';
        std::string_view rest = line_;
        while (!rest.empty() && wait_until_writable()) {
            // A pipe that polls as writable takes PIPE_BUF bytes without blocking; more might wait for ever.
            const ssize_t written = ::write(descriptor_, rest.data(), std::min<std::size_t>(rest.size(), PIPE_BUF));
            if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
            if (written <= 0) return;  // closed or broken: there is nowhere left to say so
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    void flush_() override {}

    bool wait_until_writable() {
        while (!gave_up_) {
            pollfd waiting{.fd = descriptor_, .events = POLLOUT, .revents = 0};
            const int ready =
                ::poll(&waiting, 1, has_deadline_.load(std::memory_order_relaxed) ? kLastWaitMs : kWaitMs);
            if (ready > 0) return true;
            if (ready < 0 && errno != EINTR) return false;
            gave_up_ = ready == 0 && std::exchange(last_wait_, has_deadline_.load(std::memory_order_relaxed));
        }
        return false;
    }

    static constexpr int kWaitMs = 250;
    static constexpr int kLastWaitMs = 1'000;
    int descriptor_;
    std::string line_;
    std::atomic<bool> has_deadline_{false};
    bool last_wait_ = false;  ///< a wait has passed in vain since set_write_deadline()
    bool gave_up_ = false;
};

spdlog::level::level_enum to_spdlog(core::LogLevel level) {
    return static_cast<spdlog::level::level_enum>(level);
}
static_assert(static_cast<int>(core::LogLevel::warning) == SPDLOG_LEVEL_WARN);
static_assert(static_cast<int>(core::LogLevel::off) == SPDLOG_LEVEL_OFF);

/// Makes the line where the record is made (it borrows its text) and hands it to spdlog's queue.
class SpdlogSink final : public core::LogSink {
public:
    SpdlogSink(std::shared_ptr<spdlog::logger> logger, settings::LogFormat format)
        : logger_(std::move(logger)), format_(format) {}

    void write(const core::LogRecord& record) override {
        const auto now = core::system_clock().now();
        const std::string line =
            format_ == settings::LogFormat::json ? format_log_json(record, now) : format_log_text(record, now);
        logger_->log(to_spdlog(record.level), spdlog::string_view_t(line.data(), line.size()));
    }

private:
    std::shared_ptr<spdlog::logger> logger_;
    settings::LogFormat format_;
};

class SpdlogSession final : public LogSession {
public:
    SpdlogSession(int descriptor, core::LogLevel level, settings::LogFormat format)
        : pool_(std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1)),
          sink_(std::make_shared<DescriptorSink>(descriptor)),
          logger_(std::make_shared<spdlog::async_logger>("scanner", sink_, pool_,
                                                         spdlog::async_overflow_policy::overrun_oldest)) {
        logger_->set_level(spdlog::level::trace);  // core::log has already dropped what is not wanted
        previous_level_ = core::log_level();
        core::set_log_level(level);
        previous_ = core::set_log_sink(std::make_shared<SpdlogSink>(logger_, format));
    }

    ~SpdlogSession() override {
        if (const std::size_t lost = dropped(); lost > 0) {
            core::log(core::LogLevel::warning, "log_lines_dropped", {{"lines", lost}});
        }
        core::set_log_sink(std::move(previous_));
        core::set_log_level(previous_level_);
        sink_->set_write_deadline();
        pool_.reset();  // its destructor writes what is queued and ends the thread, which shares the logger
    }

    [[nodiscard]] std::size_t dropped() const override { return pool_->overrun_counter(); }

private:
    std::shared_ptr<spdlog::details::thread_pool> pool_;
    std::shared_ptr<DescriptorSink> sink_;
    std::shared_ptr<spdlog::logger> logger_;
    std::shared_ptr<core::LogSink> previous_;
    core::LogLevel previous_level_ = core::LogLevel::warning;
};

}  // namespace

std::unique_ptr<LogSession> start_logging(core::LogLevel level, settings::LogFormat format) {
    return start_logging_to(STDERR_FILENO, level, format);
}

std::unique_ptr<LogSession> start_logging_to(int descriptor, core::LogLevel level, settings::LogFormat format) {
    return std::make_unique<SpdlogSession>(descriptor, level, format);
}

}  // namespace scanner::app
