#include "api/bars.hpp"
#include "api/inspect_view.hpp"
#include "api/opportunities_view.hpp"
#include "api/sample.hpp"
#include "api/status_views.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace scanner::api {
namespace {

using nlohmann::json;
using testing::ElementsAre;

constexpr std::int64_t kMinute = 60'000;

market::Candle candle(std::int64_t minute, double open, double high, double low, double close, double volume) {
    return {minute * kMinute, open, high, low, close, volume};
}

TEST(Bars, are_the_candles_themselves_where_the_interval_is_right) {
    const std::vector<market::Candle> candles{candle(100, 1, 2, 0.5, 1.5, 10), candle(101, 1.5, 3, 1, 2, 20)};
    const auto bars = bars_of(candles, 1, 1);
    ASSERT_EQ(bars.size(), 2U);
    EXPECT_TRUE(bars[0].closed);
    EXPECT_FALSE(bars[1].closed);
    EXPECT_EQ(bars[1].candle.high, 3);
}

TEST(Bars, are_put_together_on_the_clock) {
    std::vector<market::Candle> candles;
    for (std::int64_t minute = 103; minute <= 111; ++minute) {
        const auto m = static_cast<double>(minute);
        candles.push_back(candle(minute, m, m + 2, m - 2, m + 1, 1));
    }
    const auto bars = bars_of(candles, candles.size() - 1, 5);
    ASSERT_EQ(bars.size(), 2U);  // 100..104 began before the candles do
    EXPECT_EQ(bars[0].candle.open_time_ms, 105 * kMinute);
    EXPECT_EQ(bars[0].candle.open, 105);
    EXPECT_EQ(bars[0].candle.high, 111);
    EXPECT_EQ(bars[0].candle.low, 103);
    EXPECT_EQ(bars[0].candle.close, 110);
    EXPECT_EQ(bars[0].candle.base_volume, 5);
    EXPECT_TRUE(bars[0].closed);
    EXPECT_EQ(bars[1].candle.open_time_ms, 110 * kMinute);
    EXPECT_FALSE(bars[1].closed);
}

TEST(Bars, live_with_missing_minutes_and_running_ones) {
    const std::vector<market::Candle> candles{candle(105, 1, 1, 1, 1, 1), candle(106, 2, 2, 2, 2, 1),
                                              candle(111, 3, 3, 3, 3, 1), candle(114, 4, 4, 4, 4, 1)};
    const auto running = bars_of(candles, 3, 5);
    ASSERT_EQ(running.size(), 2U);
    EXPECT_TRUE(running[0].closed);   // a later bar has begun
    EXPECT_FALSE(running[1].closed);  // its last minute runs
    EXPECT_TRUE(bars_of(candles, 4, 5)[1].closed);
}

TEST(Bars, are_not_made_from_longer_candles) {
    const std::vector<market::Candle> candles{candle(100, 1, 1, 1, 1, 1), candle(105, 2, 2, 2, 2, 1)};
    EXPECT_TRUE(bars_of(candles, 2, 1).empty());
    EXPECT_EQ(bars_of(candles, 2, 5).size(), 2U);
    EXPECT_TRUE(bars_of({}, 0, 1).empty());
    EXPECT_EQ(bars_of(std::span(candles).first(1), 1, 1).size(), 1U);
}

class Details : public testing::Test {
protected:
    [[nodiscard]] json inspect(const std::string& code, const std::string& query = "") const {
        const auto parsed = parse_inspect_query(*net::parse_query(query), {.ranking = &ranking_});
        EXPECT_TRUE(parsed);
        return json::parse(*render_inspection(ranking_, *ranking_.find(code), *parsed).body());
    }
    [[nodiscard]] json opportunities(const std::string& query = "") const {
        const auto parsed = parse_opportunities_query(*net::parse_query(query), {.ranking = &ranking_});
        EXPECT_TRUE(parsed);
        return json::parse(*render_opportunities(ranking_, *parsed).body());
    }

