#include "storage/postgres/postgres_partitions.hpp"

#include "storage/postgres/postgres_text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <set>
#include <string>

namespace scanner::storage {
namespace {

using std::chrono::days;

constexpr std::int64_t kPartitionLock = 0x6d735f70617274;  // "ms_part"

core::WallTime partition_start(core::WallTime time, int partition_days) {
    const auto day = std::chrono::floor<days>(time).time_since_epoch().count();
    const auto start =
        day >= 0 ? day - day % partition_days : (day - partition_days + 1) / partition_days * partition_days;
    return std::chrono::sys_days(days(start));
}

/// "rankings_p20261122"
std::string partition_name(std::string_view table, core::WallTime start) {
    const std::string text = core::format_time(start);
    return fmt::format("{}_p{}{}{}", table, text.substr(0, 4), text.substr(5, 2), text.substr(8, 2));
}

std::optional<core::WallTime> start_of_partition(std::string_view name) {
    const std::size_t mark = name.rfind("_p");
    if (mark == std::string_view::npos || name.size() != mark + 10) return std::nullopt;
    const std::string_view date = name.substr(mark + 2);
    return core::parse_time(fmt::format("{}-{}-{}T00:00:00Z", date.substr(0, 4), date.substr(4, 2), date.substr(6, 2)));
}

struct Partition {
    std::string name;
    core::WallTime end;
};

std::optional<Partition> oldest_partition(SqlSession& session, const Table& table) {
    std::optional<Partition> oldest;
    session.execute(
        "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
        "WHERE inhparent = to_regclass(?1) ORDER BY child.relname",
        {table.name}, [&](const SqlRow& row) {
            const auto start = start_of_partition(row.text(0));
            if (start && !oldest)
                oldest = {.name = std::string(row.text(0)), .end = *start + days(table.partition_days)};
        });
    return oldest;
}

}  // namespace

TableStorage storage_of(SqlSession& session, std::string_view table) {
    bool partitioned = false;
    session.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass(?1)", {table},
                    [&](const SqlRow& row) { partitioned = row.integer(0) != 0; });
    if (partitioned) return TableStorage::partitioned;
    if (!has_timescale(session)) return TableStorage::plain;
    bool hypertable = false;
    session.execute("SELECT count(*) > 0 FROM timescaledb_information.hypertables WHERE hypertable_name = ?1", {table},
                    [&](const SqlRow& row) { hypertable = row.integer(0) != 0; });
    return hypertable ? TableStorage::hypertable : TableStorage::plain;
}

bool has_timescale(SqlSession& session) {
    bool found = false;
    session.execute(
        "SELECT count(*) > 0 FROM pg_proc WHERE proname = 'create_hypertable' "
        "AND to_regclass('timescaledb_information.hypertables') IS NOT NULL",
        {}, [&](const SqlRow& row) { found = row.integer(0) != 0; });
    return found;
}

void make_partitions(SqlSession& session, const Table& table, std::span<const core::WallTime> times) {
    std::set<core::WallTime> starts;
    for (const core::WallTime time : times) starts.insert(partition_start(time, table.partition_days));
    for (const core::WallTime start : starts) {
        const std::string name = partition_name(table.name, start);
        bool exists = false;
        session.execute("SELECT to_regclass(?1) IS NOT NULL", {std::string_view(name)},
                        [&](const SqlRow& row) { exists = row.integer(0) != 0; });
        if (exists) continue;
        // One at a time, or two processes that make the same one collide in the catalogue.
        session.execute("SELECT pg_advisory_xact_lock(?1)", {kPartitionLock});
        session.execute(fmt::format("CREATE TABLE IF NOT EXISTS {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})", name,
                                    table.name, time_literal(start), time_literal(start + days(table.partition_days))));
    }
}

std::uint64_t postgres_bytes_of(SqlSession& session, std::string_view table) {
    // 24 bytes of header and 4 of pointer a row, beside what its columns take.
    const std::string_view statement =
        storage_of(session, table) == TableStorage::plain
            ? "SELECT (greatest(c.reltuples, 0) * (28 + (SELECT coalesce(sum(s.avg_width * (1 - s.null_frac)), 0) FROM "
              "pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname)))::bigint FROM pg_class c JOIN "
              "pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(?1)"
            : "SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits WHERE inhparent = "
              "to_regclass(?1)";
    std::uint64_t bytes = 0;
    session.execute(statement, {table}, [&](const SqlRow& row) { bytes = row.count(0); });
    return bytes;
}

std::optional<core::WallTime> postgres_end_of_oldest_part(SqlSession& session, std::string_view table,
                                                          std::string_view time_column) {
    const TableStorage kept_as = storage_of(session, table);
    if (kept_as == TableStorage::partitioned) {
        const std::optional<Partition> oldest = oldest_partition(session, find_table(table));
        return oldest ? std::optional(oldest->end) : std::nullopt;
    }
    // Wherever its bounds are, the chunk of the oldest row ends within its length from there.
    const days part(kept_as == TableStorage::hypertable ? find_table(table).partition_days : 1);
    std::optional<core::WallTime> end;
    session.execute(
        fmt::format("SELECT {} FROM {} ORDER BY {} LIMIT 1", session.time_of(time_column), table, time_column), {},
        [&](const SqlRow& row) { end = std::chrono::floor<days>(row.time(0)) + part; });
    return end;
}

bool drop_old_partition(SqlSession& session, const Table& table, core::WallTime before) {
    const std::optional<Partition> oldest = oldest_partition(session, table);
    if (!oldest || oldest->end > before) return false;
    session.execute(fmt::format("DROP TABLE {}", oldest->name));
    return true;
}

}  // namespace scanner::storage
