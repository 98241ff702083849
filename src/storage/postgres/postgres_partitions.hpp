#pragma once

#include "storage/sql/schema.hpp"
#include "storage/sql/sql.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace scanner::storage {

/// How Postgres keeps a table of rows over time.
enum class TableStorage { plain, partitioned, hypertable };
[[nodiscard]] TableStorage storage_of(SqlSession& session, std::string_view table);

/// Whether TimescaleDB is installed in this database.
[[nodiscard]] bool has_timescale(SqlSession& session);

/// Makes the partitions that rows of these times need, where they are missing.
void make_partitions(SqlSession& session, const Table& table, std::span<const core::WallTime> times);

/// Bytes of a table with its partitions (or chunks) and indices. Of a plain table, which does not shrink when rows are
/// deleted, those of the rows that are left, by the server's statistics: 0 before it has any.
[[nodiscard]] std::uint64_t postgres_bytes_of(SqlSession& session, std::string_view table);

/// Where the oldest partition (or, at the latest, chunk) ends; of a plain table the end of its oldest row's day (UTC).
/// Nothing for an empty table.
[[nodiscard]] std::optional<core::WallTime> postgres_end_of_oldest_part(SqlSession& session, std::string_view table,
                                                                        std::string_view time_column);

/// Drops the oldest partition that holds nothing from `before` on. False when there is none.
[[nodiscard]] bool drop_old_partition(SqlSession& session, const Table& table, core::WallTime before);

}  // namespace scanner::storage
