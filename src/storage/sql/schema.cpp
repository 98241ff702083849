#include "storage/sql/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace scanner::storage {
namespace {

using enum ColumnType;

constexpr std::array kCycles{
    Column{"sequence", integer, "NOT NULL"},
    Column{"ts", time, "NOT NULL"},
    Column{"default_profile", text},
    Column{"cycle_ms", real},
    Column{"requests", integer},
    Column{"scanned", integer},
    Column{"ranked", integer},
    Column{"simulated", boolean},
    Column{"settings", json},
};
constexpr std::array kCyclesIndices{Index{"cycles_ts", "ts, sequence"}};

constexpr std::array kRankings{
    Column{"ts", time, "NOT NULL"},
    Column{"sequence", integer, "NOT NULL DEFAULT 0"},
    Column{"profile", text, "NOT NULL DEFAULT ''"},
    Column{"symbol", text, "NOT NULL DEFAULT ''"},
    Column{"rank", integer},
    Column{"score", real},
    Column{"last_price", real},
    Column{"qvol_usdt", real},
    Column{"spread_bps", real},
    Column{"slip_bps", real},
    Column{"manip_score", real},
};
constexpr std::array kRankingsIndices{Index{"rankings_symbol", "symbol, ts, sequence, profile"}};

constexpr std::array kInputs{
    Column{"ts", time, "NOT NULL"},
    Column{"sequence", integer, "NOT NULL"},
    Column{"symbol", text, "NOT NULL"},
    Column{"inputs", json},
};

constexpr std::array kBars{
    Column{"symbol", text, "NOT NULL DEFAULT ''"},
    Column{"ts", time, "NOT NULL"},
    Column{"close", real},
    Column{"atr_pct", real},
    Column{"spread_bps", real},
    Column{"top5_depth_usdt", real},
    Column{"ret_1", real},
    Column{"ret_15", real},
    Column{"funding_8h_pct", real},
    Column{"open_interest", real},
    Column{"basis_bps", real},
    Column{"manip_score", real},
    Column{"manip_flags", json},
    Column{"samples", integer, "NOT NULL DEFAULT 0"},
    Column{"first_sequence", integer, "NOT NULL DEFAULT 0"},
    Column{"last_sequence", integer, "NOT NULL DEFAULT 0"},
};

constexpr std::array kCandles{
    Column{"symbol", text, "NOT NULL DEFAULT ''"},
    Column{"ts", time, "NOT NULL"},
    Column{"open", real},
    Column{"high", real},
    Column{"low", real},
    Column{"close", real},
    Column{"volume", real},
    Column{"sequence", integer, "NOT NULL DEFAULT 0"},
};

constexpr std::array kProgress{
    Column{"spool_id", text, "NOT NULL"},
    Column{"position", integer, "NOT NULL"},
    Column{"updated_at", time, "NOT NULL"},
};

constexpr std::array kHistory{
    Table{.name = "cycles", .columns = kCycles, .key = "sequence, ts", .indices = kCyclesIndices, .long_rows = true},
    Table{.name = "rankings",
          .columns = kRankings,
          .key = "ts, sequence, profile, symbol",
          .indices = kRankingsIndices,
          .partition_days = 1,
          .own_rows = "sequence"},
    Table{.name = "ranking_inputs",
          .columns = kInputs,
          .key = "ts, sequence, symbol",
          .partition_days = 1,
          .long_rows = true},
    Table{.name = "bars_1m",
          .columns = kBars,
          .key = "symbol, ts",
          .partition_days = 7,
          .own_rows = "last_sequence",
          .prune_by_time = true},
    Table{.name = "bars_1m_ohlc",
          .columns = kCandles,
          .key = "symbol, ts",
          .partition_days = 7,
          .own_rows = "sequence",
          .prune_by_time = true},
    Table{.name = "spool_progress", .columns = kProgress, .key = "spool_id"},
};

constexpr std::array kProfiles{
    Column{"id", identity},
    Column{"name", text, "NOT NULL DEFAULT 'default'"},
    Column{"liquidity_weight", real},
    Column{"momentum_weight", real},
    Column{"spread_penalty", real},
    Column{"manipulation_threshold", real},
    Column{"notional", real},
    Column{"applied_profile", text},
    Column{"version", integer, "NOT NULL DEFAULT 1"},
    Column{"updated_at", time},
};
constexpr std::array kWatchlists{
    Column{"id", identity},
    Column{"name", text, "NOT NULL DEFAULT ''"},
    Column{"version", integer, "NOT NULL DEFAULT 1"},
    Column{"updated_at", time},
};
constexpr std::array kWatchlistSymbols{
    Column{"id", identity},
    Column{"watchlist_id", integer},
    Column{"symbol", text, "NOT NULL DEFAULT ''"},
    Column{"position", integer},
};
constexpr std::array kWatchlistSymbolsIndices{Index{"watchlist_symbols_watchlist", "watchlist_id, position"}};
constexpr std::array kPresets{
    Column{"id", identity},     Column{"name", text, "NOT NULL DEFAULT ''"},
    Column{"weights", json},    Column{"version", integer, "NOT NULL DEFAULT 1"},
    Column{"updated_at", time},
};
constexpr std::array kClock{
    Column{"id", integer, "NOT NULL"},
    Column{"version", integer, "NOT NULL"},
};

constexpr std::array kOperator{
    Table{.name = "user_profiles", .columns = kProfiles},
    Table{.name = "watchlists", .columns = kWatchlists},
    Table{.name = "watchlist_symbols", .columns = kWatchlistSymbols, .indices = kWatchlistSymbolsIndices},
    Table{.name = "profile_presets", .columns = kPresets},
    Table{.name = "operator_clock", .columns = kClock, .key = "id"},
};

constexpr std::array kAlerts{
    Column{"id", identity},
    Column{"rule", text, "NOT NULL DEFAULT ''"},
    Column{"symbol", text, "NOT NULL DEFAULT ''"},
    Column{"ts", time, "NOT NULL"},
    Column{"sequence", integer, "NOT NULL DEFAULT 0"},
    Column{"payload", json},
};
constexpr std::array kAlertsIndices{Index{"alerts_ts", "ts, id"}};
constexpr std::array kRules{
    Column{"name", text, "NOT NULL"},  Column{"expression", text, "NOT NULL"},
    Column{"scope", text, "NOT NULL"}, Column{"cooldown_sec", integer, "NOT NULL"},
    Column{"enabled", boolean},        Column{"version", integer, "NOT NULL DEFAULT 1"},
    Column{"updated_at", time},
};
constexpr std::array kDeadLetters{
    Column{"id", identity},      Column{"ts", time, "NOT NULL"}, Column{"rule", text},
    Column{"symbol", text},      Column{"destination", text},    Column{"payload", json},
    Column{"attempts", integer}, Column{"last_error", text},
};
constexpr std::array kDeadLettersIndices{Index{"alert_dead_letters_ts", "ts, id"}};

constexpr std::array kAlerting{
    Table{.name = "alerts",
          .columns = kAlerts,
          .key = "rule, symbol, ts",
          .indices = kAlertsIndices,
          .own_rows = "sequence"},
    Table{.name = "alert_rules", .columns = kRules, .key = "name"},
    Table{.name = "alert_dead_letters", .columns = kDeadLetters, .indices = kDeadLettersIndices},
};

constexpr std::array kInputSchemas{
    Column{"id", integer, "NOT NULL"},
    Column{"fields", json, "NOT NULL"},
    Column{"made_at", time, "NOT NULL"},
};
constexpr std::array kTyped{Table{.name = "input_schemas", .columns = kInputSchemas, .key = "id"}};
/// In place of `inputs`, which rows of earlier versions have.
constexpr std::array kTypedInputs{
    Column{"schema", integer},
    Column{"numbers", reals},
    Column{"texts", json},
};

constexpr std::array kEpisodes{
    Column{"id", text, "NOT NULL"},
    Column{"ts", time, "NOT NULL"},  // of its start
    Column{"revision", integer, "NOT NULL"},
    Column{"symbol", text, "NOT NULL"},
    Column{"flag", text, "NOT NULL"},
    Column{"kind", text, "NOT NULL"},
    Column{"phase", text, "NOT NULL"},
    Column{"ended_at", time},
    Column{"probability", real},
    Column{"severity", real},
    Column{"simulated", boolean},
    Column{"details", json},
    Column{"context", json},
    Column{"verdict", text},  // this and the rest are the operator's
    Column{"note", text},
    Column{"judged_at", time},
    Column{"disposition_version", integer, "NOT NULL DEFAULT 0"},
};
constexpr std::array kEpisodesIndices{Index{"manip_episodes_ts", "ts, id"},
                                      Index{"manip_episodes_symbol", "symbol, ts"}};
constexpr std::array kLedger{
    Table{.name = "manip_episodes", .columns = kEpisodes, .key = "id", .indices = kEpisodesIndices, .long_rows = true}};

constexpr std::array kEpochs{
    Column{"epoch", integer, "NOT NULL"},
    Column{"opened_at", time, "NOT NULL"},
    Column{"reserved", integer, "NOT NULL"},
    Column{"written", integer, "NOT NULL DEFAULT 0"},
    Column{"closed", integer},  // empty while it is open
    Column{"closed_at", time},
    Column{"run", text},
    Column{"holder", text},
};
constexpr std::array kElections{Table{.name = "scanner_epochs", .columns = kEpochs, .key = "epoch"}};
constexpr std::array kKeptStates{
    Column{"name", text, "NOT NULL"},
    Column{"epoch", integer, "NOT NULL"},
    Column{"saved_at", time, "NOT NULL"},
    Column{"state", text, "NOT NULL"},
};
constexpr std::array kTerms{Table{.name = "kept_states", .columns = kKeptStates, .key = "name"}};
/// Empty on rows of a scanner that runs alone.
constexpr std::array kEpochColumn{Column{"epoch", integer}};

constexpr std::array kDetectorStates{
    Column{"contract_code", text, "NOT NULL"}, Column{"saved_at", time, "NOT NULL"},
    Column{"state", text, "NOT NULL"},  // packed, in hexadecimal digits; empty: none
};
constexpr std::array kDetectors{
    Table{.name = "detector_states", .columns = kDetectorStates, .key = "contract_code", .long_rows = true}};

/// What a version adds to the one before. Never changed once released: a change is a new migration.
struct Migration {
    int version;
    std::string_view name;
    std::span<const Table> tables;
    std::string_view statement;         ///< after the tables; may be empty
    std::string_view changed_table{};   ///< a table of an earlier version that gets more columns; may be empty
    std::span<const Column> columns{};  ///< those
};
constexpr std::array kMigrations{
    Migration{1, "history: cycles, rankings and their inputs, minute bars, candles", kHistory, ""},
    Migration{2, "operator state: settings, watchlists, profiles", kOperator,
              "INSERT INTO operator_clock (id, version) VALUES (1, 1) ON CONFLICT (id) DO NOTHING"},
    Migration{3, "alerts: rules, history, dead letters", kAlerting, ""},
    Migration{4, "inputs of rankings as arrays of numbers under a schema", kTyped, "", "ranking_inputs", kTypedInputs},
    Migration{5, "episodes of manipulation, with what the operator says of them", kLedger, ""},
    Migration{6, "epochs of elected scanners, and of cycles", kElections, "", "cycles", kEpochColumn},
    Migration{7, "epochs of alerts", {}, "", "alerts", kEpochColumn},
    Migration{8, "states of the detectors of manipulation", kDetectors, ""},
    Migration{9, "what the next elected scanner goes on from", kTerms, ""},
};
static_assert(kMigrations.back().version == kSchemaVersion);

constexpr std::array kVersions{
    Column{"version", integer, "NOT NULL"},
    Column{"name", text, "NOT NULL"},
    Column{"applied_at", time, "NOT NULL"},
};
constexpr Table kVersionTable{.name = "scanner_schema", .columns = kVersions, .key = "version"};

}  // namespace

