#include "storage/postgres/adopt/adopt_table.hpp"
#include "storage/postgres/postgres_partitions.hpp"
#include "storage/postgres/postgres_session.hpp"
#include "storage/postgres/postgres_text.hpp"

#include <fmt/format.h>

namespace scanner::storage {
namespace {

constexpr std::int64_t kMigrationLock = 0x6d735f736368656d;  // "ms_schem"

bool exists(SqlSession& session, std::string_view table) {
    bool found = false;
    session.execute("SELECT to_regclass(?1) IS NOT NULL", {table},
                    [&](const SqlRow& row) { found = row.integer(0) != 0; });
    return found;
}

std::string column_text(const Column& column) {
    if (column.type == ColumnType::identity) return fmt::format("{} bigserial PRIMARY KEY", column.name);
    return fmt::format("{} {} {}", column.name, postgres_type(column.type), column.constraint);
}

class PostgresDialect final : public SchemaDialect {
public:
    void lock(SqlSession& session) override {
        // A migration takes the time it takes; only waiting for others' locks stays bounded.
        session.execute("SET LOCAL statement_timeout = 0");
        session.execute("SET LOCAL lock_timeout = 60000");
        session.execute("SELECT pg_advisory_xact_lock(?1)", {kMigrationLock});
    }

    void make_table(SqlSession& session, const Table& table, std::vector<std::string>& steps) override {
        if (exists(session, table.name)) {
            if (table.name != "scanner_schema") adopt_table(session, table, steps);
            return;
        }
        const bool timescale = table.partition_days > 0 && has_timescale(session);
        const bool partitioned = table.partition_days > 0 && !timescale;
        std::string columns;
        bool has_identity = false;
        for (const Column& column : table.columns) {
            columns += fmt::format("{}{}", columns.empty() ? "" : ", ", column_text(column));
            has_identity = has_identity || column.type == ColumnType::identity;
        }
        if (!table.key.empty()) columns += fmt::format(", {} ({})", has_identity ? "UNIQUE" : "PRIMARY KEY", table.key);
        session.execute(
            fmt::format("CREATE TABLE {} ({}){}", table.name, columns, partitioned ? " PARTITION BY RANGE (ts)" : ""));
        for (const Index& index : table.indices)
            session.execute(fmt::format("CREATE INDEX {} ON {} ({})", index.name, table.name, index.columns));
        if (timescale) make_hypertable(session, table);
        steps.push_back(fmt::format("made table {}{}", table.name,
                                    timescale     ? " (hypertable)"
                                    : partitioned ? fmt::format(" (partitions of {} days)", table.partition_days)
                                                  : ""));
    }

    void add_columns(SqlSession& session, std::string_view table, std::span<const Column> columns,
                     std::vector<std::string>& steps) override {
        for (const Column& column : columns) {
            session.execute(fmt::format("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {}", table, column_text(column)));
            steps.push_back(fmt::format("added {}.{}", table, column.name));
        }
    }

private:
    static void make_hypertable(SqlSession& session, const Table& table) {
        session.execute(
            fmt::format("SELECT create_hypertable('{}', 'ts', chunk_time_interval => interval '{} days', "
                        "if_not_exists => true)",
                        table.name, table.partition_days));
    }
};

}  // namespace

std::unique_ptr<SchemaDialect> make_postgres_dialect() {
    return std::make_unique<PostgresDialect>();
}

}  // namespace scanner::storage
