#include "exchange/answers.hpp"
#include "exchange/htx/decode_bulk.hpp"
#include "exchange/htx/decode_contract.hpp"
#include "exchange/htx/decode_contracts.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

// Answers that the real exchange gave, where a collection of them lies beside the sources.
namespace scanner::exchange {
namespace {

std::optional<std::string> payload(const std::string& name) {
    const auto path = std::filesystem::path(SCANNER_SOURCE_DIR) / ".." / "shared" / "htx" / "payloads" / name;
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

#define SCANNER_PAYLOAD(variable, name)  \
    const auto variable = payload(name); \
    if (!variable) GTEST_SKIP() << "no payload " << name

TEST(Payloads, contracts_of_september_2026) {
    SCANNER_PAYLOAD(body, "contract_info_20260913_trimmed.json");
    rest::JsonParser parser;
    const auto answer = htx::decode_contracts(parser, test::ok(*body));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_TRUE(answer->problems.empty());
    ASSERT_EQ(answer->list.contracts.size(), 13U);
    std::unordered_map<std::string, market::Contract> by_code;
    for (const auto& contract : answer->list.contracts) by_code.emplace(contract.contract_code, contract);
    EXPECT_EQ(by_code.at("PEPE-USDT").contract_size, 1e6);
    EXPECT_EQ(by_code.at("PEPE-USDT").price_tick, 1e-10);
    EXPECT_EQ(by_code.at("JP225-USDT").contract_size, 0.0001);
    EXPECT_EQ(by_code.at("JP225-USDT").funding_interval_hours, 1);
    EXPECT_EQ(by_code.at("BOME-USDT").funding_interval_hours, 4);
    EXPECT_EQ(by_code.at("CYBER-USDT").status, market::ContractStatus::suspended);
    for (const auto* coin : {"BTC-USDT", "ETH-USDT", "PEPE-USDT", "BOME-USDT", "CYBER-USDT"}) {
        EXPECT_EQ(by_code.at(coin).asset_class, market::AssetClass::crypto) << coin;
    }
    for (const auto* other :
         {"XAU-USDT", "PAXG-USDT", "USOIL-USDT", "META-USDT", "JP225-USDT", "TQQQ-USDT", "SPX500-USDT", "XOM-USDT"}) {
        EXPECT_EQ(by_code.at(other).asset_class, market::AssetClass::tradfi) << other;
    }
}

TEST(Payloads, contract_as_sent) {
    SCANNER_PAYLOAD(body, "contract_info_BTC-USDT_20260929.raw.json");
    rest::JsonParser parser;
    const auto answer = htx::decode_contracts(parser, test::ok(*body));
    ASSERT_TRUE(answer) << answer.error().message();
    ASSERT_EQ(answer->list.contracts.size(), 1U);
    EXPECT_EQ(answer->list.contracts[0].contract_size, 0.001);
    EXPECT_EQ(core::to_unix_ms(answer->list.exchange_time), 1790677524306);
}

TEST(Payloads, tickers_agree_with_contract_sizes) {
    SCANNER_PAYLOAD(contracts_body, "contract_info_20260913_trimmed.json");
    SCANNER_PAYLOAD(body, "batch_merged_20260913_trimmed.json");
    rest::JsonParser parser;
    const auto contracts = htx::decode_contracts(parser, test::ok(*contracts_body));
    ASSERT_TRUE(contracts);
    htx::ContractSizes sizes;
    for (const auto& contract : contracts->list.contracts) {
        sizes.emplace(contract.contract_code, contract.contract_size);
    }
    const auto answer = htx::decode_tickers(parser, test::ok(*body), sizes);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_TRUE(answer->problems.empty());
    ASSERT_EQ(answer->bulk.by_contract.size(), 13U);
    const auto& eth = answer->bulk.by_contract.at("ETH-USDT");
    EXPECT_EQ(eth.last, 2496.4);
    EXPECT_EQ(eth.turnover_24h, 401018453.5918);
    ASSERT_TRUE(eth.ask);
    EXPECT_DOUBLE_EQ(eth.ask->size, 98.99);
    const auto& cyber = answer->bulk.by_contract.at("CYBER-USDT");
    EXPECT_FALSE(cyber.bid || cyber.ask);
    // Turnover over base volume is an average price: near the last one only if units are right.
    for (const auto& [code, ticker] : answer->bulk.by_contract) {
        if (ticker.base_volume_24h == 0.0) continue;
        EXPECT_NEAR(ticker.turnover_24h / ticker.base_volume_24h / ticker.last, 1.0, 0.05) << code;
    }
}

TEST(Payloads, funding) {
    SCANNER_PAYLOAD(body, "batch_funding_rate_20260913_trimmed.json");
    rest::JsonParser parser;
    const auto answer = htx::decode_funding(parser, test::ok(*body));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->bulk.by_contract.size(), 14U);
    EXPECT_EQ(answer->bulk.by_contract.at("XAU-USDT").rate, 0.000183372000496483);
    EXPECT_EQ(answer->bulk.by_contract.at("META-USDT").rate, 0.0);
    EXPECT_EQ(answer->bulk.by_contract.at("JP225-USDT").funding_time, core::from_unix_ms(1789340400000));
    EXPECT_EQ(answer->bulk.by_contract.at("BTC-USDT-260918").rate, std::nullopt);
}

TEST(Payloads, open_interest) {
    SCANNER_PAYLOAD(body, "open_interest_20260913_trimmed.json");
    rest::JsonParser parser;
    const auto answer = htx::decode_open_interest(parser, test::ok(*body));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->bulk.by_contract.size(), 14U);
    EXPECT_EQ(answer->bulk.by_contract.at("PEPE-USDT").base_amount, 123071e6);
    EXPECT_EQ(answer->bulk.by_contract.at("CVX-USDT").value_usdt, 23.8595);
}

TEST(Payloads, index_of_the_suspended_one_has_its_old_time) {
    SCANNER_PAYLOAD(body, "swap_index_20260913_trimmed.json");
    rest::JsonParser parser;
    const auto answer = htx::decode_index(parser, test::ok(*body));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->bulk.by_contract.size(), 13U);
    EXPECT_GT(answer->bulk.exchange_time - answer->bulk.by_contract.at("CYBER-USDT").time, std::chrono::hours(24));
    EXPECT_EQ(answer->bulk.by_contract.at("PEPE-USDT").price, 3.3955e-06);
}

TEST(Payloads, candles_as_sent) {
    SCANNER_PAYLOAD(body, "kline_BTC-USDT_1min_20260929.raw.json");
    rest::JsonParser parser;
    const auto answer = htx::decode_candles(parser, test::ok(*body), test::btc(), 1, 3);
    ASSERT_TRUE(answer) << answer.error().message();
    ASSERT_EQ(answer->candles.size(), 3U);
    EXPECT_EQ(answer->candles[1].close, 84066.9);
    EXPECT_EQ(answer->candles[1].base_volume, 1.508);
    EXPECT_EQ(answer->missing_intervals, 0U);
}

TEST(Payloads, error_as_sent) {
    SCANNER_PAYLOAD(body, "error_invalid_size_20260929.raw.json");
    rest::JsonParser parser;
    const auto answer = htx::decode_candles(parser, test::ok(*body), test::btc(), 1, 3);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), core::ErrorCode::exchange_rejected);
    EXPECT_NE(answer.error().message().find("invalid size"), std::string::npos);
}

}  // namespace
}  // namespace scanner::exchange
