#pragma once

#include "storage/sql/sql.hpp"

#include "scanner/storage/migration.hpp"

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

/// A table as the version that introduced it made it.
[[nodiscard]] const Table& find_table(std::string_view name);
/// Its columns today, in the order in which they were added; an identity column first.
[[nodiscard]] std::vector<Column> columns_of(std::string_view table);

/// The parts that differ between the databases.
class SchemaDialect {
public:
    virtual ~SchemaDialect() = default;
    /// Makes the table, or takes over the one of that name without losing a row or a column: adds a sentence for what
    /// it did.
    virtual void make_table(SqlSession& session, const Table& table, std::vector<std::string>& steps) = 0;
    /// Adds columns, which may be empty, to a table of an earlier version.
    virtual void add_columns(SqlSession& session, std::string_view table, std::span<const Column> columns,
                             std::vector<std::string>& steps) = 0;
    /// Keeps every other process from migrating until the transaction ends.
    virtual void lock(SqlSession& session) = 0;
};

inline constexpr int kSchemaVersion = 9;

/// Brings the schema to `version`, all in one transaction; to an older one for tests of migrations. Throws
/// SqlError(conflict) when it is newer than this program knows.
[[nodiscard]] MigrationReport migrate(SqlSession& session, SchemaDialect& dialect, core::WallTime now,
                                      int version = kSchemaVersion);

}  // namespace scanner::storage
