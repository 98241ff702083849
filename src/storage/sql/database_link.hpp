#pragma once

#include "storage/sql/database.hpp"
#include "storage/sql/worker.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/log.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/retry.hpp"
#include "scanner/storage/history.hpp"
#include "scanner/storage/migration.hpp"
#include "scanner/storage/snapshot_cache.hpp"
#include "scanner/storage/store_options.hpp"
#include "scanner/storage/store_status.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace scanner::storage {

/// The database as seen from the loop: its thread, and the connection, which is renewed when lost. Loop thread only;
/// must outlive its coroutines.
class DatabaseLink {
public:
    DatabaseLink(boost::asio::any_io_executor executor, const core::Clock& clock, const StoreOptions& options,
                 Backend backend);

    /// Connects and migrates once. Nothing limits it but the connect time-out and what the migration takes.
    [[nodiscard]] boost::asio::awaitable<core::Result<MigrationReport>> connect();
    /// Connects again whenever the connection is lost, with back-off, until stop(). `connected` is called after each
    /// success.
    [[nodiscard]] boost::asio::awaitable<void> keep_connected(std::function<void()> connected);
    /// Ends a piece of work that hangs: a frozen server sends nothing, not even a time-out.
    [[nodiscard]] boost::asio::awaitable<void> watch();
    void stop();
    /// Ends the statement that runs.
    void interrupt() { database_.interrupt(); }
    /// Blocks until the thread has ended.
    void join();

    /// What `work` returns; unavailable at once while there is no connection.
    template <class T>
    [[nodiscard]] boost::asio::awaitable<core::Result<T>> call(std::function<T(SqlSession&)> work,
                                                               std::chrono::milliseconds limit) {
        if (state_ != StoreState::ready) co_return core::fail(core::ErrorCode::unavailable, away());
        std::function<core::Result<T>()> there = [this, work = std::move(work)] { return database_.run(work); };
        auto result = co_await worker_.run<T>(std::move(there), limit);
        note(result ? nullptr : &result.error());
        co_return result;
    }
    /// The same for reading: once more when the connection turned out to be dead and a new one is there soon.
    template <class T>
    [[nodiscard]] boost::asio::awaitable<core::Result<T>> read(std::function<T(SqlSession&)> work) {
        auto result = co_await call<T>(work, options_.query_timeout);
        if (result || result.error().code() != core::ErrorCode::unavailable) co_return result;
        if (!co_await becomes_ready(std::chrono::milliseconds(1'000))) co_return result;
        co_return co_await call<T>(std::move(work), options_.query_timeout);
    }

    /// A write was committed: the store is up again.
    void write_worked();
    /// A write failed or was refused: the store is down until one works, whatever the connection does meanwhile.
    void write_failed(const core::Error& error);

    [[nodiscard]] bool ready() const { return state_ == StoreState::ready; }
    /// How many connections there have been: tells one from the next.
    [[nodiscard]] std::uint64_t connections() const { return connections_; }
    /// embedded, where that is what it is, in place of ready; down while writes fail.
    [[nodiscard]] StoreState shown_state() const;
    /// Empty when there is none.
    [[nodiscard]] const std::string& last_error() const { return last_error_; }
    /// Whether the database tells of what other processes change, and how it is heard; any thread.
    [[nodiscard]] bool listens() const { return static_cast<bool>(database_.backend().listen); }
    [[nodiscard]] std::unique_ptr<ChangeListener> listen(std::string_view channel) const {
        return database_.backend().listen(channel);
    }
    [[nodiscard]] bool embedded() const { return database_.backend().embedded; }

private:
    [[nodiscard]] std::string away() const;
    void note(const core::Error* error);
    void fail(const core::Error& error);
    void note_recovery();
    [[nodiscard]] boost::asio::awaitable<void> pause(std::chrono::milliseconds length);
    [[nodiscard]] boost::asio::awaitable<bool> becomes_ready(std::chrono::milliseconds at_most);

    boost::asio::any_io_executor executor_;
    const core::Clock& clock_;
    StoreOptions options_;
    Database database_;
    net::Event changed_;
    net::Backoff backoff_;
    StoreState state_ = StoreState::connecting;
    std::uint64_t connections_ = 0;
    bool write_failing_ = false;
    bool migrating_ = false;
    bool stopping_ = false;
    std::string last_error_;
    core::RepeatedFailure failure_{"database_lost"};
    Worker worker_;  // last: its thread ends before what it uses
};

}  // namespace scanner::storage
