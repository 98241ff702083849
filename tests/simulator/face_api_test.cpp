#include "simulator/face/encode/errors.hpp"
#include "simulator/face/endpoints.hpp"
#include "simulator/face_fake_market.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace scanner::simulator::face {
namespace {

using test::FakeMarket;
using test::Stage;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(FaceContracts, a_row_is_the_recorded_one_to_the_letter) {
    EXPECT_EQ(Stage().ask(contract_info, "contract_code=BTC-USDT"),
              R"({"status":"ok","data":[{"symbol":"BTC","contract_code":"BTC-USDT",)"
              R"("contract_size":0.001000000000000000,"price_tick":0.100000000000000000,"delivery_date":"",)"
              R"("delivery_time":"","create_date":"20201021","contract_status":1,"adjust":[],"price_estimated":[],)"
              R"("settlement_date":"1789344000000","support_margin_mode":"all","open_type":0,"settlement_period":"8",)"
              R"("labels":["hot","common"],"tradfi_labels":[],"enable_rpi":true,"business_type":"swap",)"
              R"("pair":"BTC-USDT","contract_type":"swap","trade_partition":"USDT"}],"ts":1789336870043})");
}

TEST(FaceContracts, tiny_ticks_take_e_notation) {
    const std::string body = Stage().ask(contract_info);
    EXPECT_THAT(body, HasSubstr(R"("contract_size":1000000.000000000000000000,"price_tick":1.00000000E-10)"));
    EXPECT_THAT(body, HasSubstr(R"("price_tick":1.0000000000E-8)"));
}

TEST(FaceContracts, swaps_by_default_with_the_suspended_but_without_ghosts) {
    const std::string body = Stage().ask(contract_info);
    EXPECT_THAT(body, HasSubstr(R"("contract_code":"CYBER-USDT")"));
    EXPECT_THAT(body, HasSubstr(R"("delivery_time":"1767859200000","create_date":"20201021","contract_status":3)"));
    EXPECT_THAT(body, Not(HasSubstr("CVX")));
    EXPECT_THAT(body, Not(HasSubstr("261225")));
}

TEST(FaceContracts, dated_futures_know_their_delivery) {
    EXPECT_THAT(Stage().ask(contract_info, "business_type=futures"),
                HasSubstr(R"("delivery_date":"20261225","delivery_time":"1798185600000")"));
    EXPECT_THAT(Stage().ask(contract_info, "business_type=all&contract_type=quarter"),
                HasSubstr(R"("pair":"BTC-USDT","contract_type":"quarter")"));
    EXPECT_THAT(Stage().ask(contract_info, "business_type=all&pair=pepe-usdt"), Not(HasSubstr("BTC-USDT")));
}

TEST(FaceContracts, an_unknown_contract_is_refused_in_the_api_form) {
    EXPECT_EQ(Stage().ask(contract_info, "contract_code=NOPE-USDT"),
              R"({"status":"error","err_code":1014,"err_msg":"This contract doesnt exist.","ts":1789336870043})");
}

TEST(FaceContracts, clock_and_heartbeat) {
    EXPECT_EQ(Stage().ask(timestamp), R"({"status":"ok","ts":1789336870043})");
    EXPECT_EQ(Stage().ask(heartbeat),
              R"({"status":"ok","data":{"heartbeat":1,"estimated_recovery_time":null,"swap_heartbeat":1,)"
              R"("swap_estimated_recovery_time":null,"option_heartbeat":1,"option_estimated_recovery_time":null,)"
              R"("linear_swap_heartbeat":1,"linear_swap_estimated_recovery_time":null},"ts":1557714418033})");
    EXPECT_THAT(heartbeat_body(false, 1'789'336'999'000),
                HasSubstr(R"("linear_swap_heartbeat":0,"linear_swap_estimated_recovery_time":1789336999000)"));
}

TEST(FaceContracts, trading_state_and_limits) {
    EXPECT_THAT(Stage().ask(api_state, "contract_code=BTC-USDT"),
                HasSubstr(R"("margin_mode":"isolated","margin_account":"BTC-USDT","open":1,"close":1,"cancel":1)"));
    EXPECT_THAT(Stage().ask(api_state, "contract_code=CYBER-USDT"), HasSubstr(R"("open":0,"close":0)"));
    Stage stage;
    stage.market.marks[FakeMarket::btc] = 50'000.0;
    EXPECT_THAT(stage.ask(price_limit, "contract_code=BTC-USDT"), HasSubstr(R"("high_limit":51000,"low_limit":49000)"));
}

TEST(FaceFunding, rows_are_the_recorded_ones) {
    Stage stage;
    const std::string body = stage.ask(batch_funding_rate);
    EXPECT_THAT(body,
                HasSubstr(R"({"estimated_rate":null,"funding_rate":"0.000043173429077120",)"
                          R"("contract_code":"BTC-USDT","symbol":"BTC","fee_asset":"USDT",)"
                          R"("funding_time":"1789344000000","next_funding_time":null,"trade_partition":"USDT"})"));
    EXPECT_THAT(body, HasSubstr(R"({"estimated_rate":null,"funding_rate":null,"contract_code":"BTC-USDT-261225",)"
                                R"("symbol":"BTC","fee_asset":"USDT","funding_time":null,"next_funding_time":null,)"
                                R"("trade_partition":"USDT"})"));
    EXPECT_THAT(body, HasSubstr(R"("funding_rate":"0E-18","contract_code":"CYBER-USDT","symbol":"CYBER",)"
                                R"("fee_asset":"USDT","funding_time":"1767859200000")"))
        << "suspended: zero, and a settlement of long ago";
    EXPECT_THAT(body, Not(HasSubstr("CVX")));
    EXPECT_THAT(stage.ask(funding_rate, "contract_code=btc-usdt"), HasSubstr(R"("data":{"estimated_rate":null)"));
    EXPECT_THAT(stage.ask(funding_rate), HasSubstr(R"("err_code":1066)"));
}

TEST(FaceFunding, history_comes_in_pages_newest_first) {
    Stage stage;
    auto& points = stage.market.funding_points[FakeMarket::btc];
    for (std::int64_t i = 0; i < 250; ++i) {
        points.push_back({.funding_time = core::from_unix_ms(1'789'315'200'000 - i * 28'800'000), .rate = 0.0001});
    }
    const auto page =
        nlohmann::json::parse(stage.ask(historical_funding_rate, "contract_code=BTC-USDT&page_index=2&page_size=500"));
    EXPECT_EQ(page.at("data").at("total_page"), 3) << "page_size is silently 100";
    EXPECT_EQ(page.at("data").at("total_size"), 250);
    ASSERT_EQ(page.at("data").at("data").size(), 100U);
    EXPECT_EQ(page.at("data").at("data")[0].at("funding_time"), std::to_string(1'789'315'200'000 - 100 * 28'800'000LL));
    EXPECT_THAT(stage.ask(historical_funding_rate, "contract_code=BTC-USDT"),
                HasSubstr(R"("funding_rate":"0.000100000000000000","realized_rate":null,)"
                          R"("funding_time":"1789315200000","contract_code":"BTC-USDT","symbol":"BTC")"));
    EXPECT_THAT(stage.ask(historical_funding_rate, "contract_code=BTC-USDT&page_index=99"), HasSubstr(R"("data":[])"));
}

TEST(FaceIndex, has_delisted_contracts_with_old_times_and_no_futures) {
    Stage stage;
    stage.market.indexes[FakeMarket::btc] = 77'154.55428571429;
    stage.market.indexes[FakeMarket::pepe] = 3.3955e-6;
    const std::string body = stage.ask(index_prices);
    EXPECT_THAT(body, HasSubstr(R"({"index_price":77154.55428571429,"index_ts":1789336870043,)"
                                R"("contract_code":"BTC-USDT","trade_partition":"USDT"})"));
    EXPECT_THAT(body, HasSubstr(R"("index_price":0.0000033955)"));
    EXPECT_THAT(body, Not(HasSubstr("261225")));
    for (const auto& row : nlohmann::json::parse(body).at("data")) {
        const bool frozen = row.at("contract_code") == "CVX-USDT" || row.at("contract_code") == "CYBER-USDT";
        EXPECT_EQ(row.at("index_ts").get<std::int64_t>() < test::kNowMs - 1'000'000'000, frozen) << row;
    }
}

TEST(FaceOpenInterest, a_row_is_the_recorded_one_with_18_decimals) {
    Stage stage;
    stage.market.interests[FakeMarket::btc] = 28'808'125;
    stage.market.tickers[FakeMarket::btc] = {.bid = {},
                                             .ask = {},
                                             .last = 77'107.7,
                                             .doubled_contracts_24h = 1'884'880,
                                             .doubled_turnover_24h = 145'152'802.919};
    EXPECT_THAT(stage.ask(open_interest),
                HasSubstr(R"({"volume":28808125.000000000000000000,"amount":28808.125000000000000000,"symbol":"BTC",)"
                          R"("value":2221328260.062500000000000000,"contract_code":"BTC-USDT","trade_amount":1884.88,)"
                          R"("trade_volume":1884880,"trade_turnover":145152802.919,"business_type":"swap",)"
                          R"("pair":"BTC-USDT","contract_type":"swap","trade_partition":"USDT"})"));
    EXPECT_THAT(stage.ask(open_interest), HasSubstr(R"("contract_code":"CVX-USDT")"));
    EXPECT_THAT(stage.ask(v5_open_interest, "contract_code=BTC-USDT"),
                HasSubstr(R"("data":{"amount":"28808.125","volume":"28808125","value":"2221328260.0625",)"
                          R"("contract_code":"BTC-USDT","trade_amount":"1884.88","trade_volume":"1884880",)"
                          R"("trade_turnover":"145152802.919"},"ts":1789336870043})"));
}

TEST(FaceOpenInterest, history_is_the_same_each_time_and_checks_its_parameters) {
    Stage stage;
    stage.market.interests[FakeMarket::btc] = 28'808'125;
    const std::string query = "contract_code=BTC-USDT&period=60min&amount_type=2&size=3";
    const std::string body = stage.ask(open_interest_history, query);
    EXPECT_EQ(nlohmann::json::parse(body).at("data").at("tick").size(), 3U);
    EXPECT_THAT(body, HasSubstr(R"("tick":[{"volume":28808.125,"amount_type":2,"ts":1789336800000,)"));
    EXPECT_EQ(stage.ask(open_interest_history, query), body);
    EXPECT_THAT(stage.ask(open_interest_history, "contract_code=BTC-USDT&period=1min&amount_type=1"),
                HasSubstr(R"("err_code":1067)"));
    EXPECT_THAT(stage.ask(open_interest_history, "contract_code=BTC-USDT&period=60min"), HasSubstr("amount_type"));
}

TEST(FaceV5, funding_takes_up_to_ten_codes) {
    const Stage stage;
    EXPECT_THAT(stage.ask(v5_funding_rate, "contract_code=BTC-USDT,%E9%BE%99%E8%99%BE-USDT"),
                HasSubstr(R"({"code":200,"message":"Success","data":[{"contract_code":"BTC-USDT",)"
                          R"("funding_rate":"0.000043173429077120","funding_time":"1789344000000",)"
                          R"("next_funding_time":"1789372800000","min_funding_rate":"-0.003750000000000000",)"
                          R"("max_funding_rate":"0.003750000000000000"},{"contract_code":"龙虾-USDT")"));
    EXPECT_EQ(stage.ask(v5_funding_rate),
              R"({"code":1066,"message":"The contract_code field cannot be empty. Please re-enter.","data":null,)"
              R"("ts":1789336870043})");
    std::string eleven = "contract_code=BTC-USDT";
    for (int i = 0; i < 10; ++i) eleven += ",BTC-USDT";
    EXPECT_THAT(stage.ask(v5_funding_rate, eleven), HasSubstr(R"("code":1067)"));
    EXPECT_THAT(stage.ask(v5_funding_rate, "contract_code=NOPE-USDT"), HasSubstr(R"("code":1067)"));
}

TEST(FaceV5, history_is_limited_to_a_hundred_rows) {
    Stage stage;
    stage.market.funding_points[FakeMarket::btc] = {
        {.funding_time = core::from_unix_ms(1'789'315'200'000), .rate = 0.0001}};
    EXPECT_THAT(stage.ask(v5_funding_rate_history, "contract_code=BTC-USDT&limit=100"),
                HasSubstr(R"([{"id":"497032","contract_code":"BTC-USDT","funding_rate":"0.000100000000000000",)"
                          R"("funding_time":"1789315200000"}])"));
    EXPECT_THAT(stage.ask(v5_funding_rate_history, "contract_code=BTC-USDT&limit=200"), HasSubstr(R"("code":1067)"));
    EXPECT_THAT(stage.ask(v5_funding_rate_history, "contract_code=BTC-USDT&start_time=1789315200001"),
                HasSubstr(R"("data":[])"));
}

TEST(FaceStatistics, ratios_add_up_to_one) {
    const auto data =
        nlohmann::json::parse(Stage().ask(elite_account_ratio, "contract_code=BTC-USDT&period=60min")).at("data");
    ASSERT_FALSE(data.at("list").empty());
    for (const auto& row : data.at("list")) {
        EXPECT_NEAR(row.at("buy_ratio").get<double>() + row.at("sell_ratio").get<double>(), 1.0, 1e-9);
    }
    EXPECT_THAT(Stage().ask(elite_position_ratio, "contract_code=BTC-USDT&period=1min"), HasSubstr("1067"));
}

TEST(FaceErrors, bodies_are_the_recorded_ones) {
    EXPECT_EQ(spring_error(test::kNow, 404, "/nope"),
              R"({"timestamp":"2026-09-13T22:01:10.043+00:00","status":404,"error":"Not Found","path":"/nope"})");
    EXPECT_EQ(over_limit_error(test::kNow, LimitClass::market),
              R"({"ts":1789336870043,"status":"error","err-code":"invalid-parameter","err-msg":"request limit"})");
    EXPECT_EQ(over_limit_error(test::kNow, LimitClass::api),
              R"({"status":"error","err_code":1032,"err_msg":"The number of access exceeded the limit.",)"
              R"("ts":1789336870043})");
    EXPECT_THAT(html_page(502), HasSubstr("<h1>502 Bad Gateway</h1>"));
}

}  // namespace
}  // namespace scanner::simulator::face
