#pragma once

#include "storage/history/history_sql.hpp"
#include "storage/postgres/postgres_session.hpp"
#include "storage/sql/schema.hpp"
#include "storage/sqlite/sqlite_session.hpp"
#include "storage/store_fixture.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::storage {

/// A store on the database that an earlier version of the program left behind.
class OldDatabase : public EitherStore {
protected:
    [[nodiscard]] std::unique_ptr<SqlSession> session() const {
        return kind_ == DatabaseKind::sqlite ? open_sqlite_session(options_.data_dir + "/scanner.db")
                                             : open_postgres_session(url_, std::chrono::milliseconds(10'000));
    }
    [[nodiscard]] std::unique_ptr<SchemaDialect> dialect() const {
        return kind_ == DatabaseKind::sqlite ? make_sqlite_dialect() : make_postgres_dialect();
    }
    /// A cycle as the program of schema version 3 wrote it: inputs as JSON in a table of four columns, of BTC alone.
    void make_version_3(std::uint64_t sequence, core::WallTime time) {
        const auto connection = session();
        const auto report = migrate(*connection, *dialect(), time, 3);
        EXPECT_EQ(report.to_version, 3);
        HistoryBatch batch = samples::cycle(sequence, time);
        batch.inputs.clear();
        std::vector<HistoryBatch> batches;
        batches.push_back(std::move(batch));
        write_history(*connection, std::move(batches), {.spool_id = "old", .number = 1}, time);
        static constexpr std::array kColumns{Column{"ts", ColumnType::time}, Column{"sequence", ColumnType::integer},
                                             Column{"symbol", ColumnType::text}, Column{"inputs", ColumnType::json}};
        SqlTransaction transaction(*connection);
        connection->insert(
            {.table = "ranking_inputs", .columns = kColumns, .conflict = "ON CONFLICT DO NOTHING", .time_column = "ts"},
            1, [&](std::size_t, std::span<SqlValue> row) {
                row[0] = time;
                row[1] = static_cast<std::int64_t>(sequence);
                row[2] = std::string_view("BTC/USDT:USDT");
                row[3] = JsonText{kOldInputs};
            });
        transaction.commit();
    }
    static constexpr std::string_view kOldInputs =
        R"({"contract_code":"BTC-USDT","last_price":77105.5,"funding_rate":0.0001,)"
        R"("data_time":"2026-11-22T05:23:59.000Z","metrics":{"atr_pct":0.25,"ret_1":-0.125,"funding_8h_pct":null},)"
        R"("edges":{"liquidity_edge":1.25},"manipulation":{"manip_score":9.5,"manip_flags":["scam_wick"],)"
        R"("features":{"wall_ratio":0.5}}})";
};

}  // namespace scanner::storage
