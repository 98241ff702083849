#include "api/history/history_views.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace scanner::api {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const core::WallTime kTime = *core::parse_time("2026-11-22T05:24:00.123Z");

storage::RankingRow row(const std::string& symbol, int rank) {
    storage::RankingRow made;
    made.time = kTime;
    made.sequence = 7;
    made.profile = "scalp";
    made.symbol = symbol;
    made.rank = rank;
    made.score = 12.5 / rank;
    made.last_price = 0.000012345678901;
    made.qvol_usdt = 20'000'000.0;
    made.spread_bps = 1.5;
    made.slip_bps = 2.25;
    made.manip_score = 9.35;
    made.inputs_json =
        R"({"contract_code":")" + symbol.substr(0, symbol.find('/')) +
        R"(-USDT","data_time":"2026-11-22T05:23:59.123Z","metrics":{"atr_pct":0.5,"ret_1":-0.25,"funding_8h_pct":null},)"
        R"("edges":{"liquidity_edge":1.25},"manipulation":{"manip_flags":["wall","wick"]}})";
    return made;
}

storage::RankingAsOf past() {
    storage::RankingAsOf ranking;
    ranking.time = kTime;
    ranking.sequence = 7;
    ranking.cycle.emplace();
    ranking.cycle->simulated = true;
    ranking.cycle->settings_json = R"({"notional_usdt":5000,"weights":{"swing":{},"scalp":{},"news":{}}})";
    ranking.rows = {row("BTC/USDT:USDT", 1), row("ETH/USDT:USDT", 2), row("SOL/USDT:USDT", 3)};
    return ranking;
}

AsOfQuery as_of_query(std::vector<std::string_view> fields) {
    AsOfQuery query;
    query.time = kTime + std::chrono::hours(1);
    query.profile = "scalp";
    query.top = 12;
    query.fields = std::move(fields);
    return query;
}

TEST(HistoryViews, a_ranking_row_is_a_line_with_the_fields_of_the_header) {
    const std::vector rows{row("BTC/USDT:USDT", 1)};
    const json line = json::parse(ndjson_of(rows));
    EXPECT_EQ(line.at("ts"), "2026-11-22T05:24:00.123Z");
    EXPECT_EQ(line.at("seq"), 7);
    EXPECT_EQ(line.at("contract_code"), "BTC-USDT");
    EXPECT_EQ(line.at("qvol_usdt"), 20'000'000);
    EXPECT_EQ(line.at("last_price"), 0.000012345678901);
    EXPECT_EQ(line.at("inputs").at("metrics").at("atr_pct"), 0.5);
    EXPECT_EQ(
        csv_header(HistoryRankingsQuery()),
        "ts,seq,profile,symbol,contract_code,rank,score,last_price,qvol_usdt,spread_bps,slip_bps,manip_score\r\n");
    EXPECT_EQ(
        csv_of(rows),
        "2026-11-22T05:24:00.123Z,7,scalp,BTC/USDT:USDT,BTC-USDT,1,12.5,1.2345678901e-05,20000000,1.5,2.25,9.35\r\n");
}

TEST(HistoryViews, what_an_older_service_did_not_keep_is_null) {
    storage::RankingRow old;
    old.time = kTime;
    old.profile = "scalp";
    old.symbol = "BTC/USDT:USDT";
    const std::vector rows{old};
    const json line = json::parse(ndjson_of(rows));
    for (const char* name : {"seq", "rank", "last_price", "qvol_usdt", "manip_score"})
        EXPECT_TRUE(line.at(name).is_null());
    EXPECT_FALSE(line.contains("inputs"));
    EXPECT_EQ(csv_of(rows), "2026-11-22T05:24:00.123Z,,scalp,BTC/USDT:USDT,BTC-USDT,,0,,,,,\r\n");
}

TEST(HistoryViews, a_bar_has_its_candle_and_its_numbers) {
    storage::HistoryBar bar;
    bar.time = *core::parse_time("2026-11-22T05:20:00Z");
    bar.minutes = 5;
    bar.candle.emplace();
    bar.candle->open = 1.0;
    bar.candle->high = 3.0;
    bar.candle->low = 0.5;
    bar.candle->close = 2.0;
    bar.candle->base_volume = 10.0;
    const std::vector only_candle{bar};
    json line = json::parse(ndjson_of(only_candle));
    EXPECT_EQ(line.at("high"), 3);
    EXPECT_TRUE(line.at("last_price").is_null());
    EXPECT_TRUE(line.at("manip_flags").is_null());
    bar.numbers.emplace();
    bar.numbers->close = 2.5;
    bar.numbers->manip_flags = {"wall", "wick"};
    bar.numbers->samples = 12;
    bar.numbers->first_sequence = 3;
    bar.numbers->last_sequence = 14;
    const std::vector both{bar};
    line = json::parse(ndjson_of(both));
    EXPECT_EQ(line.at("last_price"), 2.5);
    EXPECT_EQ(line.at("manip_flags"), (json{"wall", "wick"}));
    EXPECT_EQ(line.at("last_seq"), 14);
    EXPECT_THAT(csv_of(both), HasSubstr("wall|wick"));
    const std::string header = csv_header(HistoryBarsQuery());
    const std::string cells = csv_of(both);
    EXPECT_EQ(std::ranges::count(header, ','), std::ranges::count(cells, ','));
}

