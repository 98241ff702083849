#include "exchange/htx/decode_contracts.hpp"

#include "exchange/answers.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace scanner::exchange {
namespace {

using market::AssetClass;
using market::ContractStatus;

core::Result<htx::ContractsAnswer> decode(const std::string& body) {
    rest::JsonParser parser;
    return htx::decode_contracts(parser, test::ok(body));
}

/// The list with one more row, made of `fields`.
std::string with_row(const std::string& fields) {
    return test::changed(test::kContracts, R"("data":[)", R"("data":[{)" + fields + "},");
}

constexpr std::string_view kGoodRow =
    R"("contract_code":"NEW-USDT","contract_size":10,"price_tick":0.01,"contract_status":1)";

TEST(Contracts, have_their_sizes_ticks_and_funding_times) {
    const auto answer = decode(test::kContracts);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(core::to_unix_ms(answer->list.exchange_time), 1790677524306);
    EXPECT_TRUE(answer->problems.empty());
    ASSERT_EQ(answer->list.contracts.size(), 3U);
    const auto& btc = answer->list.contracts[0];
    EXPECT_EQ(btc.contract_code, "BTC-USDT");
    EXPECT_EQ(btc.symbol, "BTC/USDT:USDT");
    EXPECT_EQ(btc.contract_size, 0.001);
    EXPECT_EQ(btc.price_tick, 0.1);
    EXPECT_EQ(btc.status, ContractStatus::listed);
    EXPECT_EQ(btc.asset_class, AssetClass::crypto);
    EXPECT_EQ(btc.funding_interval_hours, 8);
    ASSERT_TRUE(btc.next_funding_time);
    EXPECT_EQ(core::to_unix_ms(*btc.next_funding_time), 1790697600000);
    const auto& pepe = answer->list.contracts[1];
    EXPECT_EQ(pepe.contract_size, 1e6);
    EXPECT_EQ(pepe.price_tick, 1e-10);
    EXPECT_EQ(pepe.funding_interval_hours, 4);
}

TEST(Contracts, follow_stocks_where_either_list_of_labels_says_so) {
    const auto answer = decode(test::kContracts);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->list.contracts[2].asset_class, AssetClass::tradfi);  // labels ["stock"], tradfi_labels []
    const auto metals = decode(with_row(std::string(kGoodRow) + R"(,"labels":["common"],"tradfi_labels":["Metals"])"));
    ASSERT_TRUE(metals);
    EXPECT_EQ(metals->list.contracts[0].asset_class, AssetClass::tradfi);
}

TEST(Contracts, of_old_shape_without_labels_and_period_are_crypto_every_8_hours) {
    const auto answer = decode(with_row(std::string(kGoodRow)));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->list.contracts[0].asset_class, AssetClass::crypto);
    EXPECT_EQ(answer->list.contracts[0].funding_interval_hours, 8);
    EXPECT_FALSE(answer->list.contracts[0].next_funding_time);
}

TEST(Contracts, were_listed_on_a_day_of_the_exchanges_calendar) {
    const auto listed_at = [](const std::string& date) {
        const auto answer = decode(with_row(std::string(kGoodRow) + date));
        EXPECT_TRUE(answer) << date;
        return answer->list.contracts[0].listed_at;
    };
    EXPECT_EQ(listed_at(R"(,"create_date":"20201021")"), core::parse_time("2020-10-20T16:00:00Z")) << "UTC+8";
    EXPECT_EQ(listed_at(R"(,"create_date":20240229)"), core::parse_time("2024-02-28T16:00:00Z"));
    // Whatever is no day decides nothing: the contract is kept, of unknown age.
    for (const char* date : {"", R"(,"create_date":"")", R"(,"create_date":null)", R"(,"create_date":"20230229")",
                             R"(,"create_date":"soon")", R"(,"create_date":"20201321")", R"(,"create_date":0)",
                             R"(,"create_date":1602000000000)", R"(,"create_date":[])"}) {
        EXPECT_EQ(listed_at(date), std::nullopt) << date;
    }
}

