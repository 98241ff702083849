#include "storage/store_fixture.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace scanner::storage {
namespace {

using samples::kStart;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class HistoryTest : public EitherStore {
protected:
    HistoryTest() { open_store(); }

    RankingsQuery all(std::size_t limit = 1'000) const {
        RankingsQuery query;
        query.from = kStart - days(400);
        query.to = kStart + days(400);
        query.limit = limit;
        return query;
    }
    BarsQuery bars_of(std::string symbol, minutes interval) const {
        BarsQuery query;
        query.symbol = std::move(symbol);
        query.interval = interval;
        query.from = kStart - days(1);
        query.to = kStart + days(1);
        return query;
    }
    RankingsPage rankings(RankingsQuery query) {
        auto page = await(history().rankings(std::move(query)));
        EXPECT_TRUE(page) << page.error().message();
        return page ? std::move(*page) : RankingsPage();
    }
    BarsPage bars(BarsQuery query) {
        auto page = await(history().bars(std::move(query)));
        EXPECT_TRUE(page) << page.error().message();
        return page ? std::move(*page) : BarsPage();
    }
};

TEST_P(HistoryTest, gives_back_rankings_with_every_number) {
    write(samples::cycle(1, kStart));
    RankingsQuery query = all();
    query.with_inputs = true;
    const RankingsPage page = rankings(query);
    ASSERT_EQ(page.rows.size(), 4U);
    EXPECT_TRUE(page.next.empty());
    const RankingRow& row = page.rows[0];
    const RankingRow expected = samples::ranking(1, kStart, "scalp", "BTC/USDT:USDT", 1);
    EXPECT_EQ(row.time, expected.time);
    EXPECT_EQ(row.sequence, 1U);
    EXPECT_EQ(row.profile, "scalp");
    EXPECT_EQ(row.symbol, "BTC/USDT:USDT");
    EXPECT_EQ(row.rank, 1);
    EXPECT_EQ(row.score, expected.score);
    EXPECT_EQ(row.last_price, expected.last_price);
    EXPECT_EQ(row.qvol_usdt, expected.qvol_usdt);
    EXPECT_EQ(row.spread_bps, expected.spread_bps);
    EXPECT_EQ(row.slip_bps, expected.slip_bps);
    EXPECT_EQ(row.manip_score, expected.manip_score);
    EXPECT_EQ(row.inputs_json, R"({"contract_code":"BTC-USDT","listed_at":"2026-11-22T05:24:00.000Z","metrics":)"
                               R"({"atr_pct":0.30000000000000004,"basis_bps":null},"flags":["it's","a\"b"]})");
    EXPECT_EQ(page.rows[3].profile, "swing");
    EXPECT_EQ(page.rows[3].symbol, "ETH/USDT:USDT");
}

TEST_P(HistoryTest, writes_a_cycle_that_ranked_nothing) {
    HistoryBatch batch = samples::cycle(5, kStart);
    batch.rankings.clear();
    write(std::move(batch));
    const auto ranking = await(history().ranking_as_of(kStart + seconds(1), "scalp"));
    ASSERT_TRUE(ranking && *ranking);
    EXPECT_EQ((*ranking)->sequence, 5U);
    EXPECT_TRUE((*ranking)->rows.empty());
}

TEST_P(HistoryTest, gives_back_any_text_as_it_was) {
    HistoryBatch batch = samples::cycle(1, kStart);
    batch.rankings.resize(2);
    batch.inputs.resize(1);
    batch.rankings[0].symbol = "tab\there, line\nthere\r, \\ and \\t, \"it's\" {1,2} \u00e9";
    batch.rankings[1].symbol = "\\N";  // what COPY takes for a null, unless it is told otherwise
    batch.rankings[1].rank = std::nullopt;
    batch.rankings[1].last_price = std::nullopt;
    const std::string text = "tab\there, \\N \"it's\" {NULL} \\ \u00e9";
    batch.inputs[0].texts_json = nlohmann::json{{"flags", {text, "NULL"}}}.dump();
    batch.inputs[0].symbol = batch.rankings[0].symbol;
    write(batch);
    RankingsQuery query = all();
    query.with_inputs = true;
    const RankingsPage page = rankings(query);
    ASSERT_EQ(page.rows.size(), 2U);
    EXPECT_EQ(page.rows[0].symbol, "\\N");
    EXPECT_EQ(page.rows[0].rank, std::nullopt);
    EXPECT_EQ(page.rows[0].last_price, std::nullopt);
    EXPECT_EQ(page.rows[1].symbol, batch.rankings[0].symbol);
    EXPECT_EQ(page.rows[1].rank, 1);
    EXPECT_EQ(nlohmann::json::parse(page.rows[1].inputs_json)["flags"], (std::vector<std::string>{text, "NULL"}));
}

TEST_P(HistoryTest, writes_what_is_missing_of_rows_that_are_there_in_part) {
    HistoryBatch first = samples::cycle(1, kStart);
    first.rankings.resize(1);
    first.inputs.resize(1);
    write(first);
    HistoryBatch again = samples::cycle(1, kStart);
    again.rankings[0].score = -1.0;  // of the two the first one is kept
    again.cycle.reset();
    // More than go into one statement: the one with the row that is there, and one without.
    for (int rank = 3; rank <= 7'000; ++rank)
        again.rankings.push_back(samples::ranking(1, kStart, "many", "C" + std::to_string(rank), rank));
    write(again);
    write(again);
    EXPECT_EQ(store_->status().dropped, 0U);
    RankingsQuery query = all(kMaxPageRows);
    query.with_inputs = true;
    std::set<std::string> found;
    std::size_t rows = 0;
    std::size_t with_inputs = 0;
    do {
        const RankingsPage page = rankings(query);
        rows += page.rows.size();
        for (const RankingRow& row : page.rows) {
            found.insert(row.profile + row.symbol);
            with_inputs += row.inputs_json.empty() ? 0U : 1U;
            if (row.profile == "scalp" && row.rank == 1) EXPECT_EQ(row.score, first.rankings[0].score);
        }
        query.cursor = page.next;
    } while (!query.cursor.empty());
    EXPECT_EQ(rows, again.rankings.size());
    EXPECT_EQ(found.size(), rows);
    EXPECT_EQ(with_inputs, 4U);
}

TEST_P(HistoryTest, filters_rankings_by_time_profile_and_symbol) {
    for (std::uint64_t i = 1; i <= 4; ++i) write(samples::cycle(i, kStart + seconds(15 * i)));
    RankingsQuery query = all();
    query.from = kStart + seconds(30);
    query.to = kStart + seconds(60);  // exclusive
    EXPECT_EQ(rankings(query).rows.size(), 8U);
    query.profile = "swing";
    EXPECT_EQ(rankings(query).rows.size(), 4U);
    query.symbol = "ETH/USDT:USDT";
    const RankingsPage page = rankings(query);
    ASSERT_EQ(page.rows.size(), 2U);
    EXPECT_EQ(page.rows[0].sequence, 2U);
    EXPECT_EQ(page.rows[1].sequence, 3U);
    query.symbol = "X' OR '1'='1";
    EXPECT_TRUE(rankings(query).rows.empty());
}

TEST_P(HistoryTest, pages_through_rankings_without_a_gap_or_a_double) {
    for (std::uint64_t i = 1; i <= 7; ++i) write(samples::cycle(i, kStart + milliseconds(137 * i)));
    for (const std::size_t limit : {1U, 3U, 4U, 27U, 28U, 29U}) {
        for (const bool with_inputs : {false, true}) {
            std::vector<std::string> seen;
            RankingsQuery query = all(limit);
            query.with_inputs = with_inputs;
            int pages = 0;
            do {
                const RankingsPage page = rankings(query);
                ASSERT_LE(page.rows.size(), limit);
                ASSERT_FALSE(page.rows.empty());
                for (const RankingRow& row : page.rows)
                    seen.push_back(std::to_string(row.sequence) + row.profile + row.symbol);
                query.cursor = page.next;
                ASSERT_LE(++pages, 28);
            } while (!query.cursor.empty());
            EXPECT_EQ(seen.size(), 28U);
            EXPECT_TRUE(std::ranges::is_sorted(seen));
        }
    }
}

TEST_P(HistoryTest, refuses_queries_that_make_no_sense) {
    const auto code = [&](RankingsQuery query) {
        const auto page = await(history().rankings(std::move(query)));
        return page ? core::ErrorCode::internal : page.error().code();
    };
    EXPECT_EQ(code(all(0)), core::ErrorCode::invalid_input);
    EXPECT_EQ(code(all(kMaxPageRows + 1)), core::ErrorCode::invalid_input);
    RankingsQuery query = all();
    std::swap(query.from, query.to);
    EXPECT_EQ(code(query), core::ErrorCode::invalid_input);
    for (const char* cursor : {"x", "r.1.2", "r.a.b.c.d", "b.1", "r.1.1.p.s.t"}) {
        query = all();
        query.cursor = cursor;
        EXPECT_EQ(code(query), core::ErrorCode::invalid_input) << cursor;
    }
    const auto bad_interval = await(history().bars(bars_of("BTC/USDT:USDT", minutes(7))));
    ASSERT_FALSE(bad_interval);
    EXPECT_EQ(bad_interval.error().code(), core::ErrorCode::invalid_input);
    EXPECT_EQ(rankings(all()).rows.size(), 0U) << "and goes on as if nothing had happened";
}

TEST_P(HistoryTest, knows_the_ranking_as_it_stood) {
    EXPECT_EQ(*await(history().ranking_as_of(kStart + hours(1), "scalp")), std::nullopt);
    for (std::uint64_t i = 1; i <= 3; ++i) write(samples::cycle(i, kStart + seconds(15 * i)));
    EXPECT_EQ(*await(history().ranking_as_of(kStart + seconds(14), "scalp")), std::nullopt);
    const auto ranking = await(history().ranking_as_of(kStart + seconds(44), "swing"));
    ASSERT_TRUE(ranking && *ranking);
    EXPECT_EQ((*ranking)->sequence, 2U);
    EXPECT_EQ((*ranking)->time, kStart + seconds(30));
    ASSERT_EQ((*ranking)->rows.size(), 2U);
    EXPECT_EQ((*ranking)->rows[0].rank, 1);
    EXPECT_EQ((*ranking)->rows[0].symbol, "BTC/USDT:USDT");
    EXPECT_FALSE((*ranking)->rows[0].inputs_json.empty());
    ASSERT_TRUE((*ranking)->cycle);
    EXPECT_EQ((*ranking)->cycle->requests, 40U);
    EXPECT_TRUE((*ranking)->cycle->simulated);
    EXPECT_EQ(nlohmann::json::parse((*ranking)->cycle->settings_json)["note"], "it's \"quoted\" \\ {é}");
    EXPECT_EQ((*await(history().ranking_as_of(kStart + seconds(45), "swing")))->sequence, 3U) << "at that very time";
}

TEST_P(HistoryTest, merges_the_cycles_of_a_minute) {
    for (std::uint64_t i = 1; i <= 3; ++i) write(samples::cycle(i, kStart + seconds(15 * i)));
    write(samples::cycle(4, kStart + seconds(60)));
    const BarsPage page = bars(bars_of("ETH/USDT:USDT", minutes(1)));
    ASSERT_EQ(page.rows.size(), 3U);
    EXPECT_FALSE(page.rows[0].numbers) << "the minute before has its candle only";
    ASSERT_TRUE(page.rows[1].numbers);
    const MinuteAggregate& minute = *page.rows[1].numbers;
    EXPECT_EQ(minute.minute, kStart);
    EXPECT_EQ(minute.close, 103.0);
    EXPECT_EQ(minute.manip_score, 3.0);
    EXPECT_EQ(minute.manip_flags, (std::vector<std::string>{"flag_0", "flag_1"}));
    EXPECT_EQ(minute.samples, 3);
    EXPECT_EQ(minute.first_sequence, 1U);
    EXPECT_EQ(minute.last_sequence, 3U);
    EXPECT_EQ(minute.funding_8h_pct, 0.01);
    EXPECT_EQ(page.rows[2].numbers->samples, 1);
}

TEST_P(HistoryTest, replaces_a_candle_by_that_of_a_later_cycle_only) {
    HistoryBatch batch;
    batch.candles = {samples::candle(5, kStart, "BTC/USDT:USDT", 1.0)};
    write(batch);
    batch.candles = {samples::candle(4, kStart, "BTC/USDT:USDT", 2.0)};
    write(batch);
    EXPECT_EQ(bars(bars_of("BTC/USDT:USDT", minutes(1))).rows.at(0).candle->close, 1.0);
    batch.candles = {samples::candle(6, kStart, "BTC/USDT:USDT", 3.0)};
    write(batch);
    EXPECT_EQ(bars(bars_of("BTC/USDT:USDT", minutes(1))).rows.at(0).candle->close, 3.0);
}

TEST_P(HistoryTest, pages_through_bars_over_gaps) {
    HistoryBatch batch;
    for (const int minute : {0, 1, 2, 9, 10, 300, 301, 799})
        batch.candles.push_back(samples::candle(1, kStart + minutes(minute), "BTC/USDT:USDT", 100.0 + minute));
    write(std::move(batch));
    for (const std::size_t limit : {1U, 2U, 5U, 100U}) {
        BarsQuery query = bars_of("BTC/USDT:USDT", minutes(1));
        query.limit = limit;
        std::vector<double> closes;
        do {
            const BarsPage page = bars(query);
            ASSERT_FALSE(page.rows.empty());
            ASSERT_LE(page.rows.size(), limit);
            for (const HistoryBar& bar : page.rows) closes.push_back(bar.candle->close - 100.0);
            query.cursor = page.next;
        } while (!query.cursor.empty());
        EXPECT_EQ(closes, (std::vector<double>{0, 1, 2, 9, 10, 300, 301, 799})) << limit;
    }
    BarsQuery query = bars_of("BTC/USDT:USDT", minutes(15));
    query.from = kStart + minutes(1);  // begins within the bar of 05:15
    query.to = kStart + minutes(301);
    const BarsPage page = bars(query);
    ASSERT_EQ(page.rows.size(), 2U);
    EXPECT_EQ(core::format_time(page.rows[0].time), "2026-11-22T05:30:00.000Z");
    EXPECT_EQ(core::format_time(page.rows[1].time), "2026-11-22T10:15:00.000Z");
    EXPECT_EQ(page.rows[1].minutes, 2) << "a bar that begins in the range is whole";
    EXPECT_TRUE(bars(bars_of("ETH/USDT:USDT", minutes(60))).rows.empty());
}

TEST_P(HistoryTest, continues_from_the_last_sequence_after_a_restart) {
    EXPECT_EQ(history().last_sequence(), 0U);
    write(samples::cycle(41, kStart));
    EXPECT_EQ(history().last_sequence(), 41U);
    reopen_store();
    EXPECT_EQ(history().last_sequence(), 41U);
    close_store();
    std::filesystem::remove_all(std::filesystem::path(options_.data_dir) / "spool");
    open_store();
    EXPECT_EQ(history().last_sequence(), 41U) << "the database knows it too";
}

TEST_P(HistoryTest, keeps_what_is_recorded_just_before_the_end) {
    for (std::uint64_t i = 1; i <= 40; ++i) history().record(samples::cycle(i, kStart + seconds(i)));
    reopen_store();
    ASSERT_TRUE(run_until([&] { return store_->status().backlog == 0; }));
    EXPECT_EQ(rankings(all()).rows.size(), 160U);
}

TEST_P(HistoryTest, prunes_what_is_too_old_and_nothing_else) {
    options_.rankings_retention = days(2);
    options_.bars_retention = days(30);
    options_.retention_interval = milliseconds(100);
    for (int day = 0; day < 60; ++day) {
        HistoryBatch batch = samples::cycle(static_cast<std::uint64_t>(day) + 1, kStart - days(day));
        batch.alerts.push_back(
            {.rule = "r", .symbol = "BTC/USDT:USDT", .time = kStart - days(day), .sequence = 1, .payload_json = "{}"});
        history().record(std::move(batch));
    }
    reopen_store();
    const auto rankings_left = [&] {
        std::set<core::WallTime> times;
        for (const RankingRow& row : rankings(all()).rows) times.insert(row.time);
        return times;
    };
    // Whole partitions go on Postgres: up to one more day than asked for is left.
    ASSERT_TRUE(run_until([&] { return rankings_left().size() <= 4; }));
    const auto left = rankings_left();
    EXPECT_TRUE(left.contains(kStart));
    EXPECT_TRUE(left.contains(kStart - days(1)));
    const auto days_with_bars = [&] {
        BarsQuery query = bars_of("BTC/USDT:USDT", minutes(60));
        query.from = kStart - days(100);
        std::set<core::WallTime> found;
        do {
            const BarsPage page = bars(query);
            for (const HistoryBar& bar : page.rows) found.insert(std::chrono::floor<days>(bar.time));
            query.cursor = page.next;
        } while (!query.cursor.empty());
        return found.size();
    };
    ASSERT_TRUE(run_until([&] { return days_with_bars() <= 38; }));
    EXPECT_GE(days_with_bars(), 30U);
    AlertsQuery alerts;
    ASSERT_TRUE(run_until([&] { return await(archive().alerts(alerts))->rows.size() <= 4; }));
    EXPECT_GE(await(archive().alerts(alerts))->rows.size(), 2U);
}

TEST_P(HistoryTest, puts_a_batch_aside_that_the_database_will_never_take) {
    HistoryBatch broken = samples::cycle(2, kStart + seconds(2));
    // Postgres has no text with a NUL; SQLite takes everything, unless a trigger forbids it.
    broken.inputs[0].symbol = std::string("a\0b", 3);
    if (GetParam() == DatabaseKind::sqlite) {
        SQLite::Database other(options_.data_dir + "/scanner.db", SQLite::OPEN_READWRITE, 5'000);
        other.exec(
            "CREATE TRIGGER no BEFORE INSERT ON ranking_inputs WHEN length(CAST(NEW.symbol AS BLOB)) = 3 "
            "BEGIN SELECT RAISE(ABORT, 'no'); END");
    }
    history().record(samples::cycle(1, kStart + seconds(1)));
    history().record(std::move(broken));
    history().record(samples::cycle(3, kStart + seconds(3)));
    ASSERT_TRUE(run_until([&] { return store_->status().backlog == 0; })) << store_->status().last_error;
    EXPECT_EQ(store_->status().dropped, 1U);
    EXPECT_EQ(rankings(all()).rows.size(), 8U);
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(options_.data_dir) / "spool" / "refused.spool"));
}

TEST_P(HistoryTest, survives_a_maker_that_throws) {
    history().record(std::function<HistoryBatch()>([]() -> HistoryBatch { throw std::runtime_error("no"); }));
    write(samples::cycle(1, kStart));
    EXPECT_EQ(rankings(all()).rows.size(), 4U);
    EXPECT_EQ(store_->status().dropped, 1U);
}

TEST_P(HistoryTest, says_how_it_does) {
    write(samples::cycle(1, kStart));
    const StoreStatus status = store_->status();
    EXPECT_EQ(status.state, GetParam() == DatabaseKind::sqlite ? StoreState::embedded : StoreState::ready);
    EXPECT_EQ(status.backlog, 0U);
    EXPECT_EQ(status.backlog_age_sec, std::nullopt);
    EXPECT_EQ(status.dropped, 0U);
    EXPECT_GT(store_->spool_bytes(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Databases, HistoryTest, testing::Values(DatabaseKind::sqlite, DatabaseKind::postgres),
                         database_name);

}  // namespace
}  // namespace scanner::storage
