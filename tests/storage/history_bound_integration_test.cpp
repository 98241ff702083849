#include "storage/store_fixture.hpp"

#include <gtest/gtest.h>
#include <pqxx/pqxx>

#include <set>
#include <string>
#include <utility>

namespace scanner::storage {
namespace {

using samples::kStart;
using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// How the tables of history are kept.
enum class Kept {
    sqlite,
    partitions,  ///< Postgres's own
    adopted,     ///< of an older service: plain tables, with rows of its own
    chunks,      ///< TimescaleDB's
};

/// TimescaleDB's part, played, since no Debian has it: chunks are tables that inherit from the hypertable, filled by a
/// trigger, and go whole once their range ends at or before the time.
constexpr const char* kTimescale = R"(
    CREATE SCHEMA timescaledb_information;
    CREATE TABLE timescaledb_information.hypertables (hypertable_name name, chunk_days integer);
    CREATE TABLE chunks (hypertable name, chunk text, range_end timestamptz);
    CREATE FUNCTION to_chunk() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            length bigint := 86400 * (SELECT chunk_days FROM timescaledb_information.hypertables
                                      WHERE hypertable_name = TG_TABLE_NAME);
            place bigint := floor(extract(epoch FROM NEW.ts) / length);
            chunk text := format('_hyper_%s_%s_chunk', TG_TABLE_NAME, place);
        BEGIN
            IF to_regclass(chunk) IS NULL THEN
                EXECUTE format('CREATE TABLE %I () INHERITS (%I)', chunk, TG_TABLE_NAME);
                INSERT INTO chunks VALUES (TG_TABLE_NAME, chunk, to_timestamp((place + 1) * length));
            END IF;
            EXECUTE format('INSERT INTO %I SELECT ($1).*', chunk) USING NEW;
            RETURN NULL;
        END $$;
    CREATE FUNCTION create_hypertable(relation regclass, time_column_name name, chunk_time_interval interval,
        if_not_exists boolean) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO timescaledb_information.hypertables
                VALUES (relation::text::name, extract(day FROM chunk_time_interval));
            EXECUTE format('CREATE TRIGGER chunk BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION to_chunk()', relation);
        END $$;
    CREATE FUNCTION drop_chunks(relation regclass, older_than timestamptz) RETURNS SETOF text LANGUAGE plpgsql AS $$
        DECLARE old record;
        BEGIN
            FOR old IN DELETE FROM chunks c WHERE c.hypertable = relation::text::name AND c.range_end <= older_than
                       RETURNING c.chunk LOOP
                EXECUTE format('DROP TABLE %I', old.chunk);
                RETURN NEXT old.chunk;
            END LOOP;
        END $$;
)";

/// What an older service left behind: 2 500 rows eight days before the first of ours.
constexpr const char* kOldTables = R"(
    CREATE TABLE rankings (id bigserial PRIMARY KEY, ts timestamptz NOT NULL, profile varchar(32) NOT NULL,
        symbol varchar(20) NOT NULL, score numeric(8,4) NOT NULL, rank smallint NOT NULL, payload json NOT NULL);
    INSERT INTO rankings (ts, profile, symbol, score, rank, payload)
        SELECT timestamptz '2026-11-14 05:00:00+00' + n * interval '1 second', 'scalp', 'BTC/USDT:USDT', 1, 1,
            json_build_object('x', n) FROM generate_series(1, 2500) n;
    CREATE TABLE bars_1m (id serial PRIMARY KEY, symbol varchar(20) NOT NULL, ts timestamptz NOT NULL,
        close double precision NOT NULL);
    INSERT INTO bars_1m (symbol, ts, close)
        SELECT 'BTC/USDT:USDT', timestamptz '2026-11-14 05:00:00+00' + n * interval '1 minute', 1
        FROM generate_series(1, 300) n;
)";

/// History above its bound.
class HistoryBound : public StoreFixture, public testing::WithParamInterface<Kept> {
protected:
    HistoryBound() {
        use(GetParam() == Kept::sqlite ? DatabaseKind::sqlite : DatabaseKind::postgres);
        if (GetParam() == Kept::adopted) ask(kOldTables);
        if (GetParam() == Kept::chunks) ask(kTimescale);
    }

    std::string ask(const std::string& statement) const {
        pqxx::connection connection(url_);
        pqxx::work work(connection);
        const pqxx::result result = work.exec(statement);
        work.commit();
        return result.empty() || result[0].size() == 0 ? "" : result[0][0].c_str();
    }
    /// The server's statistics, which plain tables are measured by, as its own jobs make them sooner or later.
    void analyze() const {
        if (kind_ == DatabaseKind::postgres) ask("ANALYZE");
    }
    /// Whether the oldest rows go in batches, so that the bound may be met within a day.
    static bool goes_by_rows() { return GetParam() == Kept::sqlite || GetParam() == Kept::adopted; }

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
        query.from = kStart - days(7);
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
    analyze();
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
    const days partly(goes_by_rows() && left.contains(*size.removed_before - days(1)) ? 1 : 0);
    EXPECT_EQ(*left.begin(), *size.removed_before - partly)
        << "the oldest, without gaps; where rows go in batches it stops within a day when it is enough";
    if (GetParam() == Kept::adopted) {
        EXPECT_EQ(ask("SELECT count(*) FROM rankings WHERE payload IS NOT NULL"), "0")
            << "the old service's rows first";
        EXPECT_EQ(ask("SELECT count(*) FROM bars_1m"), "0");
    }
    if (GetParam() == Kept::chunks) {
        EXPECT_EQ(ask("SELECT count(*) FROM ONLY rankings"), "0") << "all of it is in chunks";
        EXPECT_EQ(ask("SELECT count(*) FROM chunks WHERE hypertable = 'rankings'"), std::to_string(left.size()));
    }
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

INSTANTIATE_TEST_SUITE_P(Databases, HistoryBound,
                         testing::Values(Kept::sqlite, Kept::partitions, Kept::adopted, Kept::chunks),
                         [](const testing::TestParamInfo<Kept>& info) -> std::string {
                             switch (info.param) {
                                 case Kept::sqlite: return "sqlite";
                                 case Kept::partitions: return "partitions";
                                 case Kept::adopted: return "adopted";
                                 case Kept::chunks: return "chunks";
                             }
                             return "?";
                         });

}  // namespace
}  // namespace scanner::storage