TEST(Contracts, know_every_status_and_take_new_ones_as_unknown) {
    const std::pair<int, ContractStatus> statuses[] = {
        {0, ContractStatus::delisting},  {1, ContractStatus::listed},     {2, ContractStatus::pending},
        {3, ContractStatus::suspended},  {4, ContractStatus::suspending}, {5, ContractStatus::in_settlement},
        {6, ContractStatus::delivering}, {7, ContractStatus::settled},    {8, ContractStatus::delivered},
        {9, ContractStatus::unknown},    {-1, ContractStatus::unknown},
    };
    for (const auto& [number, status] : statuses) {
        const auto answer = decode(test::changed(test::kContracts, R"("contract_status":1)",
                                                 R"("contract_status":)" + std::to_string(number)));
        ASSERT_TRUE(answer) << number;
        EXPECT_EQ(answer->list.contracts[0].status, status) << number;
    }
}

TEST(Contracts, that_are_dated_futures_or_not_in_usdt_are_left_out_without_blame) {
    for (const std::string_view kind :
         {R"("business_type":"futures")", R"("contract_type":"quarter")", R"("trade_partition":"USDC")"}) {
        const auto answer = decode(with_row(std::string(kGoodRow) + "," + std::string(kind)));
        ASSERT_TRUE(answer) << kind;
        EXPECT_EQ(answer->list.contracts.size(), 3U) << kind;
        EXPECT_TRUE(answer->problems.empty()) << kind;
    }
}

TEST(Contracts, with_a_bad_field_are_dropped_alone_and_say_which) {
    struct Case {
        std::string row;
        std::string code;
        std::string field;
    };
    const Case cases[] = {
        {R"("contract_code":"A-USDT","contract_size":0,"price_tick":0.01,"contract_status":1)", "A-USDT",
         "contract_size: must be > 0, got 0"},
        {R"("contract_code":"A-USDT","contract_size":1,"price_tick":-0.5,"contract_status":1)", "A-USDT", "price_tick"},
        {R"("contract_code":"A-USDT","contract_size":true,"price_tick":1,"contract_status":1)", "A-USDT",
         "contract_size: true is not a finite number"},
        {R"("contract_code":"A-USDT","contract_size":"NaN","price_tick":1,"contract_status":1)", "A-USDT",
         "contract_size"},
        {R"("contract_code":"A-USDT","contract_size":1,"price_tick":1,"contract_status":"listed")", "A-USDT",
         "contract_status"},
        {R"("contract_code":"A-USDT","contract_size":1,"price_tick":1)", "A-USDT", "contract_status: missing"},
        {R"("contract_code":"A-USDT","contract_size":1,"price_tick":1,"contract_status":1,"settlement_period":"99")",
         "A-USDT", "settlement_period"},
        {R"("contract_code":"A-USDT","contract_size":1,"price_tick":1,"contract_status":1,"settlement_date":"1790697600")",
         "A-USDT", "settlement_date"},
        {R"("contract_size":1,"price_tick":1,"contract_status":1)", "row 0", "contract_code: missing"},
        {R"("contract_code":17)", "row 0", "contract_code: 17 is not text"},
        {R"("contract_code":"A B-USDT")", "A B-USDT", "is no contract code"},
        {R"("contract_code":"=1+1-USDT")", "=1+1-USDT", "is no contract code"},
        {R"("contract_code":"btc-USDT")", "btc-USDT", "is no contract code"},
        {"\"contract_code\":\"A\u009B31mB\u202EC-USDT\"", "A\\u009b31mB\\u202eC-USDT", "U+009B"},
        {R"("contract_code":"BTC-USDT","contract_size":1,"price_tick":1,"contract_status":1)", "BTC-USDT", "twice"},
    };
    for (const auto& [row, code, field] : cases) {
        const auto answer = decode(with_row(row));
        ASSERT_TRUE(answer) << row;
        ASSERT_EQ(answer->problems.size(), 1U) << row;
        EXPECT_EQ(answer->problems[0].contract_code, code) << row;
        EXPECT_NE(answer->problems[0].problem.find(field), std::string::npos) << answer->problems[0].problem;
    }
}

