#include "storage/store_fixture.hpp"

#include "scanner/storage/migration.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <pqxx/pqxx>

#include <future>
#include <string>
#include <utility>
#include <vector>

namespace scanner::storage {
namespace {

using samples::kStart;
using std::chrono::days;
using std::chrono::minutes;
using testing::Contains;
using testing::HasSubstr;

class Migration : public StoreFixture {
protected:
    Migration() { use(DatabaseKind::postgres); }

    std::string ask(const std::string& statement) const {
        pqxx::connection connection(url_);
        pqxx::work work(connection);
        const pqxx::result result = work.exec(statement);
        work.commit();
        return result.empty() ? "" : result[0][0].c_str();
    }
    template <class Query>
    static Query everything() {
        Query query;
        query.from = kStart - days(400);
        query.to = kStart + days(400);
        return query;
    }
    RankingsPage rankings(RankingsQuery query = everything<RankingsQuery>()) {
        auto page = await(history().rankings(std::move(query)));
        EXPECT_TRUE(page) << page.error().message();
        return page ? *page : RankingsPage();
    }
    std::vector<HistoryBar> btc_bars() {
        auto query = everything<BarsQuery>();
        query.symbol = "BTC/USDT:USDT";
        auto page = await(history().bars(query));
        EXPECT_TRUE(page) << page.error().message();
        return page ? page->rows : std::vector<HistoryBar>();
    }
};

TEST_F(Migration, does_nothing_the_second_time) {
    const auto first = migrate_postgres(url_);
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_EQ(first->from_version, 0);
    EXPECT_THAT(first->steps, Contains(HasSubstr("made table rankings (partitions of 1 days)")));
    const auto second = migrate_postgres(url_);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->from_version, first->to_version);
    EXPECT_TRUE(second->steps.empty());
    const auto embedded = migrate_sqlite(options_.data_dir);
    ASSERT_TRUE(embedded) << embedded.error().message();
    EXPECT_EQ(embedded->to_version, first->to_version);
    EXPECT_TRUE(migrate_sqlite(options_.data_dir)->steps.empty());
}

TEST_F(Migration, is_done_once_when_several_processes_start_together) {
    std::vector<std::future<core::Result<MigrationReport>>> all;
    for (int i = 0; i < 6; ++i) all.push_back(std::async(std::launch::async, [&] { return migrate_postgres(url_); }));
    int done = 0;
    for (auto& each : all) {
        const auto report = each.get();
        ASSERT_TRUE(report) << report.error().message();
        done += report->steps.empty() ? 0 : 1;
    }
    EXPECT_EQ(done, 1);
    all.clear();
    for (int i = 0; i < 6; ++i)
        all.push_back(std::async(std::launch::async, [&] { return migrate_sqlite(options_.data_dir); }));
    for (auto& each : all) {
        const auto report = each.get();
        EXPECT_TRUE(report) << report.error().message();
    }
}

TEST_F(Migration, refuses_a_newer_schema) {
    ASSERT_TRUE(migrate_postgres(url_));
    ask("INSERT INTO scanner_schema VALUES (99, 'from the future', now())");
    const auto report = migrate_postgres(url_);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), core::ErrorCode::conflict);
    EXPECT_THAT(report.error().message(), HasSubstr("schema version 99"));
    make_store();
    const auto opened = await(store_->open());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), core::ErrorCode::conflict);

    ASSERT_TRUE(migrate_sqlite(options_.data_dir));
    {
        SQLite::Database file(options_.data_dir + "/scanner.db", SQLite::OPEN_READWRITE);
        file.exec("INSERT INTO scanner_schema VALUES (99, 'from the future', 0)");
    }
    const auto embedded = migrate_sqlite(options_.data_dir);
    ASSERT_FALSE(embedded);
    EXPECT_EQ(embedded.error().code(), core::ErrorCode::conflict);
}

TEST_F(Migration, says_when_the_database_is_away) {
    const auto report = migrate_postgres("postgresql://127.0.0.1:1/none");
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), core::ErrorCode::unavailable);
}

