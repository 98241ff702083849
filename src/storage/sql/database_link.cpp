#include "storage/sql/database_link.hpp"

#include <random>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// No limit: what it is given to limits itself.
constexpr milliseconds kUnlimited = std::chrono::hours(24 * 365);
constexpr std::size_t kMaxWaiting = 64;

}  // namespace

DatabaseLink::DatabaseLink(asio::any_io_executor executor, const core::Clock& clock, const StoreOptions& options,
                           Backend backend)
    : executor_(std::move(executor)),
      clock_(clock),
      options_(options),
      database_(std::move(backend)),
      changed_(executor_),
      backoff_({.max_attempts = 0,
                .base = options_.reconnect_base,
                .cap = options_.reconnect_cap,
                .floor = options_.reconnect_base / 2},
               net::make_random_unit(std::random_device{}())),
      worker_(executor_, kMaxWaiting) {}

asio::awaitable<core::Result<MigrationReport>> DatabaseLink::connect() {
    state_ = StoreState::connecting;
    migrating_ = true;
    std::function<core::Result<MigrationReport>()> open = [this] { return database_.open(clock_.now()); };
    auto report = co_await worker_.run<MigrationReport>(std::move(open), kUnlimited);
    migrating_ = false;
    if (!report) {
        fail(report.error());
        co_return report;
    }
    for (const std::string& step : report->steps)
        core::log(core::LogLevel::info, "schema_migrated", {{"database", database_.backend().name}, {"step", step}});
    state_ = StoreState::ready;
    ++connections_;
    if (!write_failing_) note_recovery();
    co_return report;
}

asio::awaitable<void> DatabaseLink::keep_connected(std::function<void()> connected) {
    while (!stopping_) {
        if (ready()) {
            co_await changed_.wait_for(milliseconds(1'000));
            continue;
        }
        // Sessions that end with a write that failed count as attempts that did.
        if (write_failing_) co_await pause(backoff_.next().value_or(options_.reconnect_cap));
        if (stopping_) break;
        if (const auto report = co_await connect(); report) {
            changed_.notify();
            connected();
        } else if (!stopping_) {
            co_await pause(backoff_.next().value_or(options_.reconnect_cap));
        }
    }
}

/// Nothing but stop() ends it early.
asio::awaitable<void> DatabaseLink::pause(milliseconds length) {
    const auto until = std::chrono::steady_clock::now() + length;
    while (!stopping_ && std::chrono::steady_clock::now() < until)
        co_await changed_.wait_for(std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now()));
}

void DatabaseLink::note_recovery() {
    backoff_.reset();
    failure_.recovered();
    last_error_.clear();
}

void DatabaseLink::write_worked() {
    write_failing_ = false;
    note_recovery();
}

void DatabaseLink::write_failed(const core::Error& error) {
    write_failing_ = true;
    if (state_ != StoreState::ready) return;  // what ended the session has been said
    last_error_ = error.message();
    failure_.failed(core::to_string(error.code()),
                    {{"database", database_.backend().name}, {"error", std::string_view(last_error_)}});
}

asio::awaitable<void> DatabaseLink::watch() {
    while (!stopping_) {
        co_await changed_.wait_for(milliseconds(1'000));
        const milliseconds limit = options_.query_timeout + milliseconds(3'000);
        if (migrating_ || worker_.busy_for() < limit) continue;
        core::log(core::LogLevel::warning, "database_interrupted", {{"busy_ms", worker_.busy_for().count()}});
        database_.interrupt();
    }
}

void DatabaseLink::stop() {
    stopping_ = true;
    changed_.notify();
}

void DatabaseLink::join() {
    database_.interrupt();
    worker_.join();
}

StoreState DatabaseLink::shown_state() const {
    if (state_ == StoreState::ready && write_failing_) return StoreState::down;
    return embedded() && state_ == StoreState::ready ? StoreState::embedded : state_;
}

std::string DatabaseLink::away() const {
    return database_.backend().name + " is away: " + (last_error_.empty() ? "not connected yet" : last_error_);
}

void DatabaseLink::note(const core::Error* error) {
    if (error == nullptr) return;
    if (error->code() != core::ErrorCode::unavailable && error->code() != core::ErrorCode::internal) return;
    if (state_ != StoreState::ready) return;  // another one has said so already
    fail(*error);
}

void DatabaseLink::fail(const core::Error& error) {
    state_ = StoreState::down;
    last_error_ = error.message();
    failure_.failed(core::to_string(error.code()),
                    {{"database", database_.backend().name}, {"error", std::string_view(last_error_)}});
    changed_.notify();
}

asio::awaitable<bool> DatabaseLink::becomes_ready(milliseconds at_most) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (!ready() && !stopping_) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) break;
        co_await changed_.wait_for(left);
    }
    co_return ready();
}

}  // namespace scanner::storage
