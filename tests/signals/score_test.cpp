#include "scanner/signals/score.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace scanner::signals {
namespace {

using ::testing::ElementsAre;

/// A contract whose every part of the score is easy to say.
ContractNumbers contract() {
    ContractNumbers numbers;
    numbers.metrics = {.qvol_usdt = (std::exp(2.0) - 1.0) * 1e6,
                       .spread_bps = 1.0,
                       .top5_depth_usdt = (std::exp(3.0) - 1.0) * 1e5,
                       .atr_pct = 0.5,
                       .ret_1 = 1.0,
                       .ret_15 = 2.0,
                       .slip_bps = 2.0,
                       .funding_8h_pct = -0.1,
                       .basis_bps = 50.0,
                       .volume_zscore = 7.0,
                       .order_flow_imbalance = -0.4,
                       .volatility_regime = -0.5,
                       .price_velocity = -6.0,
                       .anomaly_score = 30.0};
    numbers.manipulation.manip_score = 10.0;
    return numbers;
}
const Edges kEdges{.liquidity_edge = 4.0,
                   .momentum_edge = -4.0,
                   .volatility_edge = 1.0,
                   .microstructure_edge = -2.0,
                   .anomaly_residual = 0.5};

const Weights& scalp() {
    return find_builtin_profile("scalp")->weights;
}

TEST(Score, each_component_by_hand) {
    const Score result = score_contract({contract(), kEdges}, scalp(), {});
    const ScoreComponents& c = result.components;
    EXPECT_NEAR(c.liquidity, 4.0 * 2.0 + 3.5 * 3.0, 1e-12);
    EXPECT_NEAR(c.volatility, 1.2 * 0.5, 1e-12);
    EXPECT_NEAR(c.momentum, 1.5 * 2.0 + 1.0 * 1.0, 1e-12);
    EXPECT_NEAR(c.carry, 0.5 * 0.1 - 0.3 * 0.5, 1e-12);
    EXPECT_NEAR(c.structure_bonus, 1.2 * 6.0 + 0.8 * -5.0, 1e-12);
    EXPECT_NEAR(c.structure_penalty, 3.5 * 0.4 + 1.4 * 0.5 + 0.7 * 3.0 + 1.2 * 0.5, 1e-12);
    EXPECT_NEAR(c.edges, 1.6 * 3.0 - 1.2 * 3.0 + 0.9 * 1.0 - 1.5 * 2.0, 1e-12);
    EXPECT_NEAR(c.cost, 3.0 * 1.0 + 2.5 * 2.0, 1e-12);
    EXPECT_NEAR(c.manip_penalty, 4.0, 1e-12);
    EXPECT_EQ(c.momentum_scale, 1.0);
    const double sum = 18.5 + 0.6 + 4.0 - 0.1 + 3.2 - 4.8 - 0.9 - 8.0 - 4.0;
    ASSERT_TRUE(result.score.has_value());
    EXPECT_NEAR(*result.score, sum, 1e-9);
}

TEST(Score, momentum_counts_less_when_volatility_exploded) {
    ContractNumbers wild = contract();
    wild.metrics.volatility_regime = 1.0;
    EXPECT_EQ(score_contract({wild, kEdges}, scalp(), {}).components.momentum_scale, 1.0);
    wild.metrics.volatility_regime = 1.01;
    const ScoreComponents c = score_contract({wild, kEdges}, scalp(), {}).components;
    EXPECT_EQ(c.momentum_scale, 0.7);
    EXPECT_NEAR(c.momentum, 0.7 * 4.0, 1e-12);
}

TEST(Score, carry_can_be_switched_off_whole_or_in_part) {
    EXPECT_NEAR(score_contract({contract(), kEdges}, scalp(), {.include_funding = false}).components.carry, -0.15,
                1e-12);
    EXPECT_NEAR(score_contract({contract(), kEdges}, scalp(), {.include_basis = false}).components.carry, 0.05, 1e-12);
    EXPECT_EQ(score_contract({contract(), kEdges}, scalp(), {.include_carry = false}).components.carry, 0.0);
    ContractNumbers unknown = contract();
    unknown.metrics.funding_8h_pct.reset();
    unknown.metrics.basis_bps.reset();
    EXPECT_EQ(score_contract({unknown, kEdges}, scalp(), {}).components.carry, 0.0);
}

TEST(Score, thin_turnover_and_wide_spreads_are_rejected) {
    const double turnover = contract().metrics.qvol_usdt;
    const Score thin =
        score_contract({contract(), kEdges}, scalp(), {.min_qvol_usdt = turnover + 1.0, .max_spread_bps = 0.5});
    EXPECT_FALSE(thin.score.has_value());
    EXPECT_EQ(thin.rejection, Rejection::volume);
    EXPECT_EQ(thin.components, ScoreComponents{});
    const Score wide =
        score_contract({contract(), kEdges}, scalp(), {.min_qvol_usdt = turnover, .max_spread_bps = 0.999});
    EXPECT_EQ(wide.rejection, Rejection::spread);
    const Score passed =
        score_contract({contract(), kEdges}, scalp(), {.min_qvol_usdt = turnover, .max_spread_bps = 1.0});
    EXPECT_EQ(passed.rejection, Rejection::none);
    EXPECT_TRUE(passed.score.has_value());
    EXPECT_EQ(to_string(Rejection::volume), "volume");
    EXPECT_EQ(to_string(Rejection::spread), "spread");
}

TEST(Score, another_notional_changes_only_the_slippage) {
    const Score here = score_contract({contract(), kEdges}, scalp(), {});
    const Score there = score_contract({contract(), kEdges}, 6.0, scalp(), {});
    EXPECT_NEAR(there.components.cost - here.components.cost, 2.5 * 4.0, 1e-12);
    EXPECT_NEAR(*here.score - *there.score, 10.0, 1e-9);
    EXPECT_EQ(there.components.liquidity, here.components.liquidity);
}

TEST(Score, stays_finite_for_any_weights) {
    Weights extreme;
    for (const WeightField& field : weight_fields()) extreme.*field.member = std::numeric_limits<double>::max();
    EXPECT_TRUE(std::isfinite(score_contract({contract(), kEdges}, extreme, {}).score.value_or(NAN)));
    for (const WeightField& field : weight_fields()) extreme.*field.member = -std::numeric_limits<double>::max();
    EXPECT_TRUE(std::isfinite(score_contract({contract(), kEdges}, extreme, {}).score.value_or(NAN)));
}

TEST(Score, the_components_add_up) {
    const Score result = score_contract({contract(), kEdges}, find_builtin_profile("news")->weights, {});
    double sum = 0.0;
    for (const ComponentField& field : component_fields()) sum += field.sign * (result.components.*field.member);
    EXPECT_NEAR(sum, *result.score, 5e-5);
}

TEST(Ranking, orders_by_score_then_turnover_then_symbol) {
    const std::vector<RankKey> keys{{1.0, 5.0, "B"}, {2.0, 1.0, "C"}, {1.0, 5.0, "A"}, {1.0, 9.0, "D"}};
    EXPECT_THAT(rank_order(keys), ElementsAre(1, 3, 2, 0));
    EXPECT_THAT(rank_order({}), ElementsAre());
}

TEST(Profiles, are_the_three_of_the_table) {
    ASSERT_EQ(builtin_profiles().size(), 3U);
    EXPECT_EQ(builtin_profiles()[0].name, "scalp");
    EXPECT_EQ(builtin_profiles()[1].name, "swing");
    EXPECT_EQ(builtin_profiles()[2].name, "news");
    EXPECT_EQ(find_builtin_profile("scalping"), nullptr);
    const Weights& swing = find_builtin_profile("swing")->weights;
    EXPECT_EQ(swing.liq_qvol, 2.5);
    EXPECT_EQ(swing.mom_ret_15, 2.2);
    EXPECT_EQ(swing.structure_residual, 0.9);
    EXPECT_EQ(swing.edges_micro, 1.1);
    const Weights& news = find_builtin_profile("news")->weights;
    EXPECT_EQ(news.vol_atr, 2.2);
    EXPECT_EQ(news.cost_slip, 1.8);
    EXPECT_EQ(news.structure_volatility, 1.2);
    EXPECT_EQ(news.edges_micro, 1.3);
}

TEST(Profiles, every_weight_has_its_own_public_name) {
    std::set<std::string_view> names;
    Weights marked;
    for (const WeightField& field : weight_fields()) {
        names.insert(field.name);
        EXPECT_EQ(marked.*field.member, 0.0) << field.name << " shares its member";
        marked.*field.member = 1.0;
    }
    EXPECT_EQ(names.size(), 19U);
    EXPECT_EQ(names.size() * sizeof(double), sizeof(Weights)) << "a weight without a name";
    EXPECT_TRUE(names.contains("liq.qvol") && names.contains("structure.volume_z") && names.contains("edges.micro"));
}

}  // namespace
}  // namespace scanner::signals