constexpr const char* kOldTables = R"(
    CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
    INSERT INTO alembic_version VALUES ('abc');
    CREATE TABLE bars_1m (id serial PRIMARY KEY, symbol varchar(20) NOT NULL, ts timestamptz NOT NULL,
        close double precision NOT NULL, atr_pct real, spread_bps numeric(10,4), top5_depth_usdt double precision,
        ret_1 double precision, ret_15 double precision, funding_8h_pct double precision, open_interest integer,
        basis_bps double precision, source varchar(10) NOT NULL);
    INSERT INTO bars_1m (symbol, ts, close, atr_pct, open_interest, source) VALUES
        ('BTC/USDT:USDT', '2026-11-22 05:20:00+00', 100.5, 0.5, 77, 'old'),
        ('BTC/USDT:USDT', '2026-11-22 05:20:00+00', 100.6, 0.5, 78, 'old');
    CREATE TABLE bars_1m_ohlc (symbol varchar(20) NOT NULL, ts timestamp NOT NULL, open float8, high float8, low float8,
        close float8, volume float8, PRIMARY KEY (symbol, ts));
    INSERT INTO bars_1m_ohlc VALUES ('BTC/USDT:USDT', '2026-11-22 05:20:00', 1, 3, 0.5, 2, 10);
    CREATE TABLE rankings (id bigserial PRIMARY KEY, ts timestamptz NOT NULL, profile varchar(32) NOT NULL,
        symbol varchar(20) NOT NULL, score numeric(8,4) NOT NULL, rank smallint NOT NULL, payload json NOT NULL,
        CONSTRAINT one_place UNIQUE (ts, symbol));
    INSERT INTO rankings (ts, profile, symbol, score, rank, payload) VALUES
        ('2026-11-22 05:00:00.123456+00', 'scalp', 'BTC/USDT:USDT', 12.5, 1, '{"x":1}'),
        ('2026-11-22 05:00:00.123456+00', 'scalp', 'ETH/USDT:USDT', 2.5, 2, '{"x":2}');
    CREATE TABLE user_profiles (id serial PRIMARY KEY, name varchar(50) UNIQUE, weights json,
        created_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO user_profiles (name, weights) VALUES ('default', '{"liquidity":0.7,"momentum":1.5,"spread":"x"}');
    CREATE TABLE watchlists (id serial PRIMARY KEY, name varchar(50) NOT NULL, owner varchar(20) NOT NULL);
    INSERT INTO watchlists (name, owner) VALUES ('majors', 'me'), ('alts', 'me'), ('majors', 'you');
    CREATE TABLE watchlist_symbols (id serial PRIMARY KEY, watchlist_id integer NOT NULL REFERENCES watchlists (id),
        symbol varchar(20) NOT NULL, position integer);
    INSERT INTO watchlist_symbols (watchlist_id, symbol, position) VALUES
        (1, 'ETH/USDT:USDT', 1), (1, 'BTC/USDT:USDT', 0), (2, 'SOL/USDT:USDT', NULL);
    CREATE TABLE profile_presets (id serial PRIMARY KEY, name varchar(50) NOT NULL UNIQUE, weights json NOT NULL);
    INSERT INTO profile_presets (name, weights) VALUES ('mine', '{"liq.qvol":1.25,"cost":{"spread":2}}');
)";

class Adoption : public Migration {
protected:
    Adoption() {
        ask(kOldTables);
        open_store();
    }
};

TEST_F(Adoption, leaves_every_old_row_and_column) {
    EXPECT_EQ(ask("SELECT count(*) FROM bars_1m WHERE source = 'old' AND close > 100"), "2");
    EXPECT_EQ(ask("SELECT open || '/' || volume FROM bars_1m_ohlc"), "1/10");
    EXPECT_EQ(ask("SELECT string_agg(symbol || score || rank || (payload ->> 'x'), ' ' ORDER BY id) FROM rankings"),
              "BTC/USDT:USDT12.500011 ETH/USDT:USDT2.500022");
    EXPECT_EQ(ask("SELECT ts FROM rankings LIMIT 1"), "2026-11-22 05:00:00.123456+00");
    EXPECT_EQ(ask("SELECT count(*) FROM watchlists WHERE owner <> ''"), "3");
    EXPECT_EQ(ask("SELECT version_num FROM alembic_version"), "abc");
    EXPECT_EQ(ask("SELECT count(*) FROM user_profiles WHERE created_at IS NOT NULL"), "1");
}

