#include "exchange/htx/decode_bulk.hpp"

#include "exchange/answers.hpp"

#include <gtest/gtest.h>

namespace scanner::exchange {
namespace {

using core::ErrorCode;

const htx::ContractSizes kSizes{{"BTC-USDT", 0.001}, {"PEPE-USDT", 1e6}, {"XOM-USDT", 0.01}};

core::Result<rest::BulkAnswer<market::Ticker>> tickers(const std::string& body,
                                                       const htx::ContractSizes& sizes = kSizes) {
    rest::JsonParser parser;
    return htx::decode_tickers(parser, test::ok(body), sizes);
}

TEST(Tickers, turn_contracts_into_base_units) {
    const auto answer = tickers(test::kTickers);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_TRUE(answer->problems.empty());
    EXPECT_EQ(core::to_unix_ms(answer->bulk.exchange_time), 1789336870043);
    ASSERT_EQ(answer->bulk.by_contract.size(), 3U);
    const auto& btc = answer->bulk.by_contract.at("BTC-USDT");
    EXPECT_EQ(btc.contract_code, "BTC-USDT");
    EXPECT_EQ(btc.last, 77111.0);
    EXPECT_EQ(btc.base_volume_24h, 1884.88);
    EXPECT_EQ(btc.turnover_24h, 145152802.919);
    ASSERT_TRUE(btc.bid && btc.ask);
    EXPECT_EQ(btc.bid->price, 77105.0);
    EXPECT_DOUBLE_EQ(btc.bid->size, 0.02);
    EXPECT_EQ(btc.ask->price, 77105.1);
    EXPECT_DOUBLE_EQ(btc.ask->size, 7.98);
    const auto& pepe = answer->bulk.by_contract.at("PEPE-USDT");
    EXPECT_EQ(pepe.last, 3.3999e-6);
    EXPECT_EQ(pepe.base_volume_24h, 458094000000.0);
    ASSERT_TRUE(pepe.ask);
    EXPECT_DOUBLE_EQ(pepe.ask->size, 69e6);
}

TEST(Tickers, have_no_quote_where_the_side_is_null_absent_or_zero) {
    for (const std::string_view ask : {R"("ask":null)", R"("ask":[])", R"("ask":[0,0])", R"("ask":[77105.1,0])",
                                       R"("ask":[null,null])", R"("other":1)"}) {
        const auto answer = tickers(test::changed(test::kTickers, R"("ask":[77105.1,7980])", ask));
        ASSERT_TRUE(answer) << ask;
        EXPECT_TRUE(answer->problems.empty()) << ask;
        const auto& btc = answer->bulk.by_contract.at("BTC-USDT");
        EXPECT_FALSE(btc.ask) << ask;
        EXPECT_TRUE(btc.bid) << ask;
    }
    const auto answer = tickers(test::kTickers);
    EXPECT_FALSE(answer->bulk.by_contract.at("XOM-USDT").ask);  // null
    EXPECT_FALSE(answer->bulk.by_contract.at("XOM-USDT").bid);  // no such key
    EXPECT_EQ(answer->bulk.by_contract.at("XOM-USDT").turnover_24h, 0.0);
}

TEST(Tickers, with_a_bad_field_are_dropped_alone_and_say_which) {
    struct Case {
        std::string_view from;
        std::string_view to;
        std::string_view problem;
    };
    const Case cases[] = {
        {R"("close":"77111")", R"("close":"0")", "close: must be > 0, got 0"},
        {R"("close":"77111")", R"("close":"-77111")", "close: must be > 0, got -77111"},
        {R"("close":"77111")", R"("close":"Infinity")", "close"},
        {R"("close":"77111")", R"("close":null)", "close: missing"},
        {R"("amount":"1884.88")", R"("amount":"1884.88x")", "amount"},
        {R"("amount":"1884.88")", R"("amount":"-1")", "amount: must be >= 0, got -1"},
        {R"("trade_turnover":"145152802.919")", R"("trade_turnover":[])", "trade_turnover"},
        {R"("ask":[77105.1,7980])", R"("ask":[77105.1])", "ask: not [price, contracts]"},
        {R"("ask":[77105.1,7980])", R"("ask":[-1,7980])", "ask"},
        {R"("ask":[77105.1,7980])", R"("ask":77105.1)", "ask: 77105.1 is not an array"},
    };
    for (const auto& [from, to, problem] : cases) {
        const auto answer = tickers(test::changed(test::kTickers, from, to));
        ASSERT_TRUE(answer) << to;
        EXPECT_EQ(answer->bulk.by_contract.size(), 2U) << to;
        ASSERT_EQ(answer->problems.size(), 1U) << to;
        EXPECT_EQ(answer->problems[0].contract_code, "BTC-USDT");
        EXPECT_NE(answer->problems[0].problem.find(problem), std::string::npos) << answer->problems[0].problem;
    }
}

TEST(Tickers, of_contracts_without_a_known_size_are_left_out_without_blame) {
    const auto answer = tickers(test::kTickers, {{"BTC-USDT", 0.001}});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->bulk.by_contract.size(), 1U);
    EXPECT_TRUE(answer->problems.empty());
}

TEST(Tickers, without_any_known_contract_are_malformed) {
    for (const auto& answer :
         {tickers(test::kTickers, {{"NEW-USDT", 1.0}}), tickers(R"({"status":"ok","ticks":[],"ts":1789336870043})")}) {
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code(), ErrorCode::malformed);
    }
}

