#pragma once

#include "storage/sql/schema.hpp"
#include "storage/sql/sql.hpp"

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

/// Drops the oldest partition that holds nothing from `before` on. False when there is none.
[[nodiscard]] bool drop_old_partition(SqlSession& session, const Table& table, core::WallTime before);

}  // namespace scanner::storage
