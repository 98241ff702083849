#include "exchange/exchange_fixture.hpp"

#include <gmock/gmock.h>

namespace scanner::exchange::test {
namespace {

using core::ErrorCode;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kUnknownV5 =
    R"({"code":1067,"message":"The contract_code field is invalid. Please re-enter.","ts":1781250000000})";

std::string v5_funding(const std::vector<std::string>& codes, std::string_view ts = "1781250000000") {
    std::string rows;
    for (const auto& code : codes) {
        rows += (rows.empty() ? "" : ",") + std::string(R"({"contract_code":")") + code +
                R"(","funding_rate":"0.0001","funding_time":"1781251200000"})";
    }
    return R"({"code":200,"message":"Success","data":[)" + rows + R"(],"ts":)" + std::string(ts) + "}";
}

std::string v5_interest(const std::string& code) {
    return changed(kV5OpenInterest, "BTC-USDT", code);
}

class HtxFallbackTest : public HtxExchangeTest {
protected:
    HtxFallbackTest() { client_.answer("swap_batch_funding_rate", {{.body = kSpring404, .status = 404}}); }
};

TEST_F(HtxFallbackTest, asks_v5_once_the_bulk_call_was_useless_twice_in_a_row) {
    client_.answer("v5/market/funding_rate", {{v5_funding({"BTC-USDT", "ETH-USDT"})}});
    const auto first = run(exchange().funding_rates({"BTC-USDT", "ETH-USDT"}));
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code(), ErrorCode::exchange_rejected);
    EXPECT_FALSE(exchange().status().funding_fallback);
    EXPECT_EQ(client_.count("v5"), 0U);

    const auto second = run(exchange().funding_rates({"BTC-USDT", "ETH-USDT"}));
    ASSERT_TRUE(second) << second.error().message();
    EXPECT_EQ(second->by_contract.at("ETH-USDT").rate, 0.0001);
    EXPECT_EQ(core::to_unix_ms(second->exchange_time), 1781250000000);
    EXPECT_TRUE(exchange().status().funding_fallback);
    EXPECT_FALSE(exchange().status().open_interest_fallback);
    EXPECT_EQ(client_.count("v5/market/funding_rate?contract_code=BTC-USDT,ETH-USDT"), 1U);
    EXPECT_THAT(switched_, ElementsAre("funding_rates fallback"));

    ASSERT_TRUE(run(exchange().funding_rates({"BTC-USDT", "ETH-USDT"})));
    EXPECT_EQ(client_.count("swap_batch_funding_rate"), 2U) << "not tried again before its time";
}

TEST_F(HtxFallbackTest, does_so_for_every_kind_of_useless_answer) {
    for (const auto& reply :
         std::vector<Reply>{{.body = kHtml, .status = 403}, {kMaintain}, {kUnknownContract}, {kHtml}}) {
        ScriptedClient client;
        client.answer("swap_batch_funding_rate", {reply});
        client.answer("v5/market/funding_rate", {{v5_funding({"BTC-USDT"})}});
        options_.max_failures = 100;
        const auto exchange = make_exchange(io_.get_executor(), options_, client, clock_, 7);
        EXPECT_FALSE(run(exchange->funding_rates({"BTC-USDT"})));
        EXPECT_TRUE(run(exchange->funding_rates({"BTC-USDT"}))) << reply.body;
    }
}

TEST_F(HtxFallbackTest, stays_with_the_bulk_call_through_troubles_that_pass) {
    client_.answer("swap_batch_funding_rate", {{.body = kHtml, .status = 502}});
    options_.max_failures = 100;
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(run(exchange().funding_rates({"BTC-USDT"})));
    EXPECT_FALSE(exchange().status().funding_fallback);
    EXPECT_EQ(client_.count("v5"), 0U);
}

TEST_F(HtxFallbackTest, tries_the_bulk_call_every_ten_minutes_and_returns_to_it) {
    client_.answer("v5/market/funding_rate", {{v5_funding({"BTC-USDT"})}});
    EXPECT_FALSE(run(exchange().funding_rates({"BTC-USDT"})));
    EXPECT_TRUE(run(exchange().funding_rates({"BTC-USDT"})));

    clock_.advance(std::chrono::minutes(10));
    EXPECT_TRUE(run(exchange().funding_rates({"BTC-USDT"}))) << "v5 serves while the trial fails";
    EXPECT_EQ(client_.count("swap_batch_funding_rate"), 3U);
    EXPECT_EQ(client_.count("v5"), 2U);

    client_.answer("swap_batch_funding_rate", {{kFunding}});
    EXPECT_TRUE(run(exchange().funding_rates({"BTC-USDT"})));
    EXPECT_EQ(client_.count("swap_batch_funding_rate"), 3U);
    clock_.advance(std::chrono::minutes(10));
    const auto bulk = run(exchange().funding_rates({"BTC-USDT"}));
    ASSERT_TRUE(bulk);
    EXPECT_EQ(bulk->by_contract.size(), 4U);
    EXPECT_FALSE(exchange().status().funding_fallback);
    EXPECT_THAT(switched_, ElementsAre("funding_rates fallback", "funding_rates bulk"));
}

class HtxFundingSweepTest : public HtxFallbackTest {
protected:
    HtxFundingSweepTest() {
        options_.max_attempts = 1;
        options_.max_failures = 1'000;
    }
    core::Result<Bulk<market::FundingRate>> sweep(std::vector<std::string> codes) {
        EXPECT_FALSE(run(exchange().funding_rates(codes)));
        return run(exchange().funding_rates(std::move(codes)));
    }
};

