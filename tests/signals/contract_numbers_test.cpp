#include "scanner/signals/contract_numbers.hpp"

#include "signals/support.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace scanner::signals {
namespace {

using testing::book;
using testing::candles_closing_at;
using testing::market_data;

ContractNumbers once(const market::MarketData& data, double notional = 5000.0) {
    ContractState state;
    return compute_contract(data, notional, state);
}

/// 70 closed candles that wobble, then one running.
std::vector<market::Candle> with_running() {
    std::vector<double> closes;
    for (int i = 0; i < 70; ++i) closes.push_back(100.0 + (i % 2 == 0 ? 0.1 : -0.1) * (i % 7 + 1));
    auto candles = candles_closing_at(closes);
    for (std::size_t i = 0; i < candles.size(); ++i) candles[i].base_volume = 10.0 + static_cast<double>(i % 3);
    market::Candle running = candles.back();
    running.open_time_ms += 60'000;
    running.close = 103.0;
    running.high = 104.0;
    running.base_volume = 0.5;
    candles.push_back(running);
    return candles;
}

TEST(ContractNumbers, volume_and_volatility_come_from_closed_candles_only) {
    const auto candles = with_running();
    const auto closed_only = std::vector(candles.begin(), candles.end() - 1);
    const auto quotes = book({{99.9, 100}}, {{100.1, 100}});
    market::MarketData live = market_data(quotes, candles);
    live.closed_candles = candles.size() - 1;
    const ContractNumbers now = once(live);
    const ContractNumbers minute_ago = once(market_data(quotes, closed_only));
    EXPECT_EQ(now.metrics.volume_zscore, minute_ago.metrics.volume_zscore);
    EXPECT_EQ(now.metrics.volatility_regime, minute_ago.metrics.volatility_regime);
    EXPECT_EQ(now.metrics.atr_pct, minute_ago.metrics.atr_pct);
    EXPECT_EQ(now.metrics.depth_to_volume_ratio, minute_ago.metrics.depth_to_volume_ratio);
}

TEST(ContractNumbers, prices_are_live) {
    const auto candles = with_running();
    market::MarketData live = market_data(book({{99.9, 100}}, {{100.1, 100}}), candles);
    const ContractNumbers all_closed = once(live);
    live.closed_candles = candles.size() - 1;
    const ContractNumbers now = once(live);
    EXPECT_EQ(now.metrics.ret_1, all_closed.metrics.ret_1);
    EXPECT_EQ(now.metrics.ret_15, all_closed.metrics.ret_15);
    EXPECT_EQ(now.metrics.price_velocity, all_closed.metrics.price_velocity);
    EXPECT_EQ(now.momentum.z_15s, all_closed.momentum.z_15s);
    EXPECT_EQ(now.momentum.z_5m, all_closed.momentum.z_5m);
    EXPECT_EQ(now.momentum.rsi14, all_closed.momentum.rsi14);
    EXPECT_GT(now.metrics.ret_1, 2.0);
    // VWAP: closed volume, live close.
    double paid = 0.0;
    double volume = 0.0;
    for (std::size_t i = 0; i + 1 < candles.size(); ++i) {
        paid += candles[i].close * candles[i].base_volume;
        volume += candles[i].base_volume;
    }
    EXPECT_NEAR(now.momentum.vwap_distance, (103.0 / (paid / volume) - 1.0) * 100.0, 1e-9);
    // The wick is the running candle's, measured against the closed range.
    const double wick = (104.0 - candles.back().low) / 103.0 * 100.0 / now.metrics.atr_pct;
    EXPECT_NEAR(now.manipulation.features.wick_ratio, wick, 5e-5);
}

TEST(ContractNumbers, a_claim_of_more_closed_candles_than_there_are_is_harmless) {
    market::MarketData data = market_data({}, candles_closing_at({100, 101}));
    data.closed_candles = 999;
    EXPECT_EQ(once(data).metrics.atr_pct, once(market_data({}, candles_closing_at({100, 101}))).metrics.atr_pct);
}

TEST(ContractNumbers, nothing_known_gives_the_worst_costs_and_zeros) {
    const ContractNumbers numbers = once(market::MarketData{});
    EXPECT_EQ(numbers.metrics.spread_bps, 10'000.0);
    EXPECT_EQ(numbers.metrics.slip_bps, 10'000.0);
    EXPECT_EQ(numbers.metrics.top5_depth_usdt, 0.0);
    EXPECT_EQ(numbers.metrics.ret_15, 0.0);
    EXPECT_EQ(numbers.momentum.rsi14, 50.0);
    EXPECT_FALSE(numbers.metrics.open_interest.has_value());
    ASSERT_EQ(numbers.manipulation.manip_flags.size(), 1U);
    EXPECT_EQ(numbers.manipulation.manip_flags.front(), "liquidity_vacuum");
}

TEST(ContractNumbers, the_state_carries_over) {
    ContractState state;
    const auto deep = market_data(book({{100, 500}}, {{100.1, 50}}), candles_closing_at({100}));
    const auto thin = market_data(book({{100, 50}}, {{100.1, 250}}), candles_closing_at({100}));
    (void)compute_contract(deep, 5000, state);
    const ContractNumbers after = compute_contract(thin, 5000, state);
    EXPECT_TRUE(after.microstructure.spoof_unwind);
    EXPECT_NE(after.manipulation.features.imbalance_delta, 0.0);
    EXPECT_FALSE(once(thin).microstructure.spoof_unwind);
}

TEST(ContractNumbers, numbers_that_are_used_again_equal_fresh_ones) {
    ContractState first;
    ContractState second;
    const auto data = market_data(book({{99.9, 100}}, {{100.1, 10}}), with_running());
    ContractNumbers reused = once(market_data({}, {}));
    compute_contract(data, 5000, first, reused);
    const ContractNumbers fresh = compute_contract(data, 5000, second);
    EXPECT_EQ(reused.manipulation.manip_flags, fresh.manipulation.manip_flags);
    EXPECT_EQ(reused.manipulation.manip_score, fresh.manipulation.manip_score);
    EXPECT_EQ(reused.metrics.slip_bps, fresh.metrics.slip_bps);
}

}  // namespace
}  // namespace scanner::signals
