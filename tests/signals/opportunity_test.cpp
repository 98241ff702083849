#include "scanner/signals/opportunity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace scanner::signals {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

ContractNumbers rising() {
    ContractNumbers numbers;
    numbers.metrics = {.spread_bps = 1.0, .atr_pct = 1.0, .ret_1 = 0.1, .ret_15 = 0.5};
    return numbers;
}

ContractNumbers falling() {
    ContractNumbers numbers = rising();
    numbers.metrics.ret_1 = -0.1;
    numbers.metrics.ret_15 = -0.5;
    return numbers;
}

Opportunity make(const ContractNumbers& numbers, double score = 40.0, double tick = 0.0, double slip = 2.0) {
    const ScoreComponents components{.liquidity = 30.0, .momentum = -1.25, .cost = 12.0};
    return make_opportunity({.numbers = numbers,
                             .components = components,
                             .score = score,
                             .slip_bps = slip,
                             .last_price = 200.0,
                             .price_tick = tick});
}

TEST(Opportunity, a_rise_with_bearable_funding_is_a_long_pullback) {
    const Opportunity o = make(rising());
    EXPECT_EQ(o.side_bias, SideBias::long_side);
    EXPECT_EQ(o.entry_type, EntryType::pullback);
    EXPECT_DOUBLE_EQ(o.entry_pct, 0.35);
    EXPECT_DOUBLE_EQ(o.stop_suggestion, 1.2);
    EXPECT_THAT(o.tp_levels, ElementsAre(0.5, 1.0, 1.5));
    EXPECT_NEAR(o.entry_price, 199.3, 1e-9);
    EXPECT_NEAR(o.stop_price, 197.6, 1e-9);
    EXPECT_NEAR(o.tp_prices[0], 201.0, 1e-9);
    EXPECT_NEAR(o.tp_prices[1], 202.0, 1e-9);
    EXPECT_NEAR(o.tp_prices[2], 203.0, 1e-9);
}

TEST(Opportunity, a_fall_is_a_short_fade) {
    const Opportunity o = make(falling());
    EXPECT_EQ(o.side_bias, SideBias::short_side);
    EXPECT_EQ(o.entry_type, EntryType::fade);
    EXPECT_NEAR(o.entry_price, 200.7, 1e-9);
    EXPECT_NEAR(o.stop_price, 202.4, 1e-9);
    EXPECT_NEAR(o.tp_prices[0], 199.0, 1e-9);
    EXPECT_NEAR(o.tp_prices[2], 197.0, 1e-9);
}

TEST(Opportunity, the_rest_is_a_neutral_breakout_at_half_the_distance) {
    ContractNumbers mixed = rising();
    mixed.metrics.ret_1 = -0.1;
    const Opportunity up = make(mixed);
    EXPECT_EQ(up.side_bias, SideBias::neutral);
    EXPECT_EQ(up.entry_type, EntryType::breakout);
    EXPECT_DOUBLE_EQ(up.entry_pct, 0.175);
    EXPECT_NEAR(up.entry_price, 200.35, 1e-9);
    EXPECT_LT(up.stop_price, up.entry_price);
    EXPECT_GT(up.tp_prices[0], up.entry_price);
    mixed.metrics.ret_15 = -0.5;
    mixed.metrics.ret_1 = 0.1;
    const Opportunity down = make(mixed);
    EXPECT_NEAR(down.entry_price, 199.65, 1e-9);
    EXPECT_GT(down.stop_price, down.entry_price);
}

TEST(Opportunity, dear_funding_and_negative_scores_take_the_side_away) {
    ContractNumbers dear = rising();
    dear.metrics.funding_8h_pct = 0.05;
    EXPECT_EQ(make(dear).side_bias, SideBias::long_side);
    dear.metrics.funding_8h_pct = 0.051;
    EXPECT_EQ(make(dear).side_bias, SideBias::neutral);
    ContractNumbers paid = falling();
    paid.metrics.funding_8h_pct = -0.05;
    EXPECT_EQ(make(paid).side_bias, SideBias::short_side);
    paid.metrics.funding_8h_pct = -0.051;
    EXPECT_EQ(make(paid).side_bias, SideBias::neutral);
    EXPECT_EQ(make(rising(), -0.1).side_bias, SideBias::neutral);
    EXPECT_EQ(make(rising(), 0.0).side_bias, SideBias::long_side);
}

TEST(Opportunity, percentages_are_clamped_and_rounded) {
    ContractNumbers quiet = rising();
    quiet.metrics.atr_pct = 0.01;
    quiet.metrics.spread_bps = 7.0;
    const Opportunity o = make(quiet);
    EXPECT_DOUBLE_EQ(o.entry_pct, 0.1);
    EXPECT_DOUBLE_EQ(o.stop_suggestion, 0.075);  // the spread outweighs the range
    EXPECT_THAT(o.tp_levels, ElementsAre(0.05, 0.1, 0.15));
    ContractNumbers wild = rising();
    wild.metrics.atr_pct = 33.33333;
    EXPECT_DOUBLE_EQ(make(wild).entry_pct, 2.5);
    EXPECT_DOUBLE_EQ(make(wild).stop_suggestion, 40.0);
    EXPECT_DOUBLE_EQ(make(wild).tp_levels[0], 16.667);
}

