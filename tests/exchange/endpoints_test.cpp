#include "exchange/htx/endpoints.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace scanner::exchange::htx {
namespace {

TEST(Endpoints, spend_the_budget_of_their_class) {
    EXPECT_EQ(tickers_endpoint().budget, kMarketBudget);
    EXPECT_EQ(order_book_endpoint("BTC-USDT").budget, kMarketBudget);
    EXPECT_EQ(candles_endpoint("BTC-USDT", 1, 200).budget, kMarketBudget);
    EXPECT_EQ(trades_endpoint("BTC-USDT", 100).budget, kMarketBudget);
    for (const auto& endpoint : {contracts_endpoint(), funding_endpoint(), open_interest_endpoint(), index_endpoint(),
                                 heartbeat_endpoint(), v5_open_interest_endpoint("BTC-USDT")}) {
        EXPECT_EQ(endpoint.budget, kOtherBudget) << endpoint.target;
    }
}

TEST(Endpoints, are_the_paths_that_htx_documents) {
    EXPECT_EQ(contracts_endpoint().target, "/linear-swap-api/v1/swap_contract_info?business_type=swap");
    EXPECT_EQ(tickers_endpoint().target, "/linear-swap-ex/market/detail/batch_merged?business_type=swap");
    EXPECT_EQ(funding_endpoint().target, "/linear-swap-api/v1/swap_batch_funding_rate");
    EXPECT_EQ(open_interest_endpoint().target, "/linear-swap-api/v1/swap_open_interest");
    EXPECT_EQ(index_endpoint().target, "/linear-swap-api/v1/swap_index");
    EXPECT_EQ(heartbeat_endpoint().target, "/heartbeat/");
    EXPECT_EQ(order_book_endpoint("BTC-USDT").target, "/linear-swap-ex/market/depth?contract_code=BTC-USDT&type=step0");
    EXPECT_EQ(candles_endpoint("牛来-USDT", 240, 2000).target,
              "/linear-swap-ex/market/history/kline?contract_code=%E7%89%9B%E6%9D%A5-USDT&period=4hour&size=2000");
    EXPECT_EQ(trades_endpoint("BTC-USDT", 7).target,
              "/linear-swap-ex/market/history/trade?contract_code=BTC-USDT&size=7");
}

TEST(Endpoints, join_v5_codes_with_plain_commas) {
    const std::vector<std::string> codes{"BTC-USDT", "龙虾-USDT"};
    EXPECT_EQ(v5_funding_endpoint(codes).target,
              "/v5/market/funding_rate?contract_code=BTC-USDT,%E9%BE%99%E8%99%BE-USDT");
    EXPECT_EQ(v5_open_interest_endpoint("BTC-USDT").target, "/v5/market/open_interest?contract_code=BTC-USDT");
}

TEST(Endpoints, name_the_intervals_that_htx_has_and_no_others) {
    EXPECT_EQ(period_name(1), "1min");
    EXPECT_EQ(period_name(5), "5min");
    EXPECT_EQ(period_name(15), "15min");
    EXPECT_EQ(period_name(30), "30min");
    EXPECT_EQ(period_name(60), "60min");
    EXPECT_EQ(period_name(240), "4hour");
    EXPECT_TRUE(period_name(3).empty());
    EXPECT_TRUE(period_name(0).empty());
    EXPECT_TRUE(period_name(-1).empty());
}

}  // namespace
}  // namespace scanner::exchange::htx
