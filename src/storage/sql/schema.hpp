#pragma once

#include "storage/sql/sql.hpp"

#include "scanner/storage/store.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::storage {

struct Index {
    std::string_view name;
    std::string_view columns;
};

/// A table as this program makes it.
struct Table {
    std::string_view name;
    std::span<const Column> columns;
    /// Its natural key: the primary key, unless there is an identity column, then a unique index.
    std::string_view key = "";
    std::span<const Index> indices;
    int partition_days = 0;  ///< Postgres: RANGE partitions of so many days over `ts`; 0: a plain table
    /// Rows where this column is 0 were written by the old service and may break the key. Empty where it had no such
    /// table.
    std::string_view own_rows = "";
    bool prune_by_time = false;  ///< where not partitioned an index over `ts` serves pruning
    bool long_rows = false;      ///< hundreds of bytes each: SQLite keeps them out of the key's tree
};

/// The tables of schema version 1, with the columns that the statements of this room rely on.
[[nodiscard]] std::span<const Table> history_tables();
[[nodiscard]] std::span<const Table> operator_tables();
[[nodiscard]] const Table& find_table(std::string_view name);

/// What each database does in its own way.
class SchemaDialect {
public:
    virtual ~SchemaDialect() = default;
    /// Makes the table, or takes over the one of that name without losing a row or a column: adds a sentence for what
    /// it did.
    virtual void make_table(SqlSession& session, const Table& table, std::vector<std::string>& steps) = 0;
    /// Keeps every other process from migrating until the transaction ends.
    virtual void lock(SqlSession& session) = 0;
};

inline constexpr int kSchemaVersion = 3;

/// Brings the schema to kSchemaVersion, all in one transaction. Throws SqlError(conflict) when it is newer.
[[nodiscard]] MigrationReport migrate(SqlSession& session, SchemaDialect& dialect, core::WallTime now);

}  // namespace scanner::storage
