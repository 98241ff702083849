#include "api/inspect/bars.hpp"
#include "api/inspect/inspect_view.hpp"
#include "api/rankings/opportunities_view.hpp"
#include "api/sample.hpp"
#include "api/status/status_views.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
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

TEST(Bars, have_volumes_in_whole_contracts) {
    std::vector<market::Candle> candles;
    for (std::int64_t minute = 100; minute < 105; ++minute) candles.push_back(candle(minute, 1, 1, 1, 1, 0.1));
    EXPECT_EQ(bars_of(candles, 5, 5)[0].candle.base_volume, 0.5);
    for (market::Candle& each : candles) each.base_volume = 0.7;
    EXPECT_EQ(bars_of(candles, 5, 5)[0].candle.base_volume, 3.5);
    for (market::Candle& each : candles) each.base_volume = 3e-10;
    EXPECT_EQ(bars_of(candles, 5, 5)[0].candle.base_volume, 1.5e-9) << "however small a contract is";
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
        const std::size_t i = ranking_.index_of(code).value();
        return json::parse(*render_inspection(ranking_, {ranking_.contract(i), ranking_.edges[i]}, *parsed).body());
    }
    [[nodiscard]] json opportunities(const std::string& query = "") const {
        const auto parsed = parse_opportunities_query(*net::parse_query(query), {.ranking = &ranking_});
        EXPECT_TRUE(parsed);
        return json::parse(*render_opportunities(ranking_, *parsed, context_).body());
    }

    ranking::Ranking ranking_ = test::make_ranking();
    OpportunityContext context_;
};

TEST_F(Details, inspection_has_every_block) {
    const json body = inspect("BTC-USDT");
    EXPECT_EQ(body["symbol"], "BTC/USDT:USDT");
    EXPECT_EQ(body["contract_code"], "BTC-USDT");
    EXPECT_EQ(body["data_age_ms"], 800);
    const ranking::RankedEntry* const entry = find_entry(ranking_, "scalp", "BTC-USDT");
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
         {"symbol",          "contract_code",       "score",       "side_bias",   "entry_zone",   "stop_suggestion",
          "tp_levels",       "confidence",          "manip_score", "manip_flags", "ts",           "last_price",
          "entry_price",     "stop_price",          "tp_prices",   "rationale",   "breakout",     "reward_risk_gross",
          "reward_risk_net", "round_trip_cost_pct", "risk_usdt",   "tradable",    "not_tradable", "notes"}) {
        EXPECT_TRUE(first.contains(name)) << name;
    }
    EXPECT_EQ(first["tp_levels"].size(), 3U);
    EXPECT_EQ(first["tp_prices"].size(), 3U);
    EXPECT_TRUE(first["entry_zone"].contains("type") && first["entry_zone"].contains("pct"));
    EXPECT_TRUE(first["confidence"].is_number_integer());
    for (const json& item : body["items"]) {
        const json& terms = item["confidence_terms"];
        const double sum = terms["score"].get<double>() - terms["cost"].get<double>() -
                           terms["manipulation"].get<double>() - terms["disorder"].get<double>();
        EXPECT_NEAR(item["confidence"].get<double>(), std::floor(std::clamp(sum, 0.0, 100.0)), 1e-9) << item["symbol"];
        EXPECT_EQ(terms.size(), 4U);
    }
    EXPECT_EQ(first["ts"], body["ts"]);
    EXPECT_FALSE(first["rationale"].empty());
}

