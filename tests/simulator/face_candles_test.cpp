#include "simulator/face/endpoints.hpp"
#include "simulator/face/state/candle_series.hpp"
#include "simulator/face_fake_market.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace scanner::simulator::face {
namespace {

using test::FakeMarket;
using test::Stage;
using ::testing::HasSubstr;

constexpr std::int64_t kMinute = 1'789'336'860;  // the one that runs at test::kNow

Stage stage_with_minutes(std::int64_t minutes) {
    Stage stage;
    auto& candles = stage.market.candles[FakeMarket::btc];
    for (std::int64_t i = minutes - 1; i >= 0; --i) {
        const double price = 77'000.0 + static_cast<double>(minutes - i);
        candles.push_back({.open_time_sec = kMinute - i * 60,
                           .open = price,
                           .high = price + 2.0,
                           .low = price - 3.0,
                           .close = price + 1.0,
                           .doubled_contracts = 20,
                           .doubled_turnover_usdt = 1'540.0,
                           .doubled_count = 2});
    }
    return stage;
}

nlohmann::json rows(const std::string& body) {
    return nlohmann::json::parse(body).at("data");
}

TEST(FaceCandles, minutes_are_printed_as_recorded_flat_ones_too) {
    Stage stage;
    stage.market.time = core::from_unix_ms(1'790'677'523'089);
    stage.market.candles[FakeMarket::btc] = {
        {1'790'677'440, 84'053.1, 84'067.1, 84'053.1, 84'066.9, 1'508, 126'770.8556, 24},
        {1'790'677'500, 84'066.9, 84'066.9, 84'066.9, 84'066.9, 0, 0.0, 0}};
    EXPECT_EQ(stage.ask(kline, "contract_code=BTC-USDT&period=1min&size=2"),
              R"({"ch":"market.BTC-USDT.kline.1min","ts":1790677523089,"status":"ok","data":[)"
              R"({"id":1790677440,"open":84053.1,"close":84066.9,"high":84067.1,"low":84053.1,"amount":1.508,)"
              R"("vol":1508,"trade_turnover":126770.8556,"count":24},)"
              R"({"id":1790677500,"open":84066.9,"close":84066.9,"high":84066.9,"low":84066.9,"amount":0.0,)"
              R"("vol":0,"trade_turnover":0.0,"count":0}]})");
}

TEST(FaceCandles, there_are_none_of_minutes_that_the_exchanges_clock_has_yet_to_reach) {
    Stage stage = stage_with_minutes(100);
    const auto all = rows(stage.ask(kline, "contract_code=BTC-USDT&period=1min&size=3"));
    stage.market.candles[FakeMarket::btc].push_back(stage.market.candles[FakeMarket::btc].back());
    stage.market.candles[FakeMarket::btc].back().open_time_sec += 60;
    EXPECT_EQ(rows(stage.ask(kline, "contract_code=BTC-USDT&period=1min&size=4")).back(), all.back());
}

TEST(FaceCandles, size_wins_over_from_and_to) {
    const Stage stage = stage_with_minutes(100);
    const auto data = rows(stage.ask(kline, "contract_code=BTC-USDT&period=1min&size=3&from=1&to=2"));
    ASSERT_EQ(data.size(), 3U);
    EXPECT_EQ(data.back().at("id"), kMinute);
}

TEST(FaceCandles, from_and_to_are_inclusive_seconds) {
    const Stage stage = stage_with_minutes(100);
    const auto data = rows(stage.ask(kline, "contract_code=BTC-USDT&period=1min&from=1789336680&to=1789336800"));
    ASSERT_EQ(data.size(), 3U);
    EXPECT_EQ(data.front().at("id"), 1'789'336'680);
    EXPECT_EQ(data.back().at("id"), 1'789'336'800);
}

TEST(FaceCandles, a_bad_size_period_or_neither_way_is_an_error) {
    const Stage stage = stage_with_minutes(10);
    const std::string invalid_size =
        R"({"ts":1789336870043,"status":"error","err-code":"invalid-parameter","err-msg":"invalid size"})";
    EXPECT_EQ(stage.ask(kline, "contract_code=BTC-USDT&period=1min&size=2001"), invalid_size);
    EXPECT_EQ(stage.ask(kline, "contract_code=BTC-USDT&period=1min&size=0"), invalid_size);
    EXPECT_EQ(stage.ask(kline, "contract_code=BTC-USDT&period=1min&size=x"), invalid_size);
    EXPECT_EQ(stage.ask(kline, "contract_code=BTC-USDT&period=1min"), invalid_size);
    EXPECT_THAT(stage.ask(kline, "contract_code=BTC-USDT&period=1min&from=5"), HasSubstr("invalid to"));
    EXPECT_THAT(stage.ask(kline, "contract_code=BTC-USDT&period=2min&size=5"), HasSubstr("invalid period"));
    EXPECT_THAT(stage.ask(kline, "period=1min&size=5"), HasSubstr("contract_code data error or empty"));
}

TEST(FaceCandles, longer_periods_are_whole_buckets_of_minutes_with_the_last_one_running) {
    const Stage stage = stage_with_minutes(200);
    const auto data = rows(stage.ask(kline, "contract_code=BTC-USDT&period=5min&size=3"));
    ASSERT_EQ(data.size(), 3U);
    const std::int64_t running = kMinute - kMinute % 300;
    EXPECT_EQ(data[2].at("id"), running);
    EXPECT_EQ(data[1].at("id"), running - 300);
    EXPECT_EQ(data[1].at("vol"), 100);
    const double first = data[1].at("open");
    EXPECT_DOUBLE_EQ(data[1].at("close"), first + 5.0);
    EXPECT_DOUBLE_EQ(data[1].at("high"), first + 6.0);
    EXPECT_DOUBLE_EQ(data[1].at("low"), first - 3.0);
    EXPECT_DOUBLE_EQ(data[1].at("amount"), 0.1);
}

TEST(FaceCandles, mark_prices_follow_the_trades_until_they_are_recorded) {
    Stage stage = stage_with_minutes(3);
    stage.market.marks[FakeMarket::btc] = 77'500.25;
    stage.market.indexes[FakeMarket::btc] = 77'500.0;
    EXPECT_EQ(stage.ask(mark_price_kline, "contract_code=BTC-USDT&period=1min&size=2"),
              R"({"ch":"market.BTC-USDT.mark_price.1min","data":[)"
              R"({"amount":"0","close":"77003","count":"0","high":"77003","id":1789336800,"low":"77002",)"
              R"("open":"77002","trade_turnover":"0","vol":"0"},)"
              R"({"amount":"0","close":"77500.25","count":"0","high":"77500.25","id":1789336860,"low":"77500.25",)"
              R"("open":"77500.25","trade_turnover":"0","vol":"0"}],"status":"ok","ts":1789336870043})");
}

TEST(FaceCandles, the_basis_is_the_price_less_the_index) {
    Stage stage = stage_with_minutes(1);
    stage.market.indexes[FakeMarket::btc] = 77'000.5;
    EXPECT_EQ(
        stage.ask(basis, "contract_code=BTC-USDT&period=1min&size=1"),
        R"({"ch":"market.BTC-USDT.basis.1min.open","data":[{"basis":"0.5","basis_rate":"0.0000064934643281537136",)"
        R"("contract_price":"77001","id":1789336860,"index_price":"77000.5"}],"status":"ok","ts":1789336870043})");
}

TEST(FaceCandles, the_estimated_rate_is_the_settled_one_in_the_past) {
    Stage stage = stage_with_minutes(3);
    stage.market.funding_points[FakeMarket::btc] = {
        {.funding_time = core::from_unix_ms((kMinute - 60) * 1'000), .rate = 0.0002}};
    const auto data = rows(stage.ask(estimated_rate_kline, "contract_code=BTC-USDT&period=1min&size=3"));
    ASSERT_EQ(data.size(), 3U);
    EXPECT_EQ(data[0].at("close"), "0.0002");
    EXPECT_EQ(data[1].at("close"), "0.000043173429");
}

TEST(FaceCandleSeries, days_weeks_and_months_begin_at_16_utc) {
    const auto at = [](std::string_view time) { return core::to_unix_ms(*core::parse_time(time)) / 1'000; };
    const std::int64_t saturday = at("2026-11-21T23:30:00Z");
    EXPECT_EQ(bucket_start(Period::day1, saturday), at("2026-11-21T16:00:00Z"));
    EXPECT_EQ(bucket_start(Period::day1, at("2026-11-21T15:59:59Z")), at("2026-11-20T16:00:00Z"));
    EXPECT_EQ(bucket_start(Period::week1, saturday), at("2026-11-15T16:00:00Z"));
    EXPECT_EQ(bucket_start(Period::mon1, saturday), at("2026-10-31T16:00:00Z"));
    EXPECT_EQ(bucket_start(Period::mon1, at("2026-11-30T16:00:00Z")), at("2026-11-30T16:00:00Z"));
    EXPECT_EQ(bucket_start(Period::hour4, saturday), at("2026-11-21T20:00:00Z"));
    EXPECT_EQ(bucket_start(Period::min60, saturday), at("2026-11-21T23:00:00Z"));
}

TEST(FaceCandleSeries, knows_both_names_of_the_hour_and_nothing_else) {
    EXPECT_EQ(parse_period("60min"), Period::min60);
    EXPECT_EQ(parse_period("1hour"), Period::min60);
    EXPECT_EQ(parse_period("1week"), Period::week1);
    EXPECT_FALSE(parse_period("2min"));
    EXPECT_FALSE(parse_period(""));
}

TEST(FaceCandleSeries, a_first_bucket_without_its_beginning_is_left_out) {
    std::vector<SimulatedCandle> minutes;
    for (std::int64_t i = 0; i < 8; ++i) minutes.push_back({.open_time_sec = 1'789'336'980 + i * 60});
    const auto buckets = aggregate(minutes, Period::min5);
    ASSERT_EQ(buckets.size(), 2U);
    EXPECT_EQ(buckets.front().open_time_sec % 300, 0);
    minutes.resize(2);
    EXPECT_EQ(aggregate(minutes, Period::min5).size(), 1U) << "something is better than nothing";
}

}  // namespace
}  // namespace scanner::simulator::face
