#pragma once

#include "storage/sql/change_watch.hpp"
#include "storage/sql/schema.hpp"
#include "storage/sql/sql.hpp"

#include "scanner/core/error.hpp"
#include "scanner/storage/migration.hpp"

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace scanner::storage {

/// Which database, and how to reach it.
struct Backend {
    std::string name;                                      ///< "sqlite", "postgres": for messages
    std::function<std::unique_ptr<SqlSession>()> connect;  ///< throws SqlError
    std::unique_ptr<SchemaDialect> dialect;
    /// Hears of changes by other processes; empty where no one tells of them.
    std::function<std::unique_ptr<ChangeListener>(std::string_view channel)> listen = {};
    /// A file of ours: a failure at the start is final, unless another program has it locked (timeout).
    bool embedded = false;
};

/// The database as values instead of exceptions. Blocking; on one thread, except for interrupt().
class Database {
public:
    explicit Database(Backend backend) : backend_(std::move(backend)) {}
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] const Backend& backend() const { return backend_; }

    /// Connects (anew) and brings the schema up to date.
    [[nodiscard]] core::Result<MigrationReport> open(core::WallTime now);
    void close();

    /// What `work` returns. A connection that is lost, or in an unknown state, is closed.
    template <class F>
        requires std::invocable<const F&, SqlSession&>
    [[nodiscard]] auto run(const F& work) -> core::Result<std::invoke_result_t<const F&, SqlSession&>> {
        if (!session_) return core::fail(core::ErrorCode::unavailable, backend_.name + ": not connected");
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<const F&, SqlSession&>>) {
                work(*session_);
                return {};
            } else {
                return work(*session_);
            }
        } catch (...) {
            return std::unexpected(failure(std::current_exception()));
        }
    }

    /// Ends what runs, from any thread.
    void interrupt() noexcept;

private:
    core::Error failure(const std::exception_ptr& exception);

    Backend backend_;
    std::mutex mutex_;  // guards the pointer against interrupt()
    std::unique_ptr<SqlSession> session_;
};

[[nodiscard]] Backend sqlite_backend(const std::string& data_dir);
[[nodiscard]] Backend postgres_backend(const std::string& url, std::chrono::milliseconds statement_timeout);

}  // namespace scanner::storage
