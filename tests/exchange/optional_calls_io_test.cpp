#include "exchange/exchange_fixture.hpp"

#include <gmock/gmock.h>

/// Funding, open interest, index prices and trades may be missing: what fails of them costs nothing else.
namespace scanner::exchange::test {
namespace {

using core::ErrorCode;
using std::chrono::milliseconds;
using testing::HasSubstr;

class OptionalCalls : public HtxExchangeTest {
protected:
    OptionalCalls() {
        options_.max_failures = 3;
        options_.cooldown = milliseconds(30'000);
        client_.answer("swap_contract_info", {{kContracts}});
        client_.answer("batch_merged", {{kTickers}});
        client_.answer("swap_batch_funding_rate", {{kFunding}});
        client_.answer("swap_open_interest", {{kOpenInterest}});
        client_.answer("swap_index", {{kIndex}});
        client_.answer("market/depth", {{kDepth}});
        client_.answer("history/kline", {{kCandles}});
        client_.answer("history/trade", {{kTrades}});
    }
    /// What a cycle cannot do without.
    void expect_the_rest_works() {
        EXPECT_TRUE(run(exchange().contracts()));
        EXPECT_TRUE(run(exchange().tickers()));
        EXPECT_TRUE(book());
        EXPECT_TRUE(run(exchange().candles(contract_, 1, 200)));
        EXPECT_EQ(exchange().status().state, net::CircuitState::closed);
        EXPECT_EQ(exchange().status().fail_count, 0);
    }
};

TEST_F(OptionalCalls, that_fail_for_ever_leave_everything_else_as_it_was) {
    for (const std::string_view path :
         {"swap_batch_funding_rate", "swap_open_interest", "swap_index", "history/trade"}) {
        client_.answer(std::string(path), {{.body = kHtml, .status = 500}});
    }
    for (int cycle = 0; cycle < 6; ++cycle) {
        EXPECT_FALSE(run(exchange().funding_rates({"BTC-USDT"})));
        EXPECT_FALSE(run(exchange().open_interest({"BTC-USDT"})));
        EXPECT_FALSE(run(exchange().index_prices()));
        EXPECT_FALSE(run(exchange().trades(contract_, 10)));
        expect_the_rest_works();
    }
    EXPECT_EQ(client_.count("swap_batch_funding_rate"), 3U) << "then its own breaker is open";
    const auto refused = run(exchange().funding_rates({"BTC-USDT"}));
    EXPECT_EQ(refused.error().code(), ErrorCode::unavailable);
    EXPECT_THAT(refused.error().message(), HasSubstr("not asked: 3 failures in a row"));
    EXPECT_THAT(refused.error().message(), HasSubstr("funding_rates: HTTP 500"));
}

TEST_F(OptionalCalls, do_without_one_another_too) {
    client_.answer("swap_batch_funding_rate", {{.error = ErrorCode::network}});
    for (int cycle = 0; cycle < 4; ++cycle) {
        EXPECT_FALSE(run(exchange().funding_rates({"BTC-USDT"})));
        EXPECT_TRUE(run(exchange().open_interest({"BTC-USDT"})));
        EXPECT_TRUE(run(exchange().index_prices()));
    }
}

TEST_F(OptionalCalls, come_back_by_themselves) {
    client_.answer(
        "swap_index",
        {{.body = kHtml, .status = 502}, {.body = kHtml, .status = 502}, {.body = kHtml, .status = 502}, {kIndex}});
    EXPECT_FALSE(run(exchange().index_prices()));
    EXPECT_FALSE(run(exchange().index_prices()));
    clock_.advance(milliseconds(30'000));
    EXPECT_TRUE(run(exchange().index_prices()));
}

TEST_F(OptionalCalls, that_hang_are_given_up_soon_and_then_not_begun) {
    options_.optional_timeout = milliseconds(60);
    options_.max_attempts = 100;
    client_.answer("swap_batch_funding_rate", {{.body = kFunding, .delay = milliseconds(60'000)}});
    const auto began = std::chrono::steady_clock::now();
    for (int cycle = 0; cycle < 8; ++cycle) EXPECT_FALSE(run(exchange().funding_rates({"BTC-USDT"})));
    EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(1'500));
    EXPECT_LE(client_.count("swap_batch_funding_rate"), 4U);
    expect_the_rest_works();
}

TEST_F(OptionalCalls, that_are_refused_for_their_pace_are_not_asked_for_ever) {
    client_.answer("swap_batch_funding_rate", {{.body = kHtml, .status = 429}});
    for (int cycle = 0; cycle < 5; ++cycle) EXPECT_FALSE(run(exchange().funding_rates({"BTC-USDT"})));
    EXPECT_EQ(client_.count("swap_batch_funding_rate"), 3U) << "every refusal pauses contracts and index too";
    expect_the_rest_works();
}

TEST_F(OptionalCalls, are_not_made_while_the_exchange_is_away_and_do_not_end_that) {
    client_.answer("market/depth", {{.body = kHtml, .status = 502}});
    options_.max_attempts = 1;
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(book());
    EXPECT_EQ(exchange().status().state, net::CircuitState::open);
    EXPECT_FALSE(run(exchange().index_prices()));
    EXPECT_EQ(client_.count("swap_index"), 0U);
    EXPECT_EQ(exchange().status().state, net::CircuitState::open);
    EXPECT_EQ(exchange().status().fail_count, 3);
}

TEST_F(OptionalCalls, that_succeed_do_not_hide_failures_of_essential_ones) {
    client_.answer("market/depth", {{.body = kHtml, .status = 502}});
    options_.max_attempts = 1;
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(book());
        EXPECT_EQ(run(exchange().index_prices()).has_value(), i < 2);
    }
    EXPECT_EQ(exchange().status().state, net::CircuitState::open);
}

TEST_F(OptionalCalls, and_contracts_whose_book_makes_no_sense_cost_no_other) {
    client_.answer("market/depth", {{changed(kDepth, "[[29796.8,4025],", "[[29999.8,4025],")}});
    for (int i = 0; i < 4; ++i) EXPECT_EQ(book().error().code(), ErrorCode::malformed);
    EXPECT_EQ(exchange().status().state, net::CircuitState::closed);
    EXPECT_TRUE(run(exchange().tickers()));
    client_.answer("market/depth", {{kHtml}});
    EXPECT_FALSE(book());
    EXPECT_EQ(exchange().status().state, net::CircuitState::open) << "a page is no answer of the exchange";
}

}  // namespace
}  // namespace scanner::exchange::test