TEST_F(Details, opportunities_name_what_a_trade_costs) {
    context_.terms = {.taker_fee_pct = 0.05, .maker_fee_pct = -0.01, .manipulation_threshold = 42.0};
    const json body = opportunities("notional=20000");
    EXPECT_EQ(body["fees"], json::parse(R"({"taker_pct":0.05,"maker_pct":-0.01})"));
    EXPECT_EQ(body["manipulation_threshold"], 42);
    EXPECT_EQ(body["total"], 4);
    for (const json& item : body["items"]) {
        EXPECT_EQ(item["tradable"], item["not_tradable"].empty());
        const double cost = item["round_trip_cost_pct"];
        EXPECT_GT(cost, 0.1) << "both fees at least";
        EXPECT_LT(item["reward_risk_net"].get<double>(), item["reward_risk_gross"].get<double>());
        EXPECT_GT(item["risk_usdt"].get<double>(), 20'000 * cost / 100.0);
    }
}

TEST_F(Details, opportunities_of_a_neutral_contract_have_both_ways_and_no_single_price) {
    const auto returns = [this](const std::string& code, double ret_1, double ret_15) {
        signals::Metrics& metrics = edit_contract(ranking_, code).numbers.metrics;
        metrics.ret_1 = ret_1;
        metrics.ret_15 = ret_15;
    };
    returns("BTC-USDT", 0.1, 0.5);
    returns("ETH-USDT", 0.1, -0.5);
    bool neutral_seen = false;
    bool sided_seen = false;
    for (const json& item : opportunities()["items"]) {
        if (item["side_bias"] != "neutral") {
            sided_seen = true;
            EXPECT_TRUE(item["entry_price"].is_number() && item["stop_price"].is_number());
            EXPECT_TRUE(item["breakout"].is_null());
            continue;
        }
        neutral_seen = true;
        EXPECT_TRUE(item["entry_price"].is_null() && item["stop_price"].is_null());
        EXPECT_EQ(item["tp_prices"], json::parse("[null,null,null]"));
        const json& above = item["breakout"]["above"];
        const json& below = item["breakout"]["below"];
        EXPECT_GT(above["entry_price"], item["last_price"]);
        EXPECT_LT(below["entry_price"], item["last_price"]);
        EXPECT_LT(above["stop_price"], above["entry_price"]);
        EXPECT_GT(below["stop_price"], below["entry_price"]);
        EXPECT_EQ(above["tp_prices"].size(), 3U);
        EXPECT_LT(below["tp_prices"][2], below["tp_prices"][0]);
    }
    EXPECT_TRUE(neutral_seen && sided_seen);
}

TEST_F(Details, opportunities_are_filtered_and_sorted_by_what_they_are_worth) {
    context_.terms.taker_fee_pct = 0.0;
    context_.terms.manipulation_threshold = 100.0;
    const json all = opportunities();
    const auto worth = [](const json& item) { return item["reward_risk_net"].get<double>(); };
    const json by_net = opportunities("sort=reward_risk_net");
    for (std::size_t i = 1; i < by_net["items"].size(); ++i) {
        EXPECT_GE(worth(by_net["items"][i - 1]), worth(by_net["items"][i]));
    }
    EXPECT_EQ(by_net["items"].size(), all["items"].size());
    EXPECT_EQ(opportunities("sort=reward_risk_net&top=1")["items"][0], by_net["items"][0]) << "sorted, then cut";
    const json yes = opportunities("tradable=true");
    const json no = opportunities("tradable=false");
    EXPECT_EQ(yes["items"].size() + no["items"].size(), all["items"].size());
    EXPECT_EQ(yes["total"], yes["items"].size());
    for (const json& item : yes["items"]) EXPECT_EQ(item["tradable"], true);
    for (const json& item : no["items"]) EXPECT_EQ(item["tradable"], false);
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
    std::vector<json> prices;
    for (const json& item : body["items"]) {
        const auto take = [&](const json& trade) {
            for (const json& price : {trade["entry_price"], trade["stop_price"]}) prices.push_back(price);
            for (const json& price : trade["tp_prices"]) prices.push_back(price);
        };
        if (item["breakout"].is_null()) {
            take(item);
        } else {
            take(item["breakout"]["above"]);
            take(item["breakout"]["below"]);
        }
    }
    EXPECT_GE(prices.size(), 20U);
    for (const json& price : prices) EXPECT_LE(decimals(price), 2U) << price;  // the sample's price tick is 0.01
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
    EXPECT_EQ(btc["listed_at"], "2020-10-20T16:00:00.000Z");
    const json& old = body["items"][6];
    EXPECT_EQ(old["in_scan"], false);
    EXPECT_EQ(old["reason"], "inactive");
    EXPECT_EQ(old["detail"], "suspended");
    EXPECT_TRUE(old["qvol_usdt"].is_null());
    EXPECT_TRUE(json::parse(*render_symbols(test::sample_universe(), nullptr).body())["seq"].is_null());
}

TEST(StatusViews, health_has_the_names_that_clients_know) {
    HealthReport report{.fresh = true, .next_scan_at = test::kNow, .version = "1.2.3", .uptime_sec = 12.3456};
    report.scan_interval = std::chrono::seconds(15);
    report.feed_required = true;
    report.health.feed.emplace();
    report.ranking = std::make_shared<const ranking::Ranking>(test::make_ranking());
    report.health.last_cycle_ms = 1'250.0;
    report.health.last_success = test::kNow;
    report.health.cycle_count = 9;
    report.health.recent_cycle_ms = {1'000.0, 1'250.0};
    report.health.exchange.exchange = "htx";
    report.health.exchange.state = net::CircuitState::half_open;
    report.health.exchange.threshold = 5;
    report.health.exchange.errors = {{"timeout", 3}};
    report.health.symbols = {{.symbol = "BTC/USDT:USDT",
                              .latency_ms = 12.5,
                              .age_sec = 1.23456,
                              .last_seen = test::kNow,
                              .volatility_bucket = signals::VolatilityBucket::low},
                             {.symbol = "ETH/USDT:USDT", .is_stale = true}};
    report.stores = {{.name = "redis", .kind = "redis", .status = {.state = storage::StoreState::ready, .backlog = 2}}};
    report.history = storage::HistorySize{.bytes = 1'000,
                                          .max_bytes = 5'000,
                                          .removed_days = 2,
                                          .removed_before = core::parse_time("2026-11-20T00:00:00Z")};
    const json body = json::parse(*render_health(report).body());
    EXPECT_EQ(body["last_cycle_ms"], 1'250);
    EXPECT_EQ(body["last_success"], "2026-11-22T05:24:00.123Z");
    EXPECT_TRUE(body["last_error"].is_null());
    EXPECT_EQ(body["failure_streak"], 0);
    EXPECT_EQ(body["cycle_count"], 9);
    EXPECT_EQ(body["scan_interval_ms"], 15'000);
    EXPECT_EQ(body["feed"]["required"], true)
        << "a console cannot tell a feed that is missed from one that is not needed";
    EXPECT_EQ(body["backoff_sec"], 0);
    EXPECT_EQ(body["adapter"]["exchange"], "htx");
    EXPECT_EQ(body["adapter"]["state"], "half-open");
    EXPECT_EQ(body["adapter"]["fail_count"], 0);
    EXPECT_EQ(body["adapter"]["cooldown_remaining"], 0);
    EXPECT_EQ(body["adapter"]["threshold"], 5);
    EXPECT_EQ(body["adapter"]["errors"]["timeout"], 3);
    EXPECT_EQ(body["symbols"]["BTC/USDT:USDT"]["latency_ms"], 12.5);
    EXPECT_EQ(body["symbols"]["BTC/USDT:USDT"]["volatility_bucket"], "low");
    EXPECT_EQ(body["symbols"]["BTC/USDT:USDT"]["stale"], 1.235) << "seconds, as clients of the old service know it";
    EXPECT_EQ(body["symbols"]["BTC/USDT:USDT"]["is_stale"], false);
    EXPECT_TRUE(body["symbols"]["ETH/USDT:USDT"]["stale"].is_null());
    EXPECT_EQ(body["symbols"]["ETH/USDT:USDT"]["is_stale"], true);
    EXPECT_TRUE(body["symbols"]["ETH/USDT:USDT"]["volatility_bucket"].is_null());
    EXPECT_TRUE(body["symbols"]["ETH/USDT:USDT"]["last_seen"].is_null());
    EXPECT_EQ(body["stores"]["redis"]["kind"], "redis");
    EXPECT_EQ(body["stores"]["redis"]["state"], "ready");
    EXPECT_EQ(body["stores"]["redis"]["backlog"], 2);
    EXPECT_EQ(body["history"], json::parse(R"({"bytes":1000,"max_bytes":5000,"removed_days":2,"over":false,
                                               "removed_before":"2026-11-20T00:00:00.000Z"})"));
    EXPECT_EQ(body["version"], "1.2.3");
    EXPECT_EQ(body["uptime_sec"], 12.346);
}

TEST(MeasuredInspection, tells_no_probability_that_was_not_known_before_a_restart) {
    const ranking::Ranking ranking = test::make_measured_ranking_with_flow();
    const InspectQuery query{.profile = "scalp"};
    ranking::ContractSnapshot stored = ranking.contract(0);
    const auto probability = [&] {
        const auto page = json::parse(*render_inspection(ranking, {stored, ranking.edges[0]}, query).body());
        return page.at("manipulation").at("probability");
    };
    stored.numbers.detection.verdict = nullptr;  // it is not stored
    EXPECT_TRUE(probability().is_number());
    stored.numbers.detection.manip_probability.reset();
    EXPECT_TRUE(probability().is_null());
}

}  // namespace
}  // namespace scanner::api
