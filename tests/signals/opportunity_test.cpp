#include "scanner/signals/opportunity.hpp"

#include "scanner/signals/detector_verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

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
    EXPECT_NEAR(o.trade->entry_price, 199.3, 1e-9);
    EXPECT_NEAR(o.trade->stop_price, 197.6, 1e-9);
    EXPECT_NEAR(o.trade->tp_prices[0], 201.0, 1e-9);
    EXPECT_NEAR(o.trade->tp_prices[1], 202.0, 1e-9);
    EXPECT_NEAR(o.trade->tp_prices[2], 203.0, 1e-9);
}

TEST(Opportunity, a_fall_is_a_short_fade) {
    const Opportunity o = make(falling());
    EXPECT_EQ(o.side_bias, SideBias::short_side);
    EXPECT_EQ(o.entry_type, EntryType::fade);
    EXPECT_NEAR(o.trade->entry_price, 200.7, 1e-9);
    EXPECT_NEAR(o.trade->stop_price, 202.4, 1e-9);
    EXPECT_NEAR(o.trade->tp_prices[0], 199.0, 1e-9);
    EXPECT_NEAR(o.trade->tp_prices[2], 197.0, 1e-9);
}

TEST(Opportunity, the_rest_is_neutral_a_breakout_either_way_at_half_the_distance) {
    ContractNumbers mixed = rising();
    mixed.metrics.ret_1 = -0.1;
    const Opportunity o = make(mixed);
    EXPECT_EQ(o.side_bias, SideBias::neutral);
    EXPECT_EQ(o.entry_type, EntryType::breakout);
    EXPECT_DOUBLE_EQ(o.entry_pct, 0.175);
    EXPECT_FALSE(o.trade) << "no side, no single price";
    ASSERT_TRUE(o.above && o.below);
    EXPECT_NEAR(o.above->entry_price, 200.35, 1e-9);
    EXPECT_LT(o.above->stop_price, o.above->entry_price);
    EXPECT_GT(o.above->tp_prices[0], o.above->entry_price);
    EXPECT_NEAR(o.below->entry_price, 199.65, 1e-9);
    EXPECT_GT(o.below->stop_price, o.below->entry_price);
    EXPECT_LT(o.below->tp_prices[0], o.below->entry_price);
    EXPECT_FALSE(make(rising()).above || make(rising()).below);
}