TEST(Tickers, with_a_contract_twice_keep_the_first) {
    auto body = test::changed(test::kTickers, R"("contract_code":"PEPE-USDT")", R"("contract_code":"BTC-USDT")");
    const auto answer = tickers(body);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT").last, 77111.0);
    ASSERT_EQ(answer->problems.size(), 1U);
    EXPECT_NE(answer->problems[0].problem.find("twice"), std::string::npos);
}

TEST(Tickers, take_unknown_keys_and_any_order_of_keys) {
    const auto answer = tickers(
        R"({"ts":1789336870043,"new":{"a":[1]},"ticks":[{"trade_turnover":"2","new_field":{"x":null},"amount":"1","close":3,)"
        R"("contract_code":"BTC-USDT"}],"status":"ok"})");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT").last, 3.0);
}

TEST(Tickers, know_when_they_were_assembled_and_what_was_traded_in_contracts) {
    const auto answer = tickers(test::kTickers);
    ASSERT_TRUE(answer) << answer.error().message();
    const auto& btc = answer->bulk.by_contract.at("BTC-USDT");
    EXPECT_EQ(btc.time, core::from_unix_ms(1789336870043));
    EXPECT_DOUBLE_EQ(btc.base_volume_24h / btc.contract_volume_24h, 0.001);
    const auto negative = tickers(test::changed(test::kTickers, R"("vol":"1884880")", R"("vol":"-1")"));
    EXPECT_EQ(negative->problems.size(), 1U);
    const auto bad_time = tickers(
        test::changed(test::kTickers, R"("ts":1789336870043,"ask":[77105.1)", R"("ts":1789336870,"ask":[77105.1)"));
    EXPECT_EQ(bad_time->problems.size(), 1U) << "seconds";
}

TEST(Tickers, of_a_contract_listed_again_are_those_of_the_one_that_trades) {
    auto body = test::changed(test::kTickers, R"("contract_code":"BTC-USDT")", R"("contract_code":"PEPE-USDT")");
    body = test::changed(body, R"("contract_code":"PEPE-USDT","open":"0.0000034008")",
                         R"("contract_code":"BTC-USDT","open":"0.0000034008")");
    body = test::changed(body, R"("contract_code":"XOM-USDT")", R"("contract_code":"BTC-USDT")");
    const auto answer = tickers(body);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT").turnover_24h, 1571042.071) << "and not the row without trades";
}

TEST(Funding, tells_zero_from_nothing) {
    rest::JsonParser parser;
    const auto answer = htx::decode_funding(parser, test::ok(test::kFunding));
    ASSERT_TRUE(answer) << answer.error().message();
    const auto& by_contract = answer->bulk.by_contract;
    ASSERT_EQ(by_contract.size(), 4U);
    EXPECT_EQ(by_contract.at("BTC-USDT").rate, 0.000043173429077120);
    EXPECT_EQ(by_contract.at("BTC-USDT").funding_time, core::from_unix_ms(1789344000000));
    EXPECT_EQ(by_contract.at("PEPE-USDT").rate, 0.0);  // "0E-18"
    EXPECT_EQ(by_contract.at("BTC-USDT-260918").rate, std::nullopt);
    EXPECT_EQ(by_contract.at("BTC-USDT-260918").funding_time, std::nullopt);
    EXPECT_EQ(by_contract.at("XOM-USDT").rate, std::nullopt);  // the text "null"
    EXPECT_EQ(by_contract.at("XOM-USDT").funding_time, std::nullopt);
}

