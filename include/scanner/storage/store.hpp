#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/storage/alert_archive.hpp"
#include "scanner/storage/document_store.hpp"
#include "scanner/storage/history.hpp"
#include "scanner/storage/snapshot_cache.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace scanner::storage {

struct StoreOptions {
    std::string data_dir;                           ///< holds spool/ and the SQLite file; made when missing
    std::chrono::days bars_retention{60};           ///< of minute aggregates and candles
    std::chrono::days rankings_retention{60};       ///< of cycles, rankings, their inputs, alerts
    std::uint64_t spool_max_bytes = 1ULL << 30U;    ///< over it the oldest segment is dropped, counted and logged
    std::uint64_t spool_segment_bytes = 4U << 20U;  ///< a segment is closed when it is this long
    std::chrono::milliseconds query_timeout{10'000};
    std::chrono::milliseconds reconnect_base{100};
    std::chrono::milliseconds reconnect_cap{5'000};
    std::chrono::milliseconds refresh_interval{5'000};     ///< of the operator's documents
    std::chrono::milliseconds retention_interval{60'000};  ///< between looks for what is too old
};

/// The database with the spool in front of it. Loop thread only.
class Store {
public:
    virtual ~Store() = default;

    /// Opens the spool, connects, migrates, reads the operator's documents; then keeps writing what the spool holds.
    /// Run it once, before anything else. A database that is away is no error: it is looked for in the background, and
    /// what is recorded waits in the spool. Fails where waiting cannot help: the data folder cannot be used (io), or
    /// another process uses its spool, or the schema is newer than this program (conflict).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> open() = 0;

    [[nodiscard]] virtual History& history() = 0;
    [[nodiscard]] virtual DocumentStore& document_store() = 0;
    [[nodiscard]] virtual AlertArchive& alert_archive() = 0;

    /// backlog: batches in the spool that the database has not committed; dropped: batches given up for good.
    [[nodiscard]] virtual StoreStatus status() const = 0;
    /// Bytes of the spool on disk.
    [[nodiscard]] virtual std::uint64_t spool_bytes() const = 0;

    /// Makes what was recorded durable, lets the database take what it can within `grace`, then closes. What it did not
    /// take waits in the spool for the next start. The object must live until this has returned, or never be opened.
    [[nodiscard]] virtual boost::asio::awaitable<void> close(std::chrono::milliseconds grace) = 0;
};

/// SQLite in `data_dir`/scanner.db. `clock` must outlive the store.
[[nodiscard]] std::unique_ptr<Store> make_sqlite_store(boost::asio::any_io_executor executor, const core::Clock& clock,
                                                       StoreOptions options);
/// `url` as core::parse_postgres_url returns it.
[[nodiscard]] std::unique_ptr<Store> make_postgres_store(boost::asio::any_io_executor executor,
                                                         const core::Clock& clock, StoreOptions options,
                                                         std::string url);

/// What a migration came to.
struct MigrationReport {
    int from_version = 0;  ///< 0: there was no schema of this program
    int to_version = 0;
    std::vector<std::string> steps;  ///< sentences, in order; empty when there was nothing to do
};
/// Brings the schema up to date now; for `market-scanner migrate`. Blocks. conflict: the schema is newer than this
/// program; unavailable: the database is away.
[[nodiscard]] core::Result<MigrationReport> migrate_sqlite(const std::string& data_dir);
[[nodiscard]] core::Result<MigrationReport> migrate_postgres(const std::string& url);

}  // namespace scanner::storage
