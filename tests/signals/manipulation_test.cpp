#include "scanner/signals/manipulation.hpp"

#include "signals/support.hpp"

#include "scanner/signals/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace scanner::signals {
namespace {

using testing::book;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr double kNotional = 5000.0;

/// A book that raises nothing: balanced, deep, no wall.
market::OrderBook calm_book() {
    return book({{100, 100}, {99.9, 100}, {99.8, 100}}, {{100.1, 100}, {100.2, 100}, {100.3, 100}});
}

struct Case {
    Metrics metrics;
    market::OrderBook order_book = calm_book();
    market::Candle candle{.high = 100.1, .low = 99.9, .close = 100.0};
    ManipulationState previous;

    Case() { metrics.atr_pct = 0.3; }

    Manipulation judge() {
        metrics.top5_depth_usdt = depth_usdt(order_book, 5);
        Manipulation result;
        compute_manipulation(
            {.metrics = metrics, .book = order_book, .last_candle = &candle, .notional_usdt = kNotional}, previous,
            result);
        return result;
    }
};

double term(const Manipulation& result, std::string_view name) {
    const auto found = std::ranges::find(result.contributions, name, &ManipulationContribution::feature);
    return found == result.contributions.end() ? std::nan("") : found->value;
}

TEST(Manipulation, a_calm_contract_scores_what_the_bias_leaves) {
    Case calm;
    const Manipulation result = calm.judge();
    EXPECT_THAT(result.manip_flags, IsEmpty());
    EXPECT_NEAR(result.probability, 1.0 / (1.0 + std::exp(2.5)), 1e-12);
    EXPECT_DOUBLE_EQ(result.manip_score, 7.59);
}

TEST(Manipulation, contributions_add_up_to_the_probability) {
    Case busy;
    busy.metrics.funding_8h_pct = 0.25;
    busy.metrics.volume_zscore = -3.0;
    busy.metrics.price_velocity = -0.6;
    busy.metrics.anomaly_score = 20.0;
    const Manipulation result = busy.judge();
    EXPECT_DOUBLE_EQ(term(result, "bias"), -2.5);
    EXPECT_DOUBLE_EQ(term(result, "funding"), 0.9 * 0.2);
    EXPECT_DOUBLE_EQ(term(result, "volume_zscore"), 1.4 * 2.0);
    EXPECT_DOUBLE_EQ(term(result, "price_velocity"), 1.1 * 0.2);
    EXPECT_DOUBLE_EQ(term(result, "anomaly_score"), 1.8 * 0.4);
    double argument = 0.0;
    for (const auto& [feature, value] : result.contributions) argument += value;
    EXPECT_NEAR(result.probability, 1.0 / (1.0 + std::exp(-argument)), 1e-12);
    EXPECT_EQ(result.contributions.size(), manipulation_terms().size());
}

TEST(Manipulation, terms_of_the_book) {
    Case thin;
    thin.order_book = book({{100, 40}}, {{100, 10}});  // imbalance 0.6, wall 4000 of 5000
    const Manipulation result = thin.judge();
    EXPECT_NEAR(term(result, "imbalance"), 3.2 * 0.4, 1e-12);
    EXPECT_NEAR(term(result, "wall_ratio"), 2.1 * 0.5, 1e-12);
    EXPECT_NEAR(term(result, "thin_depth"), 1.2 * 0.5, 1e-12);
    EXPECT_THAT(result.manip_flags, ElementsAre("liquidity_vacuum"));
}

TEST(Manipulation, terms_with_previous_are_zero_on_the_first_cycle) {
    Case first;
    first.order_book = book({{100, 1000}, {99, 1000}}, {});
    first.metrics.volume_zscore = -4.0;
    EXPECT_EQ(term(first.judge(), "imbalance_delta"), 0.0);
    first.order_book = book({}, {{100, 1000}, {101, 1000}});
    first.metrics.volume_zscore = -6.5;
    const Manipulation second = first.judge();
    EXPECT_NEAR(term(second, "imbalance_delta"), 1.3 * 1.6, 1e-12);
    EXPECT_NEAR(term(second, "volume_z_drop"), 0.8 * 1.0, 1e-12);
    EXPECT_DOUBLE_EQ(second.features.imbalance_delta, -2.0);
    EXPECT_DOUBLE_EQ(second.features.volume_z_trend, -2.5);
}

TEST(Manipulation, spoofing_depth_imbalance) {
    Case wall;
    wall.order_book = book({{100, 100}, {99, 100}, {98, 100}}, {{100.1, 20}});  // wall 10 000
    EXPECT_THAT(wall.judge().manip_flags, ElementsAre("spoofing_depth_imbalance"));
    wall.order_book = book({{100, 70}, {99, 70}, {98, 70}}, {{100.1, 10}});  // wall 7000 < 1.5 notional
    EXPECT_THAT(wall.judge().manip_flags, IsEmpty());
}

TEST(Manipulation, liquidity_wall) {
    Case wall;
    wall.order_book = book({{100, 60}, {99, 10}}, {{100.1, 30}});  // 6000 of about 10 000
    EXPECT_THAT(wall.judge().manip_flags, ElementsAre("liquidity_wall"));
    wall.order_book = book({{100, 49}, {99, 10}}, {{100.1, 20}});  // under the notional
    EXPECT_THAT(wall.judge().manip_flags, IsEmpty());
}

TEST(Manipulation, scam_wick) {
    Case wick;
    wick.candle = {.high = 101, .low = 100, .close = 100};  // 1 % over an ATR of 0.3 %
    EXPECT_THAT(wick.judge().manip_flags, ElementsAre("scam_wick"));
    EXPECT_NEAR(wick.judge().features.wick_ratio, 3.3333, 1e-9);
    wick.metrics.atr_pct = 0.2;
    EXPECT_THAT(wick.judge().manip_flags, IsEmpty());
    wick.metrics.atr_pct = 0.0;  // floored at 0.1
    EXPECT_NEAR(wick.judge().features.wick_ratio, 10.0, 1e-9);
    EXPECT_NEAR(term(wick.judge(), "wick_ratio"), 1.4 * 4.0, 1e-12);  // capped at 6
}

TEST(Manipulation, oi_price_divergence) {
    Case rising;
    rising.metrics.open_interest = 100.0;
    rising.metrics.ret_15 = -0.9;
    EXPECT_THAT(rising.judge().manip_flags, IsEmpty());
    rising.metrics.open_interest = 106.0;
    const Manipulation result = rising.judge();
    EXPECT_THAT(result.manip_flags, ElementsAre("oi_price_divergence"));
    EXPECT_NEAR(term(result, "oi_delta"), 1.8 * 0.03, 1e-12);
    EXPECT_DOUBLE_EQ(result.features.oi_delta, 0.06);
}

TEST(Manipulation, an_unknown_open_interest_is_no_change_and_no_memory) {
    Case gap;
    gap.metrics.open_interest = 100.0;
    (void)gap.judge();
    gap.metrics.open_interest.reset();
    EXPECT_EQ(gap.judge().features.oi_delta, 0.0);
    gap.metrics.open_interest = 200.0;
    EXPECT_EQ(gap.judge().features.oi_delta, 0.0);
}

TEST(Manipulation, funding_price_divergence_works_both_ways) {
    Case paid;
    paid.metrics.funding_8h_pct = 0.01;
    paid.metrics.ret_1 = -0.26;
    EXPECT_THAT(paid.judge().manip_flags, ElementsAre("funding_price_divergence"));
    paid.metrics.ret_1 = 0.26;
    EXPECT_THAT(paid.judge().manip_flags, IsEmpty());
    paid.metrics.funding_8h_pct = -0.01;
    EXPECT_THAT(paid.judge().manip_flags, ElementsAre("funding_price_divergence"));
    paid.metrics.funding_8h_pct = 0.0;
    EXPECT_THAT(paid.judge().manip_flags, IsEmpty());
    paid.metrics.funding_8h_pct.reset();
    EXPECT_THAT(paid.judge().manip_flags, IsEmpty());
}

TEST(Manipulation, post_surge_reversal) {
    Case surge;
    surge.metrics.anomaly_score = 35.0;
    EXPECT_THAT(surge.judge().manip_flags, IsEmpty());
    surge.metrics.anomaly_score = 35.1;
    EXPECT_THAT(surge.judge().manip_flags, ElementsAre("post_surge_reversal"));
}

TEST(Manipulation, wash_trade_volume_on_a_book_too_thin_for_it) {
    Case wash;
    wash.order_book = book({{100, 15}, {99, 10}}, {{100, 15}, {101, 10}});  // 5000, under 1.2 notional
    wash.metrics.volume_zscore = -4.1;
    EXPECT_THAT(wash.judge().manip_flags, ElementsAre("liquidity_vacuum", "wash_trade_volume"));
    wash.previous = {};
    wash.metrics.volume_zscore = 4.0;
    EXPECT_THAT(wash.judge().manip_flags, ElementsAre("liquidity_vacuum"));
}

TEST(Manipulation, spoofing_reversal) {
    Case turned;
    turned.previous = {.seen = true, .imbalance = 0.6};
    turned.order_book = book({{100, 40}, {99, 20}}, {{100.1, 130}, {100.2, 130}});  // about -0.63
    EXPECT_THAT(turned.judge().manip_flags, ElementsAre("spoofing_reversal"));
    turned.previous = {.seen = true, .imbalance = 0.5};
    EXPECT_THAT(turned.judge().manip_flags, IsEmpty());
}

TEST(Manipulation, exhausted_spike) {
    Case spent;
    spent.previous = {.seen = true, .volume_zscore = 2.6};
    spent.metrics.volume_zscore = 0.4;
    spent.metrics.ret_1 = -0.41;
    EXPECT_THAT(spent.judge().manip_flags, ElementsAre("exhausted_spike"));
    EXPECT_THAT(spent.judge().manip_flags, IsEmpty());  // the spike is two cycles back now
}

TEST(Manipulation, the_score_is_the_larger_of_severity_and_probability_up_to_100) {
    Case some;
    some.metrics.anomaly_score = 36.0;  // probability about 0.23, severity 35
    EXPECT_DOUBLE_EQ(some.judge().manip_score, 35.0);

    Case all;
    all.previous = {.seen = true, .imbalance = -0.9, .volume_zscore = 9.0, .open_interest = 1.0};
    all.order_book = book({{100, 1000}}, {});
    all.candle.high = 200;
    all.metrics.anomaly_score = 100.0;
    all.metrics.open_interest = 2.0;
    all.metrics.ret_15 = -5.0;
    all.metrics.ret_1 = -5.0;
    all.metrics.funding_8h_pct = 1.0;
    const Manipulation result = all.judge();
    EXPECT_DOUBLE_EQ(result.manip_score, 100.0);
    EXPECT_TRUE(std::ranges::is_sorted(result.manip_flags));
    EXPECT_EQ(result.manip_flags.size(), 8U);
}

TEST(Manipulation, a_flag_comes_with_what_raised_it) {
    Case wall;
    wall.order_book = book({{100, 100}, {99, 100}, {98, 100}}, {{100, 20}});
    const Manipulation result = wall.judge();
    ASSERT_EQ(result.flag_details.size(), 1U);
    const FlagDetail& detail = result.flag_details.front();
    EXPECT_EQ(detail.flag, "spoofing_depth_imbalance");
    EXPECT_DOUBLE_EQ(detail.severity, 25.0);
    ASSERT_EQ(detail.evidence_count, 2U);
    EXPECT_EQ(detail.evidence[0].quantity, "abs_imbalance");
    EXPECT_NEAR(detail.evidence[0].value, (29'700.0 - 2000.0) / 31'700.0, 1e-12);
    EXPECT_DOUBLE_EQ(detail.evidence[0].threshold, 0.65);
    EXPECT_TRUE(detail.evidence[0].above);
    EXPECT_EQ(detail.evidence[1].quantity, "wall_usdt");
    EXPECT_DOUBLE_EQ(detail.evidence[1].value, 10'000.0);
    EXPECT_DOUBLE_EQ(detail.evidence[1].threshold, 7500.0);
}

TEST(Manipulation, a_result_that_is_used_again_keeps_nothing) {
    Case surge;
    surge.metrics.anomaly_score = 90.0;
    Manipulation result = surge.judge();
    Case calm;
    calm.metrics.top5_depth_usdt = depth_usdt(calm.order_book, 5);
    compute_manipulation(
        {.metrics = calm.metrics, .book = calm.order_book, .last_candle = nullptr, .notional_usdt = kNotional},
        calm.previous, result);
    EXPECT_THAT(result.manip_flags, IsEmpty());
    EXPECT_THAT(result.flag_details, IsEmpty());
    EXPECT_EQ(result.contributions.size(), manipulation_terms().size());
}

TEST(Manipulation, names_are_sorted_and_found) {
    const auto flags = manipulation_flags();
    EXPECT_EQ(flags.size(), 10U);
    EXPECT_TRUE(std::ranges::is_sorted(flags, {}, &FlagInfo::name));
    for (const FlagInfo& flag : flags) {
        EXPECT_EQ(find_manipulation_flag(std::string(flag.name)), flag.name);
        EXPECT_FALSE(flag.meaning.empty());
    }
    EXPECT_FALSE(find_manipulation_flag("wash").has_value());
    EXPECT_EQ(find_manipulation_term("bias"), "bias");
    EXPECT_FALSE(find_manipulation_term("").has_value());
}

}  // namespace
}  // namespace scanner::signals