TEST(Funding, refuses_implausible_rates) {
    for (const std::string_view rate : {R"("1")", R"("-1.5")", R"("nan")", R"("1e999")", "true", R"("0.0001%")"}) {
        rest::JsonParser parser;
        const auto body = test::changed(test::kFunding, R"("0.000043173429077120")", rate);
        const auto answer = htx::decode_funding(parser, test::ok(body));
        ASSERT_TRUE(answer) << rate;
        EXPECT_FALSE(answer->bulk.by_contract.contains("BTC-USDT")) << rate;
        ASSERT_EQ(answer->problems.size(), 1U) << rate;
        EXPECT_TRUE(answer->problems[0].problem.starts_with("funding_rate: ")) << answer->problems[0].problem;
    }
}

TEST(Funding, has_the_same_meaning_in_v5) {
    rest::JsonParser parser;
    const auto answer = htx::decode_v5_funding(parser, test::ok(test::kV5Funding));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT").rate, 0.000081913965631512);
    EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT").funding_time, core::from_unix_ms(1781251200000));
    const auto none = htx::decode_v5_funding(parser, test::ok(R"({"code":200,"data":[],"ts":1781250000000})"));
    ASSERT_TRUE(none) << none.error().message();
    EXPECT_TRUE(none->bulk.by_contract.empty());
}

TEST(OpenInterest, is_base_units_and_usdt) {
    rest::JsonParser parser;
    const auto answer = htx::decode_open_interest(parser, test::ok(test::kOpenInterest));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->bulk.by_contract.at("MANA-USDT").base_amount, 2884910.0);
    EXPECT_EQ(answer->bulk.by_contract.at("MANA-USDT").value_usdt, 2788265.515);
    EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT").base_amount, 28808.125);
    EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT").value_usdt, 2221334021.6875);
}

TEST(OpenInterest, that_is_negative_or_absent_drops_the_row) {
    for (const std::string_view amount : {R"("amount":-1)", R"("amount":null)", R"("amount":"")"}) {
        rest::JsonParser parser;
        const auto body = test::changed(test::kOpenInterest, R"("amount":28808.125)", amount);
        const auto answer = htx::decode_open_interest(parser, test::ok(body));
        ASSERT_TRUE(answer) << amount;
        EXPECT_EQ(answer->bulk.by_contract.size(), 1U) << amount;
        EXPECT_EQ(answer->problems.size(), 1U) << amount;
    }
}

TEST(OpenInterest, of_v5_is_for_the_contract_asked_for) {
    rest::JsonParser parser;
    const auto answer = htx::decode_v5_open_interest(parser, test::ok(test::kV5OpenInterest), "BTC-USDT");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT").base_amount, 32476.092);
    EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT").value_usdt, 2063137924.9668);
    const auto other = htx::decode_v5_open_interest(parser, test::ok(test::kV5OpenInterest), "ETH-USDT");
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message().find("data.contract_code"), std::string::npos) << other.error().message();
}

TEST(Index, has_a_time_for_each_row_for_the_reader_to_judge_it_by) {
    rest::JsonParser parser;
    const auto answer = htx::decode_index(parser, test::ok(test::kIndex));
    ASSERT_TRUE(answer) << answer.error().message();
    ASSERT_EQ(answer->bulk.by_contract.size(), 3U);
    EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT").price, 77154.55428571429);
    EXPECT_EQ(core::to_unix_ms(answer->bulk.by_contract.at("BTC-USDT").time), 1789336966358);
    EXPECT_EQ(core::to_unix_ms(answer->bulk.by_contract.at("CVX-USDT").time), 1747000000000) << "delisted long ago";
    EXPECT_TRUE(answer->problems.empty());
}

TEST(Index, of_a_contract_listed_again_is_the_newer_of_its_two_rows) {
    for (const std::string_view other : {R"("index_ts":1747000000000)", R"("index_ts":1789336966999)"}) {
        rest::JsonParser parser;
        auto body = test::changed(test::kIndex, R"("contract_code":"CVX-USDT")", R"("contract_code":"BTC-USDT")");
        body = test::changed(body, R"("index_ts":1747000000000)", other);
        const auto answer = htx::decode_index(parser, test::ok(body));
        ASSERT_TRUE(answer) << answer.error().message();
        const bool newer = other.ends_with("999");
        EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT").price, newer ? 4.01 : 77154.55428571429);
        EXPECT_EQ(answer->problems.size(), 1U);
    }
}

TEST(Index, of_zero_drops_the_row) {
    rest::JsonParser parser;
    const auto body = test::changed(test::kIndex, R"("index_price":77154.55428571429)", R"("index_price":0)");
    const auto answer = htx::decode_index(parser, test::ok(body));
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->bulk.by_contract.contains("BTC-USDT"));
    EXPECT_EQ(answer->problems.size(), 1U);
}

}  // namespace
}  // namespace scanner::exchange