TEST_F(Adoption, reads_what_the_old_service_kept) {
    const auto documents = document_store().documents();
    EXPECT_EQ(documents->settings.liquidity_weight, 0.7);
    EXPECT_EQ(documents->settings.momentum_weight, 1.5);
    EXPECT_EQ(documents->settings.spread_penalty, std::nullopt);
    ASSERT_EQ(documents->watchlists.size(), 3U);
    EXPECT_EQ(documents->watchlists[0].symbols, (std::vector<std::string>{"BTC/USDT:USDT", "ETH/USDT:USDT"}));
    EXPECT_EQ(documents->watchlists[2].name, "majors (3)") << "a name that was there twice";
    ASSERT_NE(documents->find_preset("mine"), nullptr);
    EXPECT_EQ(documents->find_preset("mine")->weights,
              (std::map<std::string, double>{{"liq.qvol", 1.25}, {"cost.spread", 2.0}}));

    const RankingsPage page = rankings();
    ASSERT_EQ(page.rows.size(), 2U);
    EXPECT_EQ(page.rows[0].sequence, 0U);
    EXPECT_EQ(page.rows[0].score, 12.5);
    EXPECT_EQ(page.rows[0].rank, 1);
    EXPECT_EQ(page.rows[0].last_price, std::nullopt);
    EXPECT_EQ(core::format_time(page.rows[0].time), "2026-11-22T05:00:00.123Z");
    const auto as_of = await(history().ranking_as_of(kStart, "scalp"));
    ASSERT_TRUE(as_of && *as_of);
    EXPECT_EQ((*as_of)->rows.size(), 2U);
    EXPECT_FALSE((*as_of)->cycle);

    const std::vector<HistoryBar> bars = btc_bars();
    ASSERT_EQ(bars.size(), 1U);
    EXPECT_EQ(bars[0].candle->high, 3.0);
    EXPECT_EQ(core::format_time(bars[0].time), "2026-11-22T05:20:00.000Z");
    ASSERT_TRUE(bars[0].numbers);
    EXPECT_EQ(bars[0].numbers->funding_8h_pct, std::nullopt);
}

TEST_F(Adoption, pages_over_rows_that_are_finer_than_milliseconds) {
    auto query = everything<RankingsQuery>();
    query.limit = 1;
    std::vector<std::string> symbols;
    do {
        const RankingsPage page = rankings(query);
        for (const RankingRow& row : page.rows) symbols.push_back(row.symbol);
        query.cursor = page.next;
        ASSERT_LE(symbols.size(), 2U);
    } while (!query.cursor.empty());
    EXPECT_EQ(symbols, (std::vector<std::string>{"BTC/USDT:USDT", "ETH/USDT:USDT"}));
}

TEST_F(Adoption, writes_into_the_old_tables) {
    HistoryBatch batch = samples::cycle(1, kStart);
    batch.rankings.push_back(samples::ranking(1, kStart, "news", "AVERYLONGNAMEINDEED1000000/USDT:USDT", 1));
    batch.rankings.back().score = 123'456'789.125;  // wider than numeric(8,4)
    batch.minutes[0].open_interest = 1e12 + 0.5;    // wider than integer
    write(std::move(batch));
    EXPECT_EQ(store_->status().dropped, 0U);
    EXPECT_EQ(rankings().rows.size(), 7U);
    EXPECT_EQ(ask("SELECT score FROM rankings WHERE profile = 'news'"), "123456789.125");
    EXPECT_EQ(ask("SELECT count(*) FROM rankings WHERE payload IS NULL"), "5");
    EXPECT_EQ(ask("SELECT open_interest FROM bars_1m WHERE last_sequence = 1 AND symbol LIKE 'BTC%'"),
              "1000000000000.5");
    write(samples::cycle(2, kStart + std::chrono::seconds(10)));
    EXPECT_EQ(ask("SELECT count(*) || ' ' || max(samples) FROM bars_1m WHERE last_sequence > 0"), "2 2");
    EXPECT_EQ(ask("SELECT count(*) FROM bars_1m"), "4");
}