TEST_F(HtxFundingSweepTest, asks_for_ten_contracts_at_a_time) {
    std::vector<std::string> codes;
    for (int i = 0; i < 25; ++i) codes.push_back("C" + std::to_string(i) + "-USDT");
    const auto part = [&codes](std::ptrdiff_t from, std::ptrdiff_t to) {
        return v5_funding(std::vector<std::string>(codes.begin() + from, codes.begin() + to));
    };
    client_.answer("contract_code=C0-USDT", {{part(0, 10)}});
    client_.answer("contract_code=C10-USDT", {{part(10, 20)}});
    client_.answer("contract_code=C20-USDT", {{part(20, 25)}});
    const auto answer = sweep(codes);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->by_contract.size(), 25U);
    EXPECT_EQ(client_.count("v5"), 3U);
    EXPECT_LE(client_.max_in_flight, 4);
}

TEST_F(HtxFundingSweepTest, singles_out_the_contract_that_spoils_a_batch) {
    client_.answer("contract_code=A-USDT,GONE-USDT,B-USDT", {{std::string(kUnknownV5)}});
    client_.answer("contract_code=A-USDT", {{v5_funding({"A-USDT"})}});
    client_.answer("contract_code=B-USDT", {{v5_funding({"B-USDT"})}});
    client_.answer("contract_code=GONE-USDT", {{std::string(kUnknownV5)}});
    const auto answer = sweep({"A-USDT", "GONE-USDT", "B-USDT"});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->by_contract.size(), 2U);
    EXPECT_THAT(dropped_, ElementsAre("funding_rates GONE-USDT"));
    EXPECT_EQ(exchange().status().fail_count, 0);
}

TEST_F(HtxFundingSweepTest, is_as_old_as_its_oldest_part_and_leaves_out_what_failed) {
    std::vector<std::string> codes;
    for (int i = 0; i < 30; ++i) codes.push_back("C" + std::to_string(i) + "-USDT");
    client_.answer("contract_code=C0-USDT", {{v5_funding({"C0-USDT"}, "1781250000900")}});
    client_.answer("contract_code=C10-USDT", {{v5_funding({"C10-USDT"}, "1781250000100")}});
    client_.answer("contract_code=C20-USDT", {{.body = kHtml, .status = 502}});
    const auto answer = sweep(codes);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->by_contract.size(), 2U);
    EXPECT_EQ(core::to_unix_ms(answer->exchange_time), 1781250000100);
    EXPECT_EQ(dropped_.size(), 10U);
}

TEST_F(HtxFundingSweepTest, fails_when_nothing_was_answered) {
    client_.answer("v5/market/funding_rate", {{.body = kHtml, .status = 502}});
    const auto answer = sweep({"A-USDT", "B-USDT"});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::http_status);
    EXPECT_THAT(answer.error().message(), HasSubstr("funding_rates: v5_funding_rate: HTTP 502"));
}

TEST_F(HtxFundingSweepTest, of_no_contracts_is_empty) {
    const auto answer = sweep({});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_THAT(answer->by_contract, IsEmpty());
    EXPECT_EQ(answer->exchange_time, clock_.now());
}

TEST_F(HtxExchangeTest, falls_back_to_a_call_per_contract_for_open_interest) {
    client_.answer("swap_open_interest", {{kMaintain}});
    client_.answer("v5/market/open_interest?contract_code=BTC-USDT", {{kV5OpenInterest}});
    client_.answer("v5/market/open_interest?contract_code=ETH-USDT", {{v5_interest("ETH-USDT")}});
    client_.answer("v5/market/open_interest?contract_code=GONE-USDT", {{std::string(kUnknownV5)}});
    const std::vector<std::string> codes{"BTC-USDT", "GONE-USDT", "ETH-USDT"};
    EXPECT_FALSE(run(exchange().open_interest(codes)));
    const auto answer = run(exchange().open_interest(codes));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->by_contract.size(), 2U);
    EXPECT_EQ(answer->by_contract.at("ETH-USDT").base_amount, 32476.092);
    EXPECT_EQ(client_.count("v5"), 3U);
    EXPECT_TRUE(exchange().status().open_interest_fallback);
    EXPECT_FALSE(exchange().status().funding_fallback);
    EXPECT_THAT(switched_, ElementsAre("open_interest fallback"));
}

TEST_F(HtxExchangeTest, ends_a_fallback_early_when_its_breaker_opens) {
    options_.max_attempts = 1;
    options_.max_failures = 4;
    client_.answer("swap_open_interest", {{.body = kSpring404, .status = 404}});
    client_.answer("v5/market/open_interest", {{.error = ErrorCode::network}});
    std::vector<std::string> codes;
    for (int i = 0; i < 200; ++i) codes.push_back("C" + std::to_string(i) + "-USDT");
    EXPECT_FALSE(run(exchange().open_interest(codes)));
    EXPECT_FALSE(run(exchange().open_interest(codes)));
    EXPECT_EQ(run(exchange().open_interest(codes)).error().code(), ErrorCode::unavailable);
    EXPECT_LE(client_.count("v5"), 8U);
    EXPECT_EQ(exchange().status().state, net::CircuitState::closed) << "open interest may be missing";
}

}  // namespace
}  // namespace scanner::exchange::test
