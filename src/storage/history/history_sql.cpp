#include "storage/history/history_sql.hpp"

#include "storage/epochs/epochs_sql.hpp"
#include "storage/history/episodes_sql.hpp"
#include "storage/history/inputs_table.hpp"
#include "storage/sql/schema.hpp"

#include "scanner/core/json_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace scanner::storage {
namespace {

using Fill = std::span<SqlValue>;

/// The columns that rows bring; an identity column is the database's own.
std::span<const Column> written_columns(std::string_view table) {
    static const std::map<std::string_view, std::vector<Column>> kColumns = [] {
        std::map<std::string_view, std::vector<Column>> columns;
        for (const std::string_view name : kHistoryTables) columns[name] = columns_of(name);
        return columns;
    }();
    const std::span<const Column> columns = kColumns.at(table);
    return columns.subspan(columns.front().type == ColumnType::identity ? 1 : 0);
}

BulkInsert into(std::string_view table, std::string_view conflict) {
    return {.table = table,
            .columns = written_columns(table),
            .conflict = conflict,
            .time_column = find_table(table).partition_days > 0 ? "ts" : ""};
}

/// Of a table whose rows are there already only after a restart: the ranking that Redis gave back, a spool from a
/// backup.
BulkInsert into_mostly_new(std::string_view table) {
    BulkInsert insert = into(table, "ON CONFLICT DO NOTHING");
    insert.mostly_new = true;
    return insert;
}

void put(Fill row, std::initializer_list<SqlValue> values) {
    std::ranges::copy(values, row.begin());
}

/// Its last column is the epoch: left out where no row has one.
template <class Row>
BulkInsert with_epoch_of(const std::vector<Row>& rows, BulkInsert insert) {
    const bool has_epoch = std::ranges::any_of(rows, [](const Row& row) { return row.epoch != 0; });
    if (!has_epoch) insert.columns = insert.columns.first(insert.columns.size() - 1);
    return insert;
}

void put_epoch(Fill row, std::size_t column, std::uint64_t epoch) {
    if (column < row.size()) row[column] = epoch == 0 ? SqlValue() : sql(epoch);
}

void write_cycles(SqlSession& session, const std::vector<CycleRecord>& rows) {
    const BulkInsert insert = with_epoch_of(rows, into("cycles", "ON CONFLICT (sequence, ts) DO NOTHING"));
    session.insert(insert, rows.size(), [&](std::size_t i, Fill row) {
        const CycleRecord& cycle = rows[i];
        put(row, {sql(cycle.sequence), cycle.time, std::string_view(cycle.default_profile), cycle.cycle_ms,
                  sql(cycle.requests), sql(cycle.scanned), sql(cycle.ranked), cycle.simulated,
                  JsonText{cycle.settings_json}});
        put_epoch(row, 9, cycle.epoch);
    });
}

void write_rankings(SqlSession& session, const std::vector<RankingRow>& rows) {
    session.insert(into_mostly_new("rankings"), rows.size(), [&](std::size_t i, Fill row) {
        const RankingRow& ranking = rows[i];
        put(row,
            {ranking.time, sql(ranking.sequence), std::string_view(ranking.profile), std::string_view(ranking.symbol),
             ranking.rank ? SqlValue(std::int64_t{*ranking.rank}) : SqlValue(), ranking.score, sql(ranking.last_price),
             sql(ranking.qvol_usdt), sql(ranking.spread_bps), sql(ranking.slip_bps), sql(ranking.manip_score)});
    });
}

SqlValue json_or_null(std::string_view text) {
    return text.empty() ? SqlValue() : SqlValue(JsonText{text});
}

void write_inputs(SqlSession& session, const std::vector<ContractInputs>& rows, core::WallTime now) {
    InputsSchemas schemas;
    if (!rows.empty()) schemas.load(session);
    std::map<const InputsSchema*, std::int64_t> ids;
    for (const ContractInputs& inputs : rows) {
        if (inputs.schema && !ids.contains(inputs.schema.get()))
            ids.emplace(inputs.schema.get(), schemas.id_of(session, *inputs.schema, now));
    }
    session.insert(into_mostly_new("ranking_inputs"), rows.size(), [&](std::size_t i, Fill row) {
        const ContractInputs& inputs = rows[i];
        const bool typed = inputs.schema != nullptr;
        put(row, {inputs.time, sql(inputs.sequence), std::string_view(inputs.symbol),
                  typed ? SqlValue() : json_or_null(inputs.inputs_json),
                  typed ? SqlValue(ids.at(inputs.schema.get())) : SqlValue(),
                  typed ? SqlValue(Reals(inputs.numbers)) : SqlValue(),
                  typed ? json_or_null(inputs.texts_json) : SqlValue()});
    });
}

/// The same as merge_minute.
std::string merge_rule(const SqlSession& session) {
    std::string rule =
        "ON CONFLICT (symbol, ts) WHERE last_sequence > 0 DO UPDATE SET manip_score = CASE WHEN excluded.manip_score "
        "IS NULL "
        "OR bars_1m.manip_score > excluded.manip_score THEN bars_1m.manip_score ELSE excluded.manip_score END, samples "
        "= CASE WHEN "
        "excluded.first_sequence > bars_1m.last_sequence THEN bars_1m.samples + excluded.samples WHEN excluded.samples "
        "> bars_1m.samples THEN excluded.samples ELSE bars_1m.samples END, first_sequence = CASE WHEN "
        "bars_1m.first_sequence > 0 AND bars_1m.first_sequence < excluded.first_sequence THEN bars_1m.first_sequence "
        "ELSE excluded.first_sequence END";
    rule += ", manip_flags = " + session.union_of("bars_1m.manip_flags", "excluded.manip_flags");
    for (const std::string_view newest : {"close", "atr_pct", "spread_bps", "top5_depth_usdt", "ret_1", "ret_15",
                                          "funding_8h_pct", "open_interest", "basis_bps", "last_sequence"})
        rule += fmt::format(", {0} = excluded.{0}", newest);
    return rule + " WHERE excluded.last_sequence > bars_1m.last_sequence";
}

std::string flags_json(const std::vector<std::string>& flags) {
    core::JsonWriter json;
    json.begin_array();
    for (const std::string& flag : flags) json.value(flag);
    json.end_array();
    return json.take();
}

void write_minutes(SqlSession& session, const std::vector<MinuteAggregate>& rows) {
    const std::string rule = merge_rule(session);
    std::string flags;  // holds what the row being filled borrows
    session.insert(into("bars_1m", rule), rows.size(), [&](std::size_t i, Fill row) {
        const MinuteAggregate& minute = rows[i];
        flags = flags_json(minute.manip_flags);
        put(row, {std::string_view(minute.symbol), minute.minute, minute.close, sql(minute.atr_pct), minute.spread_bps,
                  minute.top5_depth_usdt, sql(minute.ret_1), sql(minute.ret_15), sql(minute.funding_8h_pct),
                  sql(minute.open_interest), sql(minute.basis_bps), sql(minute.manip_score), JsonText{flags},
                  std::int64_t{minute.samples}, sql(minute.first_sequence), sql(minute.last_sequence)});
    });
}

void write_candles(SqlSession& session, const std::vector<ClosedCandle>& rows) {
    static constexpr std::string_view kRule =
        "ON CONFLICT (symbol, ts) WHERE sequence > 0 DO UPDATE SET open = excluded.open, high = excluded.high, low = "
        "excluded.low, close = excluded.close, volume = excluded.volume, sequence = excluded.sequence "
        "WHERE excluded.sequence > bars_1m_ohlc.sequence";
    session.insert(into("bars_1m_ohlc", kRule), rows.size(), [&](std::size_t i, Fill row) {
        const ClosedCandle& candle = rows[i];
        put(row, {std::string_view(candle.symbol), candle.open_time, candle.open, candle.high, candle.low, candle.close,
                  candle.base_volume, sql(candle.sequence)});
    });
}

void write_alerts(SqlSession& session, const std::vector<AlertRecord>& rows) {
    const BulkInsert insert = with_epoch_of(rows, into("alerts", "ON CONFLICT DO NOTHING"));
    session.insert(insert, rows.size(), [&](std::size_t i, Fill row) {
        const AlertRecord& alert = rows[i];
        put(row, {std::string_view(alert.rule), std::string_view(alert.symbol), alert.time, sql(alert.sequence),
                  JsonText{alert.payload_json}});
        put_epoch(row, 5, alert.epoch);
    });
}

}  // namespace