TEST_F(Adoption, changes_the_old_documents) {
    Watchlist list = *document_store().documents()->find_watchlist("majors");
    EXPECT_EQ(list.version, 1);
    list.symbols = {"SOL/USDT:USDT"};
    ASSERT_TRUE(await(document_store().put_watchlist(list, list.version)));
    Watchlist fresh;
    fresh.name = "fresh";
    const auto stored = await(document_store().put_watchlist(fresh, 0));
    ASSERT_TRUE(stored) << stored.error().message();
    EXPECT_EQ(stored->id, 4);
    OperatorSettings settings = document_store().documents()->settings;
    settings.notional = 100.0;
    ASSERT_TRUE(await(document_store().put_settings(settings, settings.version)));
    EXPECT_EQ(ask("SELECT count(*) || ' ' || max(notional) FROM user_profiles"), "1 100");
    ProfilePreset preset = *document_store().documents()->find_preset("mine");
    preset.weights["mom.ret_1"] = 3.0;
    ASSERT_TRUE(await(document_store().put_preset(preset, preset.version)));
    reopen_store();
    EXPECT_EQ(document_store().documents()->find_watchlist("majors")->symbols, list.symbols);
    EXPECT_EQ(document_store().documents()->find_preset("mine")->weights.size(), 3U);
    EXPECT_EQ(document_store().documents()->settings.liquidity_weight, 0.7);
}

TEST_F(Adoption, prunes_the_old_rows_too) {
    options_.rankings_retention = days(1);
    options_.bars_retention = days(1);
    options_.retention_interval = std::chrono::milliseconds(100);
    clock_.advance(days(3));
    reopen_store();
    EXPECT_TRUE(run_until([&] {
        return ask("SELECT (SELECT count(*) FROM rankings) + (SELECT count(*) FROM bars_1m) + (SELECT count(*) FROM "
                   "bars_1m_ohlc)") == "0";
    }));
}

TEST_F(Migration, adopts_tables_of_other_shapes) {
    ask(R"(
        CREATE TABLE bars_1m ("timestamp" timestamp(0) NOT NULL, symbol text NOT NULL, close numeric NOT NULL,
            manip_flags text[], PRIMARY KEY (symbol, "timestamp"));
        INSERT INTO bars_1m VALUES ('2026-11-22 05:20:00', 'BTC/USDT:USDT', 5.5, ARRAY['wall','wick']);
        CREATE VIEW newest AS SELECT symbol, close, manip_flags FROM bars_1m;
        CREATE TABLE rankings (id uuid PRIMARY KEY, ts timestamptz NOT NULL, profile text, items jsonb NOT NULL);
        INSERT INTO rankings VALUES ('3f333df6-90a4-4fda-8dd3-9485d27cee36', '2026-11-22 05:00:00+00', 'scalp', '[]');
        CREATE TABLE watchlists (id uuid PRIMARY KEY, name text);
        INSERT INTO watchlists VALUES ('6ecd8c99-4036-403d-bf84-cf8400f67836', 'old');
        CREATE TABLE watchlist_symbols (id integer PRIMARY KEY, watchlist_id uuid REFERENCES watchlists (id),
            symbol text NOT NULL);
        INSERT INTO watchlist_symbols VALUES (41, '6ecd8c99-4036-403d-bf84-cf8400f67836', 'BTC/USDT:USDT');
    )");
    const auto refused = migrate_postgres(url_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), core::ErrorCode::conflict);
    EXPECT_THAT(refused.error().message(), HasSubstr("view newest"));
    EXPECT_EQ(ask("SELECT count(*) FROM information_schema.columns WHERE column_name = 'sequence'"), "0")
        << "nothing is done by half";
    ask("DROP VIEW newest");
    open_store();
    write(samples::cycle(1, kStart));
    EXPECT_EQ(store_->status().dropped, 0U);
    EXPECT_EQ(ask("SELECT count(*) FROM rankings"), "5");
    const std::vector<HistoryBar> bars = btc_bars();
    ASSERT_EQ(bars.size(), 3U);
    EXPECT_EQ(bars[0].numbers->close, 5.5);
    EXPECT_EQ(bars[0].numbers->manip_flags, (std::vector<std::string>{"wall", "wick"}));
    EXPECT_EQ(ask("SELECT count(*) || ' ' || bool_and(\"timestamp\" = ts AT TIME ZONE 'UTC') FROM bars_1m"), "3 true")
        << "readers that know the time by its old name see new rows too";
    write(samples::cycle(2, kStart - std::chrono::minutes(4)));  // the minute of an old row
    EXPECT_EQ(store_->status().dropped, 0U);
    EXPECT_EQ(ask("SELECT count(*) FROM cycles"), "2");
    ask("INSERT INTO bars_1m (\"timestamp\", symbol, close) VALUES ('2026-11-22 05:30:00', 'SOL/USDT:USDT', 7)");
    EXPECT_EQ(ask("SELECT ts FROM bars_1m WHERE symbol LIKE 'SOL%'"), "2026-11-22 05:30:00+00") << "it still writes";
    ASSERT_NE(document_store().documents()->find_watchlist("old"), nullptr);
    Watchlist list = *document_store().documents()->find_watchlist("old");
    EXPECT_EQ(list.symbols, std::vector<std::string>{"BTC/USDT:USDT"});
    list.symbols = {"ETH/USDT:USDT", "BTC/USDT:USDT"};
    const auto stored = await(document_store().put_watchlist(list, list.version));
    ASSERT_TRUE(stored) << stored.error().message();
    EXPECT_EQ(ask("SELECT string_agg(symbol, ' ' ORDER BY position) FROM watchlist_symbols"),
              "ETH/USDT:USDT BTC/USDT:USDT");
    Watchlist fresh;
    fresh.name = "fresh";
    EXPECT_TRUE(await(document_store().put_watchlist(fresh, 0)));
}