TEST(Opportunity, stop_and_targets_lie_beyond_the_entry_even_when_nothing_moves) {
    ContractNumbers dead = rising();
    dead.metrics.atr_pct = 0.0;
    dead.metrics.spread_bps = 1.0;
    for (const double tick : {0.0, 0.01, 0.5}) {
        const Opportunity o = make(dead, 40.0, tick);
        EXPECT_LT(o.stop_price, o.entry_price) << tick;
        EXPECT_GT(o.tp_prices[0], o.entry_price) << tick;
        dead.metrics.ret_1 = -0.1;  // neutral, upwards
        const Opportunity breakout = make(dead, 40.0, tick);
        EXPECT_LT(breakout.stop_price, breakout.entry_price) << tick;
        EXPECT_GT(breakout.tp_prices[0], breakout.entry_price) << tick;
        dead.metrics.ret_1 = 0.1;
    }
}

TEST(Opportunity, prices_can_be_put_on_the_contracts_step) {
    ContractNumbers numbers = rising();
    numbers.metrics.atr_pct = 1.2345;
    const Opportunity o = make(numbers, 40.0, 0.05);
    for (const double price : {o.entry_price, o.stop_price, o.tp_prices[0], o.tp_prices[1], o.tp_prices[2]}) {
        EXPECT_NEAR(price / 0.05, std::round(price / 0.05), 1e-9) << price;
    }
    EXPECT_LE(o.stop_price, 200.0 * (1.0 - o.stop_suggestion / 100.0));
    EXPECT_GE(o.tp_prices[0], 200.0 * (1.0 + o.tp_levels[0] / 100.0));
    EXPECT_DOUBLE_EQ(make(rising(), 40.0, 0.1).stop_price, 197.6) << "already on the step: not moved";
    EXPECT_EQ(make(rising(), 40.0, 1e-300).entry_price, make(rising()).entry_price) << "a step finer than a double";
}

TEST(Opportunity, prices_never_go_under_zero) {
    ContractNumbers crash = rising();
    crash.metrics.atr_pct = 500.0;
    EXPECT_EQ(make(crash).stop_price, 0.0);
    ContractNumbers fall = falling();
    fall.metrics.atr_pct = 500.0;
    EXPECT_EQ(make(fall).tp_prices[0], 0.0);
}

TEST(Opportunity, confidence_by_hand) {
    EXPECT_EQ(make(rising(), 40.0).confidence, 67);  // 70 - (1 + 2)
    ContractNumbers dirty = rising();
    dirty.manipulation.manip_score = 20.0;      // -12
    dirty.metrics.anomaly_score = 10.0;         // -5
    dirty.metrics.order_flow_imbalance = -0.1;  // -5
    EXPECT_EQ(make(dirty, 40.0).confidence, 45);
    EXPECT_EQ(make(dirty, 41.9).confidence, 45);
    EXPECT_EQ(make(dirty, 42.0).confidence, 46);
    dirty.manipulation.manip_score = 100.0;
    EXPECT_EQ(make(dirty, 40.0).confidence, 7);  // at most -50
    EXPECT_EQ(make(rising(), 1e9).confidence, 97);
    EXPECT_EQ(make(rising(), -1e9).confidence, 0);
    EXPECT_EQ(make(rising(), 40.0, 0.0, 10'000.0).confidence, 30);  // cost at most -40
}

TEST(Opportunity, the_rationale_names_the_side_and_the_heaviest_components) {
    ContractNumbers numbers = rising();
    numbers.metrics.funding_8h_pct = 0.01;
    EXPECT_THAT(make(numbers).rationale, ElementsAre("long: ret_1 +0.1 %, ret_15 +0.5 %, funding +0.01 %",
                                                     "liquidity +30", "cost -12", "momentum -1.25"));
    EXPECT_THAT(make(numbers, -1.0).rationale.front(), StartsWith("neutral: score under 0"));
}

TEST(Opportunity, names) {
    EXPECT_EQ(to_string(SideBias::neutral), "neutral");
    EXPECT_EQ(to_string(SideBias::long_side), "long");
    EXPECT_EQ(to_string(SideBias::short_side), "short");
    EXPECT_EQ(to_string(EntryType::pullback), "pullback");
    EXPECT_EQ(to_string(EntryType::fade), "fade");
    EXPECT_EQ(to_string(EntryType::breakout), "breakout");
}

}  // namespace
}  // namespace scanner::signals
