#include "simulator/face/endpoints.hpp"
#include "simulator/face/state/liquidations.hpp"
#include "simulator/face_fake_market.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

namespace scanner::simulator::face {
namespace {

using market::Side;
using test::FakeMarket;
using test::Stage;
using ::testing::HasSubstr;

SimulatedTrade trade(std::int64_t match, int fill, std::int64_t ticks, std::int64_t contracts, Side side) {
    return {.match_id = match,
            .fill_index = fill,
            .price_ticks = ticks,
            .doubled_contracts = contracts,
            .taker_side = side,
            .time = core::from_unix_ms(1'789'336'860'000 + match % 1'000)};
}

TEST(FaceTrades, a_match_is_printed_as_recorded_with_all_its_fills) {
    Stage stage;
    stage.market.tapes[FakeMarket::btc] = {trade(100'130'858'644'752, 0, 823'194, 62, Side::buy),
                                           trade(100'130'858'644'752, 1, 823'206, 110, Side::buy)};
    EXPECT_EQ(stage.ask(history_trade, "contract_code=BTC-USDT&size=10"),
              R"({"ch":"market.BTC-USDT.trade.detail","data":[{"data":[)"
              R"({"amount":62,"direction":"buy","id":1001308586447520000,"price":82319.4,"ts":1789336860752,)"
              R"("quantity":0.062,"trade_turnover":5103.8028},)"
              R"({"amount":110,"direction":"buy","id":1001308586447520001,"price":82320.6,"ts":1789336860752,)"
              R"("quantity":0.11,"trade_turnover":9055.266}],"id":100130858644752,"ts":1789336860752}],)"
              R"("status":"ok","ts":1789336870043})");
}

TEST(FaceTrades, size_counts_matches_and_the_newest_come_first) {
    Stage stage;
    auto& tape = stage.market.tapes[FakeMarket::btc];
    for (std::int64_t match = 1; match <= 9; ++match) {
        for (int fill = 0; fill < 3; ++fill) tape.push_back(trade(match, fill, 823'194, 2, Side::sell));
    }
    const auto data = nlohmann::json::parse(stage.ask(history_trade, "contract_code=BTC-USDT&size=2")).at("data");
    ASSERT_EQ(data.size(), 2U);
    EXPECT_EQ(data[0].at("id"), 9);
    EXPECT_EQ(data[0].at("data").size(), 3U);
    EXPECT_EQ(data[1].at("data")[2].at("id"), 80'002);
}

TEST(FaceTrades, whole_base_units_have_18_decimals) {
    Stage stage;
    stage.market.tapes[FakeMarket::pepe] = {trade(7, 0, 103'491, 4, Side::sell)};
    EXPECT_THAT(stage.ask(history_trade, "contract_code=PEPE-USDT&size=1"),
                HasSubstr(R"("price":0.0000103491,"ts":1789336860007,"quantity":4000000.000000000000000000,)"
                          R"("trade_turnover":41.3964}])"));
}

TEST(FaceTrades, size_is_required_and_at_most_2000) {
    const Stage stage;
    EXPECT_THAT(stage.ask(history_trade, "contract_code=BTC-USDT"), HasSubstr("invalid size"));
    EXPECT_THAT(stage.ask(history_trade, "contract_code=BTC-USDT&size=2001"), HasSubstr("invalid size"));
}

TEST(FaceTrades, now_and_then_the_taker_is_not_told_and_always_for_the_same_matches) {
    Stage stage;
    auto& tape = stage.market.tapes[FakeMarket::btc];
    for (std::int64_t match = 0; match < 2'000; ++match) tape.push_back(trade(match, 0, 1, 2, Side::sell));
    const std::string body = stage.ask(history_trade, "contract_code=BTC-USDT&size=2000");
    std::size_t untold = 0;
    for (const auto& match : nlohmann::json::parse(body).at("data")) {
        untold += match.at("data")[0].at("direction") == "" ? 1U : 0U;
    }
    EXPECT_GT(untold, 0U);
    EXPECT_LT(untold, 40U);
    EXPECT_EQ(stage.ask(history_trade, "contract_code=BTC-USDT&size=2000"), body);
}

TEST(FaceTrades, the_last_trade_of_all_contracts_is_made_of_strings) {
    Stage stage;
    stage.market.tapes[FakeMarket::btc] = {trade(5, 0, 1, 2, Side::buy),
                                           trade(100'000'355'847'817, 0, 823'194, 4, Side::buy)};
    EXPECT_EQ(stage.ask(last_trades),
              R"({"ch":"market.*.trade.detail","status":"ok","tick":{"data":[{"amount":"4","quantity":"0.004",)"
              R"("trade_turnover":"329.2776","ts":1789336860817,"id":1000003558478170000,"price":"82319.4",)"
              R"("direction":"buy","contract_code":"BTC-USDT","business_type":"swap","trade_partition":"USDT"}],)"
              R"("id":1789336870043,"ts":1789336870043},"ts":1789336870043})");
    EXPECT_THAT(stage.ask(last_trades, "contract_code=btc-usdt"), HasSubstr(R"("ch":"market.BTC-USDT.trade.detail")"));
}

TEST(FaceTrades, liquidations_are_fills_of_the_tape) {
    Stage stage;
    auto& tape = stage.market.tapes[FakeMarket::btc];
    for (std::int64_t match = 0; match < 2'000; ++match) {
        tape.push_back(trade(match, 0, 800'000 + match, 2 * match + 2, match % 2 == 0 ? Side::buy : Side::sell));
        tape.back().liquidation = match % 99 == 0;
    }
    const auto found = liquidations(stage.market, FakeMarket::btc);
    ASSERT_EQ(found.size(), 21U) << "those that the market says, and no other";
    for (const Liquidation& liquidation : found) {
        const auto match = static_cast<std::size_t>(liquidation.id / 10'000);
        EXPECT_EQ(liquidation.price_ticks, tape[match].price_ticks);
        EXPECT_EQ(liquidation.contracts, tape[match].doubled_contracts / 2) << "one-sided";
    }
    const auto longs =
        nlohmann::json::parse(stage.ask(liquidation_orders, "contract=BTC-USDT&trade_type=5&start_time=0"));
    EXPECT_EQ(longs.at("code"), 200);
    ASSERT_FALSE(longs.at("data").empty());
    for (const auto& row : longs.at("data")) EXPECT_EQ(row.at("direction"), "sell");
    EXPECT_THAT(stage.ask(liquidation_orders, "trade_type=0"), HasSubstr(R"("code":1066)"));
    EXPECT_THAT(stage.ask(v5_liquidation_orders, "contract_code=BTC-USDT&limit=1"), HasSubstr(R"("position_side":)"));
}

}  // namespace
}  // namespace scanner::simulator::face