const Table& find_table(std::string_view name) {
    for (const Migration& migration : kMigrations) {
        const auto found = std::ranges::find(migration.tables, name, &Table::name);
        if (found != migration.tables.end()) return *found;
    }
    throw std::logic_error("no such table");
}

std::vector<Column> columns_of(std::string_view table) {
    const std::span<const Column> first = find_table(table).columns;
    std::vector<Column> columns(first.begin(), first.end());
    for (const Migration& migration : kMigrations) {
        if (migration.changed_table == table)
            columns.insert(columns.end(), migration.columns.begin(), migration.columns.end());
    }
    return columns;
}

MigrationReport migrate(SqlSession& session, SchemaDialect& dialect, core::WallTime now, int version) {
    MigrationReport report;
    SqlTransaction transaction(session);
    dialect.lock(session);
    std::vector<std::string> unimportant;
    dialect.make_table(session, kVersionTable, unimportant);
    session.execute("SELECT coalesce(max(version), 0) FROM scanner_schema", {},
                    [&](const SqlRow& row) { report.from_version = static_cast<int>(row.integer(0)); });
    if (report.from_version > kSchemaVersion) {
        throw SqlError(core::ErrorCode::conflict,
                       fmt::format("the database has schema version {}, this program knows up to {}: run the newer "
                                   "program, or restore a backup from before the upgrade",
                                   report.from_version, kSchemaVersion));
    }
    for (const Migration& migration : kMigrations) {
        if (migration.version <= report.from_version || migration.version > version) continue;
        report.steps.push_back(fmt::format("version {}: {}", migration.version, migration.name));
        for (const Table& table : migration.tables) dialect.make_table(session, table, report.steps);
        if (!migration.columns.empty())
            dialect.add_columns(session, migration.changed_table, migration.columns, report.steps);
        if (!migration.statement.empty()) session.execute(migration.statement);
        session.execute("INSERT INTO scanner_schema (version, name, applied_at) VALUES (?1, ?2, ?3)",
                        {std::int64_t{migration.version}, migration.name, now});
    }
    transaction.commit();
    report.to_version = std::max(report.from_version, version);
    return report;
}

}  // namespace scanner::storage
