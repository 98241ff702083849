#include "storage/history/inputs_table.hpp"
#include "storage/old_database.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

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

/// What is read of databases that earlier versions of the program left behind.
class StoredInputs : public OldDatabase {
protected:
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

}  // namespace
}  // namespace scanner::storage
