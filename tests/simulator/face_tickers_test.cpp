#include "simulator/face/endpoints.hpp"
#include "simulator/face_fake_market.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scanner::simulator::face {
namespace {

using test::FakeMarket;
using test::Stage;
using ::testing::HasSubstr;
using ::testing::Not;

TickerState btc_ticker() {
    return {.bid = BookLevel{771'050, 20},
            .ask = BookLevel{771'051, 7'980},
            .open = 77'099.3,
            .high = 77'417.5,
            .low = 77'099.3,
            .last = 77'111.0,
            .doubled_contracts_24h = 1'884'880,
            .doubled_turnover_24h = 145'152'802.919,
            .doubled_count_24h = 19'281};
}

TickerState pepe_ticker() {
    return {.bid = BookLevel{33'970, 44},
            .ask = BookLevel{33'980, 69},
            .open = 0.0000034008,
            .high = 0.000003446,
            .low = 0.0000033976,
            .last = 0.0000033999,
            .doubled_contracts_24h = 458'094,
            .doubled_turnover_24h = 1'571'042.071,
            .doubled_count_24h = 3'722};
}

class FaceTickers : public ::testing::Test {
protected:
    FaceTickers() {
        stage.market.tickers[FakeMarket::btc] = btc_ticker();
        stage.market.tickers[FakeMarket::pepe] = pepe_ticker();
        stage.market.tickers[FakeMarket::cyber] = {
            .bid = {}, .ask = {}, .open = 0.771, .high = 0.771, .low = 0.771, .last = 0.771};
    }
    Stage stage;
};

TEST_F(FaceTickers, a_batch_row_is_the_recorded_one_to_the_letter) {
    // Of the capture of 2026-09-13.
    EXPECT_THAT(stage.ask(batch_merged),
                ::testing::StartsWith(
                    R"({"status":"ok","ticks":[{"id":1789336870,"ts":1789336870043,"ask":[77105.1,7980],)"
                    R"("bid":[77105,20],"trade_partition":"USDT","business_type":"swap","contract_code":"BTC-USDT",)"
                    R"("open":"77099.3","close":"77111","low":"77099.3","high":"77417.5","amount":"1884.88",)"
                    R"("count":19281,"vol":"1884880","trade_turnover":"145152802.919"},)"));
}

TEST_F(FaceTickers, small_prices_and_big_contracts_stay_plain_in_strings) {
    EXPECT_THAT(stage.ask(batch_merged, "contract_code=PEPE-USDT"),
                HasSubstr(R"("open":"0.0000034008","close":"0.0000033999","low":"0.0000033976","high":"0.000003446",)"
                          R"("amount":"458094000000","count":3722,"vol":"458094","trade_turnover":"1571042.071")"));
}

TEST_F(FaceTickers, a_suspended_contract_has_no_quotes_and_no_volume) {
    EXPECT_EQ(stage.ask(batch_merged, "contract_code=cyber-usdt"),
              R"({"status":"ok","ticks":[{"id":1789336870,"ts":1789336870043,"ask":null,"bid":null,)"
              R"("trade_partition":"USDT","business_type":"swap","contract_code":"CYBER-USDT","open":"0.771",)"
              R"("close":"0.771","low":"0.771","high":"0.771","amount":"0","count":0,"vol":"0",)"
              R"("trade_turnover":"0"}],"ts":1789336870043})");
}

TEST_F(FaceTickers, version_2_redefines_vol_as_turnover) {
    const std::string body = stage.ask(batch_merged_v2, "contract_code=BTC-USDT");
    EXPECT_THAT(body, HasSubstr(R"("vol":"145152802.919","number_of":"1884880"})"));
    EXPECT_THAT(body, Not(HasSubstr("trade_turnover")));
}

TEST_F(FaceTickers, the_single_ticker_is_the_recorded_one) {
    EXPECT_EQ(stage.ask(merged, "contract_code=BTC-USDT"),
              R"({"ch":"market.BTC-USDT.detail.merged","status":"ok","tick":{"amount":"1884.88","ask":[77105.1,7980],)"
              R"("bid":[77105,20],"close":"77111","count":19281,"high":"77417.5","id":1789336870,"low":"77099.3",)"
              R"("open":"77099.3","trade_turnover":"145152802.919","ts":1789336870043,"vol":"1884880"},)"
              R"("ts":1789336870043})");
}

TEST_F(FaceTickers, business_type_chooses_between_swaps_and_dated_futures) {
    const std::string swaps = stage.ask(batch_merged);
    EXPECT_THAT(swaps, Not(HasSubstr("BTC-USDT-261225")));
    EXPECT_THAT(swaps, Not(HasSubstr("CVX-USDT"))) << "delisted contracts have no ticker";
    EXPECT_THAT(swaps, HasSubstr("龙虾-USDT"));
    const std::string futures = stage.ask(batch_merged, "business_type=futures");
    EXPECT_THAT(futures, HasSubstr(R"("business_type":"futures","contract_code":"BTC-USDT-261225")"));
    EXPECT_THAT(futures, Not(HasSubstr(R"("BTC-USDT")")));
    const std::string all = stage.ask(batch_merged, "business_type=all");
    EXPECT_THAT(all, HasSubstr(R"("BTC-USDT")"));
    EXPECT_THAT(all, HasSubstr(R"("BTC-USDT-261225")"));
    EXPECT_THAT(stage.ask(batch_merged, "business_type=x"), HasSubstr("invalid business_type"));
}

TEST_F(FaceTickers, codes_are_found_in_any_case_percent_encoded_and_by_alias) {
    EXPECT_THAT(stage.ask(merged, "contract_code=%E9%BE%99%E8%99%BE-usdt"),
                HasSubstr("market.龙虾-USDT.detail.merged"));
    EXPECT_THAT(stage.ask(merged, "contract_code=btc-usdt-cq"), HasSubstr("market.BTC-USDT-261225.detail.merged"));
}

TEST_F(FaceTickers, an_unknown_or_missing_contract_is_refused_in_the_market_form) {
    EXPECT_EQ(stage.ask(merged, "contract_code=NOPE-USDT"),
              R"({"ts":1789336870043,"status":"error","err-code":"invalid-parameter","err-msg":"invalid symbol"})");
    EXPECT_THAT(stage.ask(merged), HasSubstr(R"("err-msg":"contract_code data error or empty")"));
    EXPECT_THAT(stage.ask(merged, "contract_code=CVX-USDT"), HasSubstr("invalid symbol"));
}

TEST_F(FaceTickers, a_vanished_contract_is_gone_from_lists_and_by_name) {
    stage.vanished = [](std::size_t contract) { return contract == FakeMarket::btc; };
    EXPECT_THAT(stage.ask(batch_merged), Not(HasSubstr(R"("BTC-USDT")")));
    EXPECT_THAT(stage.ask(merged, "contract_code=BTC-USDT"), HasSubstr("invalid symbol"));
}

TEST_F(FaceTickers, bbo_has_the_time_of_each_book_and_leaves_a_missing_side_out) {
    BookState& book = stage.market.books[FakeMarket::btc];
    book.matching_id = 334'931;
    book.asks = {{485'116, 91}};
    EXPECT_EQ(stage.ask(bbo, "contract_code=BTC-USDT"),
              R"({"status":"ok","ticks":[{"trade_partition":"USDT","business_type":"swap","contract_code":"BTC-USDT",)"
              R"("ask":[48511.6,91],"mrid":334931,"ts":1789336869843}],"ts":1789336870043})");
    EXPECT_THAT(stage.ask(bbo, "contract_code=CYBER-USDT"), HasSubstr(R"("ask":null,"bid":null,"mrid":0)"));
}

}  // namespace
}  // namespace scanner::simulator::face