TEST(HistoryViews, a_page_tells_where_the_next_begins) {
    storage::RankingsPage page{.rows = {row("BTC/USDT:USDT", 1)}, .next = "r.1.2"};
    HistoryRankingsQuery query;
    query.from = kTime - std::chrono::hours(1);
    query.to = kTime;
    json body = json::parse(*render_page(query, page).body());
    EXPECT_EQ(body.at("from"), "2026-11-22T04:24:00.123Z");
    EXPECT_TRUE(body.at("profile").is_null());
    EXPECT_EQ(body.at("items").size(), 1U);
    EXPECT_EQ(body.at("next_cursor"), "r.1.2");
    page.next.clear();
    body = json::parse(*render_page(query, page).body());
    EXPECT_TRUE(body.at("next_cursor").is_null());
    HistoryBarsQuery bars;
    bars.symbol = "BTC/USDT:USDT";
    bars.interval = std::chrono::minutes(60);
    body = json::parse(*render_page(bars, storage::BarsPage()).body());
    EXPECT_EQ(body.at("interval"), "1h");
    EXPECT_EQ(body.at("contract_code"), "BTC-USDT");
}

TEST(HistoryViews, a_failure_within_a_stream_says_where_to_go_on) {
    const json line = json::parse(ndjson_failure(plain_problem(503, "away"), "r.1"));
    EXPECT_EQ(line.at("error").at("status"), 503);
    EXPECT_EQ(line.at("next_cursor"), "r.1");
}

TEST(HistoryViews, a_past_ranking_has_the_items_of_then) {
    const auto query = as_of_query({"symbol", "contract_code", "rank", "score", "atr_pct", "funding_8h_pct",
                                    "liquidity_edge", "manip_score", "manip_flags", "age_ms"});
    const json body = json::parse(*render_as_of(query, past()).body());
    EXPECT_EQ(body.at("as_of"), "2026-11-22T06:24:00.123Z");
    EXPECT_EQ(body.at("ts"), "2026-11-22T05:24:00.123Z");
    EXPECT_EQ(body.at("seq"), 7);
    EXPECT_EQ(body.at("simulated"), true);
    EXPECT_EQ(body.at("data_age_ms"), 1'000);
    EXPECT_EQ(body.at("settings").at("notional_usdt"), 5'000);
    EXPECT_EQ(body.at("total"), 3);
    const json& item = body.at("items").at(1);
    EXPECT_EQ(item.at("symbol"), "ETH/USDT:USDT");
    EXPECT_EQ(item.at("contract_code"), "ETH-USDT");
    EXPECT_EQ(item.at("rank"), 2);
    EXPECT_EQ(item.at("atr_pct"), 0.5);
    EXPECT_TRUE(item.at("funding_8h_pct").is_null());
    EXPECT_EQ(item.at("liquidity_edge"), 1.25);
    EXPECT_EQ(item.at("manip_flags"), (json{"wall", "wick"}));
    EXPECT_EQ(item.at("age_ms"), 1'000);
}

TEST(HistoryViews, a_past_ranking_is_cut_selected_and_paged) {
    auto query = as_of_query({"symbol"});
    query.top = 2;
    json body = json::parse(*render_as_of(query, past()).body());
    EXPECT_EQ(body.at("total"), 3) << "what was ranked";
    EXPECT_EQ(body.at("total_after_top"), 2);
    query.top = 12;
    query.page = 2;
    query.page_size = 2;
    body = json::parse(*render_as_of(query, past()).body());
    ASSERT_EQ(body.at("items").size(), 1U);
    EXPECT_EQ(body.at("items")[0].at("symbol"), "SOL/USDT:USDT");
    query.page = 9'000'000'000'000'000'000;
    EXPECT_TRUE(json::parse(*render_as_of(query, past()).body()).at("items").empty());
    query.page = 1;
    query.symbols = {"ETH-USDT"};
    query.csv = true;
    EXPECT_EQ(*render_as_of(query, past()).body(), "symbol\r\nETH/USDT:USDT\r\n");
}

TEST(HistoryViews, a_past_ranking_of_an_older_service_is_shown_as_far_as_it_goes) {
    storage::RankingAsOf ranking = past();
    ranking.cycle.reset();
    ranking.sequence = 0;
    for (storage::RankingRow& old : ranking.rows) old.inputs_json.clear();
    const json body = json::parse(*render_as_of(as_of_query({"symbol", "atr_pct", "manip_flags"}), ranking).body());
    EXPECT_TRUE(body.at("seq").is_null());
    EXPECT_TRUE(body.at("settings").is_null());
    EXPECT_TRUE(body.at("data_age_ms").is_null());
    EXPECT_EQ(body.at("items").size(), 3U);
    EXPECT_TRUE(body.at("items")[0].at("atr_pct").is_null());
    EXPECT_TRUE(profiles_of(ranking).empty());
    EXPECT_EQ(profiles_of(past()), (std::vector<std::string>{"news", "scalp", "swing"}));
}

}  // namespace
}  // namespace scanner::api
