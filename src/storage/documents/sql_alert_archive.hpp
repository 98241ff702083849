#pragma once

#include "storage/sql/database_link.hpp"

#include "scanner/storage/alert_archive.hpp"
#include "scanner/storage/history.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace scanner::storage {

/// Alerts in the history's tables, dead letters in one of their own. Loop thread only; must outlive its coroutines.
class SqlAlertArchive final : public AlertArchive {
public:
    /// `link` must outlive it; `record` puts a batch into the spool.
    SqlAlertArchive(DatabaseLink& link, std::function<void(HistoryBatch)> record)
        : link_(link), record_(std::move(record)) {}

    void record_alerts(std::vector<AlertRecord> alerts) override;
    boost::asio::awaitable<core::Result<AlertsPage>> alerts(AlertsQuery query) override;

    boost::asio::awaitable<core::Result<DeadLetter>> add_dead_letter(DeadLetter letter) override;
    boost::asio::awaitable<core::Result<std::vector<DeadLetter>>> dead_letters(std::size_t limit) override;
    boost::asio::awaitable<core::Result<void>> delete_dead_letter(std::int64_t id) override;

private:
    DatabaseLink& link_;
    std::function<void(HistoryBatch)> record_;
};

}  // namespace scanner::storage