TEST(Opportunity, weighs_what_it_brings_against_what_it_costs) {
    const Opportunity o = make(rising());  // entry 199.3, stop 197.6, second target 202; slippage 2 bps
    EXPECT_DOUBLE_EQ(*o.round_trip_cost_pct, 0.16);
    EXPECT_NEAR(*o.reward_risk_gross, 2.7 / 1.7, 1e-4);
    const double reward = 2.7 / 199.3 * 100.0;
    const double risk = 1.7 / 199.3 * 100.0;
    EXPECT_NEAR(*o.reward_risk_net, (reward - 0.16) / (risk + 0.16), 1e-4);
    EXPECT_NEAR(*o.risk_usdt, 10'000.0 * (risk + 0.16) / 100.0, 0.01);
    EXPECT_TRUE(o.tradable());
}

TEST(Opportunity, says_why_it_is_not_tradable) {
    ContractNumbers quiet = rising();
    quiet.metrics.atr_pct = 0.1;  // the second target lies 0.1 % away, twice the taker's fee is 0.12 %
    EXPECT_THAT(make(quiet).not_tradable, ElementsAre("net_reward_risk"));
    EXPECT_GT(make(quiet).reward_risk_gross, make(quiet).reward_risk_net);

    ContractNumbers pumped = rising();
    pumped.manipulation.manip_score = 60.0;
    EXPECT_THAT(make(pumped).not_tradable, ElementsAre("manipulation")) << "at the threshold";
    pumped.manipulation.manip_score = 59.99;
    EXPECT_TRUE(make(pumped).tradable());

    EXPECT_THAT(make(rising(), 40.0, 0.0, 10'000.0).not_tradable, ElementsAre("liquidity"));
    EXPECT_FALSE(make(rising(), 40.0, 0.0, 10'000.0).reward_risk_net);
    EXPECT_THAT(make(rising(), -100.0).not_tradable, ::testing::Contains("confidence"));

    const ScoreComponents components;
    EXPECT_THAT(make_opportunity({.numbers = rising(),
                                  .components = components,
                                  .score = 40.0,
                                  .slip_bps = 2.0,
                                  .last_price = 200.0,
                                  .stale = true})
                    .not_tradable,
                ElementsAre("stale"));
}

TEST(Opportunity, net_falls_with_the_fee_and_with_the_slippage) {
    const ContractNumbers numbers = rising();
    const ScoreComponents components;
    const auto net = [&](double fee, double slip) {
        return *make_opportunity({.numbers = numbers,
                                  .components = components,
                                  .score = 40.0,
                                  .slip_bps = slip,
                                  .last_price = 200.0,
                                  .terms = {.taker_fee_pct = fee}})
                    .reward_risk_net;
    };
    EXPECT_EQ(net(0.0, 0.0), *make(numbers).reward_risk_gross);
    double before = net(0.0, 2.0);
    for (const double fee : {0.02, 0.06, 0.1, 0.5, 2.0}) {
        EXPECT_LT(net(fee, 2.0), before);
        before = net(fee, 2.0);
    }
    before = net(0.06, 0.0);
    for (const double slip : {1.0, 5.0, 25.0, 125.0}) {
        EXPECT_LT(net(0.06, slip), before);
        before = net(0.06, slip);
    }
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
    ContractNumbers neutral = dead;
    neutral.metrics.ret_1 = -0.1;
    for (const double tick : {0.0, 0.01, 0.5}) {
        const Opportunity o = make(dead, 40.0, tick);
        EXPECT_LT(o.trade->stop_price, o.trade->entry_price) << tick;
        EXPECT_GT(o.trade->tp_prices[0], o.trade->entry_price) << tick;
        const Opportunity breakout = make(neutral, 40.0, tick);
        EXPECT_LT(breakout.above->stop_price, breakout.above->entry_price) << tick;
        EXPECT_GT(breakout.above->tp_prices[0], breakout.above->entry_price) << tick;
        EXPECT_GT(breakout.below->stop_price, breakout.below->entry_price) << tick;
        EXPECT_LT(breakout.below->tp_prices[0], breakout.below->entry_price) << tick;
    }
}

TEST(Opportunity, prices_can_be_put_on_the_contracts_step) {
    ContractNumbers numbers = rising();
    numbers.metrics.atr_pct = 1.2345;
    const Opportunity o = make(numbers, 40.0, 0.05);
    for (const double price : {o.trade->entry_price, o.trade->stop_price, o.trade->tp_prices[0], o.trade->tp_prices[1],
                               o.trade->tp_prices[2]}) {
        EXPECT_NEAR(price / 0.05, std::round(price / 0.05), 1e-9) << price;
    }
    EXPECT_LE(o.trade->stop_price, 200.0 * (1.0 - o.stop_suggestion / 100.0));
    EXPECT_GE(o.trade->tp_prices[0], 200.0 * (1.0 + o.tp_levels[0] / 100.0));
    EXPECT_DOUBLE_EQ(make(rising(), 40.0, 0.1).trade->stop_price, 197.6) << "already on the step: not moved";
    EXPECT_EQ(make(rising(), 40.0, 1e-300).trade->entry_price, make(rising()).trade->entry_price)
        << "a step finer than a double";
}

TEST(Opportunity, prices_never_go_under_zero) {
    ContractNumbers crash = rising();
    crash.metrics.atr_pct = 500.0;
    EXPECT_EQ(make(crash).trade->stop_price, 0.0);
    ContractNumbers fall = falling();
    fall.metrics.atr_pct = 500.0;
    EXPECT_EQ(make(fall).trade->tp_prices[0], 0.0);
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

TEST(Opportunity, confidence_terms_by_hand) {
    ContractNumbers dirty = rising();
    dirty.manipulation.manip_score = 20.0;
    dirty.metrics.anomaly_score = 10.0;
    dirty.metrics.order_flow_imbalance = -0.1;
    const ConfidenceTerms terms = make(dirty, 40.0).confidence_terms;
    EXPECT_DOUBLE_EQ(terms.score, 70.0);
    EXPECT_DOUBLE_EQ(terms.cost, 3.0);
    EXPECT_DOUBLE_EQ(terms.manipulation.value(), 12.0);
    EXPECT_DOUBLE_EQ(terms.disorder, 10.0);
}

TEST(Opportunity, a_score_that_the_detectors_cannot_tell_is_not_a_low_one) {
    ContractNumbers numbers = rising();
    take_verdict(numbers, nullptr);
    const Opportunity unknown = make(numbers);
    EXPECT_FALSE(unknown.confidence);
    EXPECT_FALSE(unknown.confidence_terms.manipulation);
    EXPECT_THAT(unknown.not_tradable, ElementsAre("manipulation_unknown"));
    auto verdict = std::make_shared<DetectorVerdict>();
    verdict->judged = true;
    verdict->quarantined = true;
    take_verdict(numbers, verdict);
    EXPECT_THAT(make(numbers).not_tradable, ElementsAre("manipulation", "manipulation_unknown"));
    verdict = std::make_shared<DetectorVerdict>();
    verdict->judged = true;
    verdict->score = 20.0;
    take_verdict(numbers, verdict);
    EXPECT_EQ(make(numbers).confidence, 55);  // 67 - 12
    EXPECT_TRUE(make(numbers).tradable());
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
