#include "storage/history/retention.hpp"

#include "storage/history/history_sql.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

namespace scanner::storage {
namespace {

using std::chrono::days;

constexpr std::size_t kSmallBatch = 2'000;

days retention_of(std::string_view table, const StoreOptions& options) {
    if (table.starts_with("bars")) return options.bars_retention;
    if (table == "ranking_inputs") return std::min(options.inputs_retention, options.rankings_retention);
    return options.rankings_retention;
}

bool remove_older(SqlSession& session, std::string_view table, core::WallTime before) {
    SqlTransaction transaction(session);
    const bool more = session.prune(table, "ts", before, kSmallBatch);
    transaction.commit();
    return more;
}

/// The end of the oldest day or partition that may go; nothing when only the newest day is left.
std::optional<core::WallTime> end_of_oldest(SqlSession& session, core::WallTime now) {
    SqlTransaction transaction(session);
    std::optional<core::WallTime> end;
    for (const std::string_view table : kHistoryTables) {
        const auto own = session.end_of_oldest_part(table, "ts");
        if (own && (!end || *own < *end)) end = own;
    }
    if (end && *end > std::chrono::floor<days>(now)) return std::nullopt;
    return end;
}

std::uint64_t measure(SqlSession& session) {
    SqlTransaction transaction(session);
    return session.bytes_of(kHistoryTables);
}

/// What is known of the tables' sizes is renewed.
void note_removed(SqlSession& session) {
    SqlTransaction transaction(session);
    for (const std::string_view table : kHistoryTables) session.note_removed(table);
    transaction.commit();
}

}  // namespace

Pruned prune_history(SqlSession& session, const StoreOptions& options, core::WallTime now) {
    Pruned pruned;
    for (const std::string_view table : kHistoryTables)
        pruned.more = remove_older(session, table, now - retention_of(table, options)) || pruned.more;
    if (pruned.more) return pruned;
    pruned.bytes = measure(session);
    if (options.history_max_bytes == 0 || *pruned.bytes <= options.history_max_bytes) return pruned;
    const auto end = end_of_oldest(session, now);
    if (!end) {
        pruned.over = true;
        return pruned;
    }
    pruned.removed_before = end;
    for (const std::string_view table : kHistoryTables) static_cast<void>(remove_older(session, table, *end));
    note_removed(session);
    pruned.more = true;  // whether it was enough shows when it is measured again
    return pruned;
}

}  // namespace scanner::storage