std::size_t write_history(SqlSession& session, std::vector<HistoryBatch> batches, const SpoolPosition& position,
                          core::WallTime now) {
    SqlTransaction transaction(session);
    const std::size_t fenced = std::erase_if(batches, [&](const HistoryBatch& batch) {
        return !accept_author(session, batch.author, batch.cycle.has_value());
    });
    const MergedBatch batch = merge_batches(std::move(batches));
    write_cycles(session, batch.cycles);
    write_rankings(session, batch.rankings);
    write_inputs(session, batch.inputs, now);
    write_minutes(session, batch.minutes);
    write_candles(session, batch.candles);
    write_alerts(session, batch.alerts);
    write_episodes(session, batch.episodes);
    session.execute(
        "INSERT INTO spool_progress (spool_id, position, updated_at) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (spool_id) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at",
        {std::string_view(position.spool_id), sql(position.number), now});
    transaction.commit();
    return fenced;
}

std::uint64_t spool_position(SqlSession& session, std::string_view spool_id) {
    SqlTransaction transaction(session);
    std::uint64_t number = 0;
    session.execute("SELECT position FROM spool_progress WHERE spool_id = ?1", {spool_id},
                    [&](const SqlRow& row) { number = row.count(0); });
    return number;
}

std::uint64_t last_sequence(SqlSession& session) {
    SqlTransaction transaction(session);
    std::uint64_t sequence = 0;
    // Numbers beyond what a cycle can have are not gone on from.
    session.execute("SELECT coalesce(max(sequence), 0) FROM cycles WHERE sequence BETWEEN 0 AND ?1",
                    {SqlRow::kMaxCount}, [&](const SqlRow& row) { sequence = row.count(0); });
    return sequence;
}

}  // namespace scanner::storage
