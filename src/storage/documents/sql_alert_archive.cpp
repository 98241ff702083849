#include "storage/documents/sql_alert_archive.hpp"

#include "storage/documents/operator_sql.hpp"
#include "storage/history/history_sql.hpp"

#include <string>
#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;

core::Result<void> check_limit(std::size_t limit) {
    if (limit < 1 || limit > kMaxPageRows)
        return core::fail(core::ErrorCode::invalid_input, "limit: expected 1 to " + std::to_string(kMaxPageRows));
    return {};
}

}  // namespace

void SqlAlertArchive::record_alerts(std::vector<AlertRecord> alerts) {
    if (alerts.empty()) return;
    HistoryBatch batch;
    batch.alerts = std::move(alerts);
    record_(std::move(batch));
}

asio::awaitable<core::Result<AlertsPage>> SqlAlertArchive::alerts(AlertsQuery query) {
    if (auto checked = check_limit(query.limit); !checked) co_return std::unexpected(checked.error());
    std::function<AlertsPage(SqlSession&)> work = [query](SqlSession& session) { return read_alerts(session, query); };
    co_return co_await link_.read<AlertsPage>(std::move(work));
}

asio::awaitable<core::Result<DeadLetter>> SqlAlertArchive::add_dead_letter(DeadLetter letter) {
    std::function<DeadLetter(SqlSession&)> work = [letter](SqlSession& session) {
        return write_dead_letter(session, letter);
    };
    co_return co_await link_.read<DeadLetter>(std::move(work));
}

asio::awaitable<core::Result<std::vector<DeadLetter>>> SqlAlertArchive::dead_letters(std::size_t limit) {
    if (auto checked = check_limit(limit); !checked) co_return std::unexpected(checked.error());
    std::function<std::vector<DeadLetter>(SqlSession&)> work = [limit](SqlSession& session) {
        return read_dead_letters(session, limit);
    };
    co_return co_await link_.read<std::vector<DeadLetter>>(std::move(work));
}

asio::awaitable<core::Result<void>> SqlAlertArchive::delete_dead_letter(std::int64_t id) {
    std::function<void(SqlSession&)> work = [id](SqlSession& session) { remove_dead_letter(session, id); };
    co_return co_await link_.read<void>(std::move(work));
}

}  // namespace scanner::storage
