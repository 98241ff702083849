#include "storage/sql/database.hpp"

#include "storage/postgres/postgres_session.hpp"
#include "storage/sqlite/sqlite_session.hpp"

#include "scanner/core/log.hpp"
#include "scanner/storage/private_files.hpp"

#include <filesystem>
#include <utility>

namespace scanner::storage {

core::Result<MigrationReport> Database::open(core::WallTime now) {
    close();
    try {
        auto session = backend_.connect();
        {
            const std::scoped_lock guard(mutex_);
            session_ = std::move(session);
        }
        return migrate(*session_, *backend_.dialect, now);
    } catch (...) {
        auto error = failure(std::current_exception());
        close();
        return std::unexpected(std::move(error));
    }
}

void Database::close() {
    std::unique_ptr<SqlSession> session;
    const std::scoped_lock guard(mutex_);
    session = std::move(session_);
}

void Database::interrupt() noexcept {
    const std::scoped_lock guard(mutex_);
    if (session_) session_->interrupt();
}

core::Error Database::failure(const std::exception_ptr& exception) {
    core::Error error(core::ErrorCode::internal, backend_.name + ": unknown failure");
    try {
        std::rethrow_exception(exception);
    } catch (const DataRefused& caught) {
        core::log(core::LogLevel::warning, "database_refused_data", {{"error", caught.what()}});
        error = core::Error(caught.code(),
                            "the database cannot hold or compare this: a text or a number of it is out "
                            "of its range");
    } catch (const SqlError& caught) {
        error = core::Error(caught.code(), caught.what());
    } catch (const std::exception& caught) {
        error = core::Error(core::ErrorCode::internal, backend_.name + ": " + caught.what());
    } catch (...) {  // NOLINT(bugprone-empty-catch): nothing known about it
    }
    if (error.code() == core::ErrorCode::unavailable || error.code() == core::ErrorCode::internal) close();
    return error;
}

Backend sqlite_backend(const std::string& data_dir) {
    const std::filesystem::path directory(data_dir);
    return {.name = "sqlite",
            .connect =
                [directory] {
                    if (auto made = make_private_directories(directory); !made)
                        throw SqlError(core::ErrorCode::io, "sqlite: " + made.error().message());
                    return open_sqlite_session(directory / "scanner.db");
                },
            .dialect = make_sqlite_dialect(),
            .embedded = true};
}

Backend postgres_backend(const std::string& url, std::chrono::milliseconds statement_timeout) {
    return {.name = "postgres",
            .connect = [url, statement_timeout] { return open_postgres_session(url, statement_timeout); },
            .dialect = make_postgres_dialect(),
            .listen = [url](std::string_view channel) { return listen_to_postgres(url, channel); }};
}

namespace {

core::Result<MigrationReport> migrate_once(Backend backend) {
    Database database(std::move(backend));
    return database.open(core::system_clock().now());
}

}  // namespace

core::Result<MigrationReport> migrate_sqlite(const std::string& data_dir) {
    return migrate_once(sqlite_backend(data_dir));
}

core::Result<MigrationReport> migrate_postgres(const std::string& url) {
    return migrate_once(postgres_backend(url, std::chrono::milliseconds(0)));
}

}  // namespace scanner::storage