TEST(Contracts, that_cannot_be_read_are_in_the_list_by_name_with_what_is_wrong) {
    const auto answer = decode(with_row(R"("contract_code":"A-USDT","contract_size":0,"contract_status":1)"));
    ASSERT_TRUE(answer) << answer.error().message();
    ASSERT_EQ(answer->list.contracts.size(), 4U);
    const market::Contract& unreadable = answer->list.contracts.back();
    EXPECT_EQ(unreadable.contract_code, "A-USDT");
    EXPECT_EQ(unreadable.symbol, "A/USDT:USDT");
    EXPECT_EQ(unreadable.unreadable, "contract_size: must be > 0, got 0");
    EXPECT_EQ(unreadable.status, market::ContractStatus::unknown);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(answer->list.contracts[i].unreadable, "");
}

TEST(Contracts, listed_again_have_the_listed_row_whatever_its_place) {
    const std::string dead = R"("contract_code":"BTC-USDT","contract_size":1000,"price_tick":1,"contract_status":8)";
    auto body = test::kContracts;
    const auto end = body.rfind("],\"ts\"");
    for (const std::string& text : {with_row(dead), body.insert(end, ",{" + dead + "}")}) {
        const auto answer = decode(text);
        ASSERT_TRUE(answer) << answer.error().message();
        ASSERT_EQ(answer->list.contracts.size(), 3U);
        const auto btc = std::ranges::find(answer->list.contracts, "BTC-USDT", &market::Contract::contract_code);
        EXPECT_EQ(btc->contract_size, 0.001);
        EXPECT_EQ(btc->status, market::ContractStatus::listed);
        ASSERT_EQ(answer->problems.size(), 1U);
        EXPECT_NE(answer->problems[0].problem.find("delivered"), std::string::npos) << answer->problems[0].problem;
    }
}

TEST(Contracts, with_a_sound_row_beside_an_unreadable_one_are_sound) {
    const auto answer = decode(with_row(R"("contract_code":"BTC-USDT","contract_size":"","contract_status":8)"));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->list.contracts.size(), 3U);
    EXPECT_EQ(answer->list.contracts[0].contract_size, 0.001);
}

TEST(Contracts, that_are_mostly_bad_make_the_answer_malformed) {
    // Two bad of four is still half good; three of five is not.
    const std::string bad = R"("contract_code":"A-USDT","contract_size":0)";
    auto body = with_row(bad);
    body = test::changed(body, R"("data":[)", R"("data":[{"contract_code":"B-USDT"},[],)");
    EXPECT_TRUE(decode(body)) << "3 bad rows of 6";
    body = test::changed(body, R"("data":[)", R"("data":[7,)");
    const auto answer = decode(body);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), core::ErrorCode::malformed);
    EXPECT_NE(answer.error().message().find("4 of 7 rows"), std::string::npos) << answer.error().message();
}

TEST(Contracts, that_are_missing_are_malformed) {
    const auto answer = decode(R"({"status":"ok","data":[],"ts":1790677524306})");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), core::ErrorCode::malformed);
}

TEST(Contracts, need_the_time_of_the_answer_in_milliseconds) {
    for (const std::string_view ts : {R"("ts":1790677524)", R"("ts":"soon")", R"("ts":null)", R"("x":1)"}) {
        const auto answer = decode(test::changed(test::kContracts, R"("ts":1790677524306)", ts));
        ASSERT_FALSE(answer) << ts;
        EXPECT_TRUE(answer.error().message().starts_with("ts: ")) << answer.error().message();
    }
}

TEST(Contracts, may_have_chinese_names) {
    const auto answer =
        decode(with_row(R"("contract_code":"龙虾-USDT","contract_size":1,"price_tick":0.0001,"contract_status":1)"));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->list.contracts[0].contract_code, "龙虾-USDT");
    EXPECT_EQ(answer->list.contracts[0].symbol, "龙虾/USDT:USDT");
}

}  // namespace
}  // namespace scanner::exchange
