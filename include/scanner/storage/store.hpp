#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/storage/alert_archive.hpp"
#include "scanner/storage/detector_states.hpp"
#include "scanner/storage/document_store.hpp"
#include "scanner/storage/episodes.hpp"
#include "scanner/storage/epochs.hpp"
#include "scanner/storage/history.hpp"
#include "scanner/storage/kept_states.hpp"
#include "scanner/storage/store_options.hpp"
#include "scanner/storage/store_status.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace scanner::storage {

/// The database with the spool in front of it. Loop thread only.
class Store {
public:
    virtual ~Store() = default;

    /// Opens the spool, connects, migrates, reads the operator's documents; then keeps writing what the spool holds.
    /// Run it once, before anything else. A database that is away is not an error: the store keeps trying to connect,
    /// and records wait in the spool. Fails where waiting cannot help: the data folder cannot be used (io), another
    /// process uses its spool, or the schema is newer than this program (conflict).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> open() = 0;

    /// In the database, for other hosts; only the elected scanner's are taken.
    [[nodiscard]] virtual DetectorStates& detector_states() = 0;
    [[nodiscard]] virtual History& history() = 0;
    [[nodiscard]] virtual DocumentStore& document_store() = 0;
    [[nodiscard]] virtual AlertArchive& alert_archive() = 0;
    [[nodiscard]] virtual EpisodeLedger& episode_ledger() = 0;
    [[nodiscard]] virtual EpochLedger& epoch_ledger() = 0;
    /// The lease where there is no Redis to keep it; nullptr for SQLite, which one process has to itself anyway. The
    /// store must outlive it.
    [[nodiscard]] virtual std::shared_ptr<ScannerLease> advisory_lease(std::chrono::milliseconds lease) = 0;
    [[nodiscard]] virtual KeptStates& kept_states() = 0;

    /// backlog: batches in the spool that the database has not committed; dropped: batches given up for good.
    [[nodiscard]] virtual StoreStatus status() const = 0;
    /// Bytes of the spool on disk.
    [[nodiscard]] virtual std::uint64_t spool_bytes() const = 0;
    /// The size of history in the database, as last measured (every `retention_interval`).
    [[nodiscard]] virtual HistorySize history_size() const = 0;

    /// Makes all records durable, writes to the database what it can within `grace`, then closes. The rest waits in the
    /// spool for the next start. The object must live until this has returned, or never be opened.
    [[nodiscard]] virtual boost::asio::awaitable<void> close(std::chrono::milliseconds grace) = 0;
};

/// SQLite in `data_dir`/scanner.db. `clock` must outlive the store.
[[nodiscard]] std::unique_ptr<Store> make_sqlite_store(boost::asio::any_io_executor executor, const core::Clock& clock,
                                                       StoreOptions options);
/// `url` as core::parse_postgres_url returns it.
[[nodiscard]] std::unique_ptr<Store> make_postgres_store(boost::asio::any_io_executor executor,
                                                         const core::Clock& clock, StoreOptions options,
                                                         std::string url);

}  // namespace scanner::storage
