#include "exchange/htx/endpoints.hpp"

#include "scanner/exchange/exchange.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace scanner::exchange::htx {
namespace {

TEST(Endpoints, encode_everything_but_unreserved_characters_byte_by_byte) {
    EXPECT_EQ(percent_encode("BTC-USDT_1.~z"), "BTC-USDT_1.~z");
    EXPECT_EQ(percent_encode("龙虾-USDT"), "%E9%BE%99%E8%99%BE-USDT");
    EXPECT_EQ(percent_encode("a&b=c d/?#%"), "a%26b%3Dc%20d%2F%3F%23%25");
    EXPECT_EQ(percent_encode(""), "");
}

TEST(Endpoints, spend_the_budget_of_their_class) {
    EXPECT_EQ(tickers_endpoint().request_class, RequestClass::market);
    EXPECT_EQ(order_book_endpoint("BTC-USDT").request_class, RequestClass::market);
    EXPECT_EQ(candles_endpoint("BTC-USDT", 1, 200).request_class, RequestClass::market);
    EXPECT_EQ(trades_endpoint("BTC-USDT", 100).request_class, RequestClass::market);
    for (const auto& endpoint : {contracts_endpoint(), funding_endpoint(), open_interest_endpoint(), index_endpoint(),
                                 heartbeat_endpoint(), v5_open_interest_endpoint("BTC-USDT")}) {
        EXPECT_EQ(endpoint.request_class, RequestClass::non_market) << endpoint.target;
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

TEST(BreakerStateName, is_what_the_interface_of_the_service_shows) {
    EXPECT_EQ(to_string(BreakerState::closed), "closed");
    EXPECT_EQ(to_string(BreakerState::open), "open");
    EXPECT_EQ(to_string(BreakerState::half_open), "half-open");
}

}  // namespace
}  // namespace scanner::exchange::htx
