#include "storage/history/history_sql.hpp"
#include "storage/history/inputs_table.hpp"
#include "storage/postgres/postgres_session.hpp"
#include "storage/sql/schema.hpp"
#include "storage/sqlite/sqlite_session.hpp"
#include "storage/store_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <array>
#include <future>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace scanner::storage {
namespace {

using nlohmann::json;
using samples::kStart;
using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;

/// The store on databases that earlier versions of the program left behind.
class StoredInputs : public EitherStore {
protected:
    std::unique_ptr<SqlSession> session() const {
        return GetParam() == DatabaseKind::sqlite ? open_sqlite_session(options_.data_dir + "/scanner.db")
                                                  : open_postgres_session(url_, milliseconds(10'000));
    }
    std::unique_ptr<SchemaDialect> dialect() const {
        return GetParam() == DatabaseKind::sqlite ? make_sqlite_dialect() : make_postgres_dialect();
    }
    /// Rows as the program of schema version 3 wrote them: inputs as JSON in a table of four columns.
    void make_version_3(std::uint64_t sequence, core::WallTime time) {
        const auto connection = session();
        const auto report = migrate(*connection, *dialect(), time, 3);
        EXPECT_EQ(report.to_version, 3);
        HistoryBatch batch = samples::cycle(sequence, time);
        batch.inputs.clear();
        std::vector<HistoryBatch> batches;
        batches.push_back(std::move(batch));
        write_history(*connection, merge_batches(std::move(batches)), {.spool_id = "old", .number = 1}, time);
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
        R"({"contract_code":"BTC-USDT","metrics":{"atr_pct":0.25},"notes":[]})";

    std::vector<RankingRow> rows() {
        RankingsQuery query;
        query.from = kStart - days(400);
        query.to = kStart + days(400);
        query.profile = "scalp";
        query.with_inputs = true;
        auto page = await(history().rankings(query));
        EXPECT_TRUE(page) << page.error().message();
        return page ? page->rows : std::vector<RankingRow>();
    }
    std::vector<RankingRow> rows_as_of(core::WallTime time) {
        auto ranking = await(history().ranking_as_of(time, "scalp"));
        EXPECT_TRUE(ranking && *ranking);
        return ranking && *ranking ? (*ranking)->rows : std::vector<RankingRow>();
    }
    std::int64_t number(const std::string& statement) const {
        const auto connection = session();
        SqlTransaction transaction(*connection);
        std::int64_t found = -1;
        connection->execute(statement, {}, [&](const SqlRow& row) { found = row.integer(0); });
        return found;
    }
};

TEST_P(StoredInputs, of_an_old_database_stay_readable_and_new_ones_go_beside_them) {
    make_version_3(1, kStart);
    const auto connection = session();
    const auto report = migrate(*connection, *dialect(), kStart);
    EXPECT_EQ(report.from_version, 3);
    EXPECT_EQ(report.to_version, kSchemaVersion);
    EXPECT_THAT(report.steps, Contains("added ranking_inputs.numbers"));
    open_store();
    write(samples::cycle(2, kStart + seconds(15)));
    const auto all = rows();
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(json::parse(all[0].inputs_json), json::parse(kOldInputs));
    EXPECT_EQ(all[1].inputs_json, "") << "the old program wrote none of ETH";
    EXPECT_EQ(json::parse(all[2].inputs_json)["metrics"]["atr_pct"], 0.1 + 0.2);
    EXPECT_EQ(json::parse(all[3].inputs_json)["contract_code"], "ETH-USDT");
    EXPECT_EQ(json::parse(rows_as_of(kStart).at(0).inputs_json), json::parse(kOldInputs));
    EXPECT_EQ(rows_as_of(kStart + seconds(15)).at(0).inputs_json, all[2].inputs_json);
    EXPECT_EQ(number("SELECT count(*) FROM ranking_inputs WHERE inputs IS NULL AND schema = 1"), 2);
}

TEST_P(StoredInputs, of_the_spool_of_an_old_program_are_written_as_they_are) {
    open_store();
    HistoryBatch batch = samples::cycle(1, kStart);
    batch.inputs[0].schema.reset();
    batch.inputs[0].inputs_json = kOldInputs;
    write(std::move(batch));
    const auto all = rows();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(json::parse(all[0].inputs_json), json::parse(kOldInputs));
    EXPECT_EQ(json::parse(all[1].inputs_json)["metrics"]["atr_pct"], 0.1 + 0.2);
}

TEST_P(StoredInputs, read_null_where_a_number_was_added_later) {
    open_store();
    write(samples::cycle(1, kStart));
    auto fields = samples::inputs_schema()->fields();
    fields.insert(fields.begin() + 3, {"metrics.depth"});
    HistoryBatch batch = samples::cycle(2, kStart + seconds(15));
    for (ContractInputs& row : batch.inputs) {
        row.schema = std::make_shared<const InputsSchema>(fields);
        row.numbers.insert(row.numbers.begin() + 2, 7.5);
    }
    write(std::move(batch));
    const auto all = rows();
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(json::parse(all[0].inputs_json)["metrics"],
              json::parse(R"({"atr_pct":0.30000000000000004,"depth":null,"basis_bps":null})"));
    EXPECT_EQ(json::parse(all[2].inputs_json)["metrics"],
              json::parse(R"({"atr_pct":0.30000000000000004,"depth":7.5,"basis_bps":null})"));
    // The first again, as by a program of the version before: its schema is known by its id.
    write(samples::cycle(3, kStart + seconds(30)));
    EXPECT_EQ(number("SELECT count(*) FROM input_schemas"), 2);
    EXPECT_EQ(number("SELECT count(DISTINCT schema) FROM ranking_inputs"), 2);
}

TEST_P(StoredInputs, have_one_id_for_each_schema_also_when_several_processes_ask_at_once) {
    constexpr int kSchemas = 6;
    open_store();
    const auto ask = [&](int number) {
        const InputsSchema schema({{"number_" + std::to_string(number)}});
        const auto connection = session();
        for (;;) {
            try {
                InputsSchemas schemas;
                SqlTransaction transaction(*connection);
                schemas.load(*connection);
                const std::int64_t id = schemas.id_of(*connection, schema, kStart);
                transaction.commit();
                return id;
            } catch (const SqlError& error) {
                if (error.code() != core::ErrorCode::timeout) throw;  // SQLite: another one writes
            }
        }
    };
    using Ids = std::vector<std::int64_t>;
    std::vector<std::future<Ids>> asked;
    for (int i = 0; i < 8; ++i) {
        asked.push_back(std::async(std::launch::async, [&, i] {
            Ids ids(kSchemas);
            for (int turn = 0; turn < kSchemas; ++turn) {
                const int number = (i / 2 + turn) % kSchemas;  // pairs ask for the same at the same time
                ids[static_cast<std::size_t>(number)] = ask(number);
            }
            return ids;
        }));
    }
    std::vector<Ids> answers;
    answers.reserve(asked.size());
    for (auto& each : asked) answers.push_back(each.get());
    for (const Ids& ids : answers) EXPECT_EQ(ids, answers.front());
    EXPECT_EQ(std::set(answers.front().begin(), answers.front().end()).size(), std::size_t{kSchemas});
    EXPECT_EQ(number("SELECT count(*) FROM input_schemas"), kSchemas);
}

TEST_P(StoredInputs, leave_before_the_rankings_that_were_computed_from_them) {
    options_.inputs_retention = days(7);
    options_.rankings_retention = days(60);
    options_.retention_interval = milliseconds(50);
    open_store();
    write(samples::cycle(1, kStart - days(10)));
    write(samples::cycle(2, kStart));
    ASSERT_TRUE(run_until([&] { return rows().at(0).inputs_json.empty(); }));
    const auto all = rows();
    ASSERT_EQ(all.size(), 4U) << "the rankings stay";
    EXPECT_FALSE(all[2].inputs_json.empty());
    EXPECT_EQ(number("SELECT count(*) FROM ranking_inputs"), 2);
}

INSTANTIATE_TEST_SUITE_P(Databases, StoredInputs, testing::Values(DatabaseKind::sqlite, DatabaseKind::postgres),
                         database_name);

/// History above its bound.
class HistoryBound : public EitherStore {
protected:
    /// A day of history: ten cycles of a hundred contracts.
    void write_day(int days_ago) {
        for (int i = 0; i < 10; ++i) {
            const core::WallTime time = kStart - days(days_ago) + seconds(i);
            const std::uint64_t sequence = next_sequence_++;
            HistoryBatch batch;
            batch.cycle = samples::cycle(sequence, time).cycle;
            for (int contract = 0; contract < 100; ++contract) {
                const std::string symbol = "C" + std::to_string(contract) + "/USDT:USDT";
                batch.rankings.push_back(samples::ranking(sequence, time, "scalp", symbol, contract + 1));
                batch.inputs.push_back(samples::inputs(sequence, time, symbol));
            }
            history().record(std::move(batch));
        }
        ASSERT_TRUE(run_until([&] { return store_->status().backlog == 0; })) << store_->status().last_error;
    }
    std::set<core::WallTime> days_of_rankings() {
        RankingsQuery query;
        query.from = kStart - days(30);
        query.to = kStart + days(1);
        query.limit = 1'000;
        std::set<core::WallTime> found;
        do {
            const auto page = await(history().rankings(query));
            EXPECT_TRUE(page);
            if (!page) break;
            for (const RankingRow& row : page->rows) found.insert(std::chrono::floor<days>(row.time));
            query.cursor = page->next;
        } while (!query.cursor.empty());
        return found;
    }
    std::uint64_t measured() {
        EXPECT_TRUE(run_until([&] { return store_->history_size().bytes.has_value(); }));
        return store_->history_size().bytes.value_or(0);
    }

    std::uint64_t next_sequence_ = 1;
};

TEST_P(HistoryBound, removes_the_oldest_days_first_and_counts_them) {
    options_.retention_interval = milliseconds(50);
    open_store();
    for (int day = 5; day >= 0; --day) write_day(day);
    reopen_store();
    const std::uint64_t whole = measured();
    EXPECT_EQ(store_->history_size().removed_days, 0U) << "no bound, nothing goes";
    ASSERT_EQ(days_of_rankings().size(), 6U);
    options_.history_max_bytes = whole * 3 / 4;
    reopen_store();
    ASSERT_TRUE(run_until([&] {
        const HistorySize size = store_->history_size();
        return size.removed_days > 0 && size.bytes.value_or(whole) <= size.max_bytes;
    }));
    const HistorySize size = store_->history_size();
    EXPECT_EQ(size.max_bytes, options_.history_max_bytes);
    EXPECT_FALSE(size.over);
    const core::WallTime today = std::chrono::floor<days>(kStart);
    const auto left = days_of_rankings();
    EXPECT_LT(left.size(), 6U);
    EXPECT_TRUE(left.contains(today));
    EXPECT_TRUE(left.contains(today - days(1))) << "a quarter is not five days";
    ASSERT_TRUE(size.removed_before);
    EXPECT_EQ(
        *left.begin(),
        *size.removed_before -
            (GetParam() == DatabaseKind::sqlite && left.contains(*size.removed_before - days(1)) ? days(1) : days(0)))
        << "the oldest, without gaps; SQLite stops within a day when it is enough";
}

TEST_P(HistoryBound, never_removes_the_newest_day) {
    options_.retention_interval = milliseconds(50);
    options_.history_max_bytes = 1;
    open_store();
    for (int day = 2; day >= 0; --day) write_day(day);
    ASSERT_TRUE(run_until([&] { return store_->history_size().over; }));
    EXPECT_EQ(days_of_rankings(), std::set<core::WallTime>{std::chrono::floor<days>(kStart)});
    EXPECT_GT(store_->history_size().bytes.value_or(0), 1U);
    EXPECT_EQ(store_->history_size().removed_before, std::chrono::floor<days>(kStart));
    write_day(0);
    EXPECT_EQ(store_->status().dropped, 0U) << "it goes on writing";
}

INSTANTIATE_TEST_SUITE_P(Databases, HistoryBound, testing::Values(DatabaseKind::sqlite, DatabaseKind::postgres),
                         database_name);

}  // namespace
}  // namespace scanner::storage