TEST_F(Migration, adopts_keys_that_it_has_nothing_to_fill_with) {
    ask(R"(
        CREATE TABLE bars_1m (day date, symbol varchar(20) NOT NULL, ts timestamptz NOT NULL, close numeric,
            PRIMARY KEY (day, symbol, ts));
        CREATE TABLE rankings (code varchar(8) PRIMARY KEY, ts timestamptz NOT NULL, profile text, symbol text);
        INSERT INTO bars_1m VALUES ('2026-11-22', 'BTC/USDT:USDT', '2026-11-22 05:20:00+00', 5.5);
        INSERT INTO rankings VALUES ('a1', '2026-11-22 05:00:00+00', 'scalp', 'BTC/USDT:USDT');
    )");
    open_store();
    write(samples::cycle(1, kStart));
    EXPECT_EQ(store_->status().dropped, 0U);
    EXPECT_EQ(ask("SELECT count(*) || ' ' || count(day) FROM bars_1m"), "3 1");
    EXPECT_EQ(ask("SELECT count(*) || ' ' || count(DISTINCT code) FROM rankings"), "5 5");
}

TEST_F(Migration, gives_bars_to_timescale_where_it_is_installed) {
    // The extension's functions, played: what is asked of them is what its documentation promises.
    ask(R"(
        CREATE SCHEMA timescaledb_information;
        CREATE TABLE timescaledb_information.hypertables (hypertable_name name);
        CREATE TABLE asked (what text);
        CREATE FUNCTION create_hypertable(relation regclass, time_column_name name, chunk_time_interval interval,
            if_not_exists boolean) RETURNS void LANGUAGE sql AS $$
            INSERT INTO asked VALUES ('create ' || relation || ' ' || time_column_name || ' ' || chunk_time_interval);
            INSERT INTO timescaledb_information.hypertables VALUES (relation::text::name); $$;
        CREATE FUNCTION drop_chunks(relation regclass, older_than timestamptz) RETURNS SETOF text LANGUAGE sql AS $$
            INSERT INTO asked VALUES ('drop ' || relation || ' ' || older_than) RETURNING what; $$;
    )");
    options_.retention_interval = std::chrono::milliseconds(100);
    open_store();
    EXPECT_EQ(ask("SELECT string_agg(what, ', ' ORDER BY what) FROM asked WHERE what LIKE 'create%'"),
              "create bars_1m ts 7 days, create bars_1m_ohlc ts 7 days, create ranking_inputs ts 1 day, "
              "create rankings ts 1 day");
    write(samples::cycle(1, kStart));
    EXPECT_EQ(rankings().rows.size(), 4U);
    EXPECT_TRUE(
        run_until([&] { return ask("SELECT count(*) > 0 FROM asked WHERE what LIKE 'drop rankings %'") == "t"; }));
}

}  // namespace
}  // namespace scanner::storage
