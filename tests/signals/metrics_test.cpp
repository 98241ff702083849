#include "scanner/signals/metrics.hpp"

#include "signals/support.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace scanner::signals {
namespace {

using testing::book;
using testing::candles_closing_at;
using testing::market_data;

std::optional<market::Level> at(double price) {
    return market::Level{.price = price, .size = 1.0};
}

TEST(Spread, is_relative_to_mid_in_basis_points) {
    EXPECT_DOUBLE_EQ(spread_bps(at(99.5), at(100.5)), 100.0);
}

TEST(Spread, is_the_worst_value_when_unknown) {
    EXPECT_EQ(spread_bps(std::nullopt, at(100)), 10'000.0);
    EXPECT_EQ(spread_bps(at(100), std::nullopt), 10'000.0);
    EXPECT_EQ(spread_bps(at(0), at(100)), 10'000.0);
    EXPECT_EQ(spread_bps(at(-1), at(100)), 10'000.0);
    EXPECT_EQ(spread_bps(at(100), at(100)), 10'000.0);
    EXPECT_EQ(spread_bps(at(101), at(100)), 10'000.0);
}

TEST(Depth, sums_the_best_levels_of_both_sides) {
    const auto six = book({{10, 1}, {9, 1}, {8, 1}, {7, 1}, {6, 1}, {5, 100}}, {{11, 2}});
    EXPECT_DOUBLE_EQ(depth_usdt(six, 5), 10 + 9 + 8 + 7 + 6 + 22);
    EXPECT_DOUBLE_EQ(depth_usdt(six, 1), 10 + 22);
    EXPECT_EQ(depth_usdt({}, 5), 0.0);
}

TEST(Imbalance, weighs_notional_not_size) {
    EXPECT_DOUBLE_EQ(book_imbalance(book({{10, 3}}, {{20, 0.5}}), 10), (30.0 - 10.0) / 40.0);
    EXPECT_DOUBLE_EQ(book_imbalance(book({{10, 3}}, {}), 10), 1.0);
    EXPECT_DOUBLE_EQ(book_imbalance(book({}, {{10, 3}}), 10), -1.0);
    EXPECT_EQ(book_imbalance({}, 10), 0.0);
}

TEST(Imbalance, looks_at_no_more_levels_than_asked) {
    const auto deep = book({{10, 1}, {9, 1000}}, {{10, 1}});
    EXPECT_DOUBLE_EQ(book_imbalance(deep, 1), 0.0);
    EXPECT_GT(book_imbalance(deep, 2), 0.99);
}

TEST(Atr, takes_gaps_from_the_previous_close_into_account) {
    std::vector<market::Candle> candles{{.high = 101, .low = 99, .close = 100},    // range 2; no previous close
                                        {.high = 106, .low = 104, .close = 105}};  // from 100 up to 106: 6
    EXPECT_DOUBLE_EQ(atr_pct(candles), (2.0 + 6.0) / 2.0 / 105.0 * 100.0);
    candles.push_back({.high = 100, .low = 99, .close = 100});  // from 105 down to 99: 6
    EXPECT_DOUBLE_EQ(atr_pct(candles), (2.0 + 6.0 + 6.0) / 3.0 / 100.0 * 100.0);
}

TEST(Atr, the_first_candles_own_close_counts_as_its_previous_one) {
    EXPECT_DOUBLE_EQ(atr_pct(std::vector<market::Candle>{{.open = 50, .high = 101, .low = 100, .close = 100}}), 1.0);
}

TEST(Atr, looks_at_the_last_fifty_candles) {
    auto candles = candles_closing_at(std::vector<double>(60, 100.0));
    candles[9].high = 200;  // the eleventh from the end of the fifty: out of the window
    EXPECT_DOUBLE_EQ(atr_pct(candles), 0.0);
    candles[10].high = 150;  // the oldest inside
    EXPECT_DOUBLE_EQ(atr_pct(candles), 50.0 / 50.0);
}

TEST(Atr, is_zero_without_candles_or_price) {
    EXPECT_EQ(atr_pct({}), 0.0);
    EXPECT_EQ(atr_pct(std::vector<market::Candle>{{.high = 2, .low = 1, .close = 0}}), 0.0);
}

TEST(Returns, are_percent_and_zero_without_history) {
    const std::vector<double> closes{100, 110};
    EXPECT_NEAR(return_pct(closes, 1), 10.0, 1e-12);
    EXPECT_EQ(return_pct(closes, 2), 0.0);
    EXPECT_EQ(return_pct({}, 1), 0.0);
}

TEST(Returns, of_fifteen_minutes_fall_back_to_one) {
    std::vector<double> closes(15, 100.0);
    closes.back() = 101.0;
    const Metrics shorter = compute_metrics(market_data({}, candles_closing_at(closes)), 5000);
    EXPECT_NEAR(shorter.ret_15, 1.0, 1e-12);
    closes.insert(closes.begin(), 50.0);
    const Metrics longer = compute_metrics(market_data({}, candles_closing_at(closes)), 5000);
    EXPECT_NEAR(longer.ret_15, 102.0, 1e-12);
    EXPECT_NEAR(longer.ret_1, 1.0, 1e-12);
}

TEST(Returns, skip_candles_without_a_price) {
    const Metrics metrics = compute_metrics(market_data({}, candles_closing_at({100, 0, 102})), 5000);
    EXPECT_NEAR(metrics.ret_1, 2.0, 1e-12);
}

TEST(Velocity, is_percent_a_candle_over_five) {
    EXPECT_NEAR(price_velocity(std::vector<double>{100, 1, 1, 1, 1, 110}), 2.0, 1e-12);
    EXPECT_EQ(price_velocity(std::vector<double>{100, 1, 1, 1, 110}), 0.0);
    EXPECT_EQ(price_velocity(std::vector<double>{1, 1, 1, 1, 1, 10}), 10.0);
    EXPECT_EQ(price_velocity(std::vector<double>{10, 1, 1, 1, 1, 0.001}), -10.0);
}

TEST(VolumeZscore, is_the_distance_from_the_median_in_deviations) {
    // Median 2, mean 2.9.
    const std::vector<double> volumes{1, 1, 1, 1, 2, 2, 2, 2, 2, 15};
    double squares = 0.0;
    for (const double v : volumes) squares += (v - 2.9) * (v - 2.9);
    EXPECT_NEAR(volume_zscore(volumes), (15.0 - 2.0) / std::sqrt(squares / 10.0), 1e-12);
}

TEST(VolumeZscore, an_even_count_takes_the_middle_of_the_two) {
    const std::vector<double> volumes{1, 1, 1, 1, 1, 3, 3, 3, 3, 3};  // median 2, deviation 1
    EXPECT_NEAR(volume_zscore(volumes), 1.0, 1e-12);
}

TEST(VolumeZscore, needs_ten_candles_and_some_spread) {
    EXPECT_EQ(volume_zscore(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 90}), 0.0);
    EXPECT_EQ(volume_zscore(std::vector<double>(20, 5.0)), 0.0);
}

TEST(VolumeZscore, counts_the_last_sixty) {
    std::vector<double> volumes(59, 1.0);
    volumes.push_back(1e6);
    EXPECT_NEAR(volume_zscore(volumes), 60.0 / std::sqrt(59.0), 1e-9);
    volumes.insert(volumes.begin(), 100, 1e9);  // older than the window
    EXPECT_NEAR(volume_zscore(volumes), 60.0 / std::sqrt(59.0), 1e-9);
}

TEST(VolatilityRegime, compares_twenty_returns_with_sixty) {
    // 40 returns of +-a, then 20 of +-3a around zero mean: long variance (40 + 20 * 9) / 60 a^2, short 9 a^2.
    std::vector<double> closes{100.0};
    for (int i = 0; i < 60; ++i) {
        const double step = (i < 40 ? 0.001 : 0.003) * (i % 2 == 0 ? 1.0 : -1.0);
        closes.push_back(closes.back() * std::exp(step));
    }
    EXPECT_NEAR(volatility_regime(closes), 3.0 / std::sqrt((40.0 + 180.0) / 60.0) - 1.0, 1e-9);
}

TEST(VolatilityRegime, is_zero_without_history_or_movement) {
    EXPECT_EQ(volatility_regime(std::vector<double>(60, 1.0)), 0.0);
    EXPECT_EQ(volatility_regime(std::vector<double>(61, 1.0)), 0.0);
}

TEST(VolatilityRegime, a_market_that_went_quiet_reads_minus_one) {
    std::vector<double> closes(41, 100.0);
    for (std::size_t i = 0; i < 40; i += 2) closes[i] = 101.0;
    closes.resize(61, 100.0);
    EXPECT_DOUBLE_EQ(volatility_regime(closes), -1.0);
}

TEST(AnomalyScore, adds_what_is_unusual) {
    EXPECT_DOUBLE_EQ(anomaly_score(-1.0, 2.0, -3.5, 0.5), 1.6 + 2.4 + 12.0 + 4.0);
    EXPECT_EQ(anomaly_score(1.0, -2.0, 1.5, -0.5), 0.0);
    EXPECT_EQ(anomaly_score(-50.0, 50.0, 10.0, 5.0), 100.0);
}

TEST(PriceZscore, is_the_last_close_in_the_window) {
    EXPECT_NEAR(price_zscore(std::vector<double>{99, 1, 1, 3, 3}, 4), 1.0, 1e-12);
    EXPECT_EQ(price_zscore(std::vector<double>{1, 1, 3}, 4), 0.0);
    EXPECT_EQ(price_zscore(std::vector<double>{2, 2, 2, 2}, 4), 0.0);
}

TEST(Momentum, a_flat_fast_window_speaks_through_velocity) {
    const auto data = market_data({}, candles_closing_at({100, 110, 110, 110, 110, 110}));
    EXPECT_NEAR(compute_momentum(data).z_15s, 2.0 / 3.0, 1e-12);
}

TEST(Momentum, distance_from_vwap_is_in_percent) {
    auto candles = candles_closing_at({100, 200});
    candles[0].base_volume = 3.0;
    candles[1].base_volume = 1.0;
    EXPECT_NEAR(compute_momentum(market_data({}, candles)).vwap_distance, (200.0 / 125.0 - 1.0) * 100.0, 1e-12);
    EXPECT_EQ(compute_momentum(market_data({}, candles_closing_at({100, 200}, 0.0))).vwap_distance, 0.0);
}

TEST(Rsi, is_cutlers) {
    std::vector<double> closes{100};
    for (int i = 0; i < 14; ++i) closes.push_back(closes.back() + (i % 2 == 0 ? 3.0 : -1.0));
    EXPECT_NEAR(rsi14(closes), 75.0, 1e-9);  // gains 21, losses 7
    EXPECT_EQ(rsi14(std::vector<double>(14, 1.0)), 50.0);
    EXPECT_EQ(rsi14(std::vector<double>(15, 1.0)), 100.0);
}

TEST(Execution, queue_position_is_the_share_of_the_best_bid) {
    EXPECT_DOUBLE_EQ(compute_execution(book({{100, 100}}, {{101, 1}}), 5000).queue_position, 0.5);
    EXPECT_DOUBLE_EQ(compute_execution(book({{100, 1}}, {{101, 1}}), 5000).queue_position, 1.0);
    EXPECT_EQ(compute_execution(book({}, {{101, 1}}), 5000).queue_position, 0.0);
}

TEST(Execution, impact_is_that_of_buying) {
    const auto lopsided = book({{99, 1}}, {{101, 1000}});
    EXPECT_DOUBLE_EQ(compute_execution(lopsided, 5000).simulated_impact_bps, 100.0);
    EXPECT_EQ(compute_metrics(market_data(lopsided, {}), 5000).slip_bps, 10'000.0);
}

TEST(Metrics, funding_of_exactly_zero_is_not_missing) {
    auto data = market_data({}, {});
    EXPECT_FALSE(compute_metrics(data, 5000).funding_8h_pct.has_value());
    data.funding_rate = 0.0;
    EXPECT_EQ(compute_metrics(data, 5000).funding_8h_pct, 0.0);
    data.funding_rate = -0.0003;
    EXPECT_NEAR(compute_metrics(data, 5000).funding_8h_pct.value_or(0), -0.03, 1e-15);
}

TEST(Metrics, basis_needs_both_prices) {
    auto data = market_data({}, candles_closing_at({101}));
    EXPECT_FALSE(compute_metrics(data, 5000).basis_bps.has_value());
    data.index_price = 100.0;
    EXPECT_NEAR(compute_metrics(data, 5000).basis_bps.value_or(0), 100.0, 1e-9);
    data.index_price = 0.0;
    EXPECT_FALSE(compute_metrics(data, 5000).basis_bps.has_value());
    data.index_price = 100.0;
    data.ticker.last = 0.0;
    EXPECT_FALSE(compute_metrics(data, 5000).basis_bps.has_value());
}

TEST(Metrics, depth_is_compared_with_the_newest_traded_minute) {
    auto candles = candles_closing_at({100, 200, 300});
    candles[1].base_volume = 2.0;
    candles[2].base_volume = 0.0;
    const auto data = market_data(book({{100, 4}}, {{100.5, 0}}), candles);
    EXPECT_DOUBLE_EQ(compute_metrics(data, 5000).depth_to_volume_ratio, 400.0 / 400.0);
    const auto idle = market_data(book({{100, 4}}, {}), candles_closing_at({100}, 0.0));
    EXPECT_EQ(compute_metrics(idle, 5000).depth_to_volume_ratio, 0.0);
}

}  // namespace
}  // namespace scanner::signals