    engine::Ranking ranking_ = test::make_ranking();
};

TEST_F(Details, inspection_has_every_block) {
    const json body = inspect("BTC-USDT");
    EXPECT_EQ(body["symbol"], "BTC/USDT:USDT");
    EXPECT_EQ(body["contract_code"], "BTC-USDT");
    EXPECT_EQ(body["data_age_ms"], 800);
    const engine::RankedEntry* const entry = find_entry(ranking_, "scalp", "BTC-USDT");
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(body["score"].get<double>(), entry->score);
    EXPECT_EQ(body["snapshot"]["rank"], entry->rank);
    EXPECT_TRUE(body["rejection"].is_null());
    EXPECT_EQ(body["snapshot"]["qvol_usdt"], 145'000'000);
    EXPECT_EQ(body["snapshot"]["index_price"], 77'100);
    EXPECT_EQ(body["orderbook"]["bids"].size(), 10U);
    EXPECT_EQ(body["orderbook"]["asks"].size(), 10U);
    EXPECT_GT(body["orderbook"]["asks"][0][0], body["orderbook"]["bids"][0][0]);
    EXPECT_LT(body["orderbook"]["asks"][0][0], body["orderbook"]["asks"][1][0]);
    EXPECT_EQ(body["momentum"].size(), 5U);
    EXPECT_EQ(body["micro"]["volatility_bucket"], "low");
    EXPECT_TRUE(body["micro"]["spoof_unwind"].is_boolean());
    EXPECT_EQ(body["bars_1m"].size(), 60U);
    EXPECT_EQ(body["bars_1m"].back()["closed"], false);
    EXPECT_EQ(body["bars_1m"].back()["ts"], "2026-11-22T05:24:00.000Z");
    EXPECT_GE(body["bars_5m"].size(), 23U);
    EXPECT_EQ(body["spread_history"].size(), 1U);
    EXPECT_TRUE(body["trades"].is_null());
    EXPECT_EQ(body["manipulation"]["features"].size(), 14U);
    EXPECT_EQ(body["manipulation"]["contributions"][0]["feature"], "bias");
}

TEST_F(Details, inspection_shows_what_the_score_is_made_of) {
    const json body = inspect("SOL-USDT", "profile=swing");
    EXPECT_EQ(body["profile"], "swing");
    const json& m = body["metrics"];
    const auto part = [&m](const char* name) { return m[name].get<double>(); };
    const double sum = part("liquidity") + part("volatility") + part("momentum") + part("carry") +
                       part("structure_bonus") + part("edges") - part("structure_penalty") - part("cost") -
                       part("manip_penalty");
    EXPECT_NEAR(sum, body["score"].get<double>(), 1e-4);
    EXPECT_GT(part("queue_position"), 0.0);
    EXPECT_TRUE(m.contains("simulated_impact_bps") && m.contains("momentum_scale"));
}

TEST_F(Details, inspection_of_a_rejected_contract_says_why) {
    const json body = inspect("THIN-USDT");
    EXPECT_TRUE(body["score"].is_null());
    EXPECT_TRUE(body["snapshot"]["score"].is_null());
    EXPECT_TRUE(body["snapshot"]["rank"].is_null());
    EXPECT_EQ(body["rejection"], "volume");
    EXPECT_NE(body["metrics"]["liquidity"].get<double>(), 0.0);
    EXPECT_EQ(inspect("WIDE-USDT")["rejection"], "spread");
}

TEST_F(Details, card_is_short) {
    const json body = inspect("ETH-USDT", "mode=card");
    for (const char* name :
         {"symbol", "contract_code", "score", "liquidity_edge", "momentum_edge", "last_price", "manip_score"}) {
        EXPECT_TRUE(body.contains(name)) << name;
    }
    EXPECT_FALSE(body.contains("orderbook"));
    EXPECT_EQ(body["last_price"], 2'500);
}

TEST_F(Details, opportunities_have_every_documented_field) {
    const json body = opportunities();
    EXPECT_EQ(body["notional"], 10'000);
    EXPECT_EQ(body["profile"], "scalp");
    ASSERT_EQ(body["items"].size(), 4U);
    const json& first = body["items"][0];
    for (const char* name :
         {"symbol", "contract_code", "score", "side_bias", "entry_zone", "stop_suggestion", "tp_levels", "confidence",
          "manip_score", "manip_flags", "ts", "last_price", "entry_price", "stop_price", "tp_prices", "rationale"}) {
        EXPECT_TRUE(first.contains(name)) << name;
    }
    EXPECT_EQ(first["tp_levels"].size(), 3U);
    EXPECT_EQ(first["tp_prices"].size(), 3U);
    EXPECT_TRUE(first["entry_zone"].contains("type") && first["entry_zone"].contains("pct"));
    EXPECT_TRUE(first["confidence"].is_number_integer());
    EXPECT_EQ(first["ts"], body["ts"]);
    EXPECT_FALSE(first["rationale"].empty());
}

TEST_F(Details, opportunities_come_best_first_and_are_cut) {
    const json all = opportunities();
    for (std::size_t i = 1; i < all["items"].size(); ++i) {
        EXPECT_GE(all["items"][i - 1]["score"].get<double>(), all["items"][i]["score"].get<double>());
    }
    EXPECT_EQ(opportunities("top=2")["items"].size(), 2U);
}

TEST_F(Details, opportunity_prices_can_be_sent_as_they_are) {
    const json body = opportunities();
    const auto decimals = [](const json& price) {
        const std::string text = price.dump();
        return text.find('.') == std::string::npos ? 0 : text.size() - text.find('.') - 1;
    };
    for (const json& item : body["items"]) {
        for (const char* name : {"last_price", "entry_price", "stop_price"}) {
            EXPECT_LE(decimals(item[name]), 2U) << item[name];  // the sample's price step is 0.01
        }
        for (const json& target : item["tp_prices"]) EXPECT_LE(decimals(target), 2U) << target;
    }
}

TEST_F(Details, opportunities_without_funding_do_not_speak_of_it) {
    const auto mentions = [](const json& body) { return body["items"].dump().find("funding") != std::string::npos; };
    EXPECT_TRUE(mentions(opportunities()));
    EXPECT_FALSE(mentions(opportunities("include_funding=0")));
}

TEST(StatusViews, symbols_say_why_a_contract_is_in_or_out) {
    const auto ranking = test::make_ranking();
    const json body = json::parse(*render_symbols(test::sample_universe(), &ranking).body());
    EXPECT_EQ(body["total"], 8);
    EXPECT_EQ(body["in_scan"], 6);
    const json& btc = body["items"][0];
    EXPECT_EQ(btc["symbol"], "BTC/USDT:USDT");
    EXPECT_EQ(btc["contract_size"], 0.001);
    EXPECT_EQ(btc["price_tick"], 0.01);
    EXPECT_EQ(btc["status"], "listed");
    EXPECT_EQ(btc["in_scan"], true);
    EXPECT_TRUE(btc["reason"].is_null());
    const json& old = body["items"][6];
    EXPECT_EQ(old["in_scan"], false);
    EXPECT_EQ(old["reason"], "inactive");
    EXPECT_EQ(old["detail"], "suspended");
    EXPECT_TRUE(old["qvol_usdt"].is_null());
    EXPECT_TRUE(json::parse(*render_symbols(test::sample_universe(), nullptr).body())["seq"].is_null());
}

TEST(StatusViews, health_has_the_names_that_clients_know) {
    HealthReport report{.fresh = true, .next_scan_at = test::kNow, .version = "1.2.3", .uptime_sec = 12.3456};
    report.ranking = std::make_shared<const engine::Ranking>(test::make_ranking());
    report.health.last_cycle_ms = 1'250.0;
    report.health.last_success = test::kNow;
    report.health.cycle_count = 9;
    report.health.recent_cycle_ms = {1'000.0, 1'250.0};
    report.health.exchange.exchange = "htx";
    report.health.exchange.state = exchange::BreakerState::half_open;
    report.health.exchange.threshold = 5;
    report.health.exchange.errors = {{"timeout", 3}};
    report.health.symbols = {{.symbol = "BTC/USDT:USDT", .latency_ms = 12.5, .last_seen = test::kNow},
                             {.symbol = "ETH/USDT:USDT", .stale = true}};
    report.stores = {{.name = "redis", .state = "ok", .backlog = 2}};
    const json body = json::parse(*render_health(report).body());
    EXPECT_EQ(body["last_cycle_ms"], 1'250);
    EXPECT_EQ(body["last_success"], "2026-11-22T05:24:00.123Z");
    EXPECT_TRUE(body["last_error"].is_null());
    EXPECT_EQ(body["failure_streak"], 0);
    EXPECT_EQ(body["cycle_count"], 9);
    EXPECT_EQ(body["backoff_sec"], 0);
    EXPECT_EQ(body["adapter"]["exchange"], "htx");
    EXPECT_EQ(body["adapter"]["state"], "half-open");
    EXPECT_EQ(body["adapter"]["fail_count"], 0);
    EXPECT_EQ(body["adapter"]["cooldown_remaining"], 0);
    EXPECT_EQ(body["adapter"]["threshold"], 5);
    EXPECT_EQ(body["adapter"]["errors"]["timeout"], 3);
    EXPECT_EQ(body["symbols"]["BTC/USDT:USDT"]["latency_ms"], 12.5);
    EXPECT_EQ(body["symbols"]["BTC/USDT:USDT"]["volatility_bucket"], "low");
    EXPECT_EQ(body["symbols"]["ETH/USDT:USDT"]["stale"], true);
    EXPECT_TRUE(body["symbols"]["ETH/USDT:USDT"]["last_seen"].is_null());
    EXPECT_EQ(body["stores"]["redis"]["backlog"], 2);
    EXPECT_EQ(body["version"], "1.2.3");
    EXPECT_EQ(body["uptime_sec"], 12.346);
}

}  // namespace
}  // namespace scanner::api
