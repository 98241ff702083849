#include "scanner/signals/cross_section.hpp"

#include "scanner/signals/numbers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace scanner::signals {
namespace {

std::vector<Edges> edges_of(const std::vector<ContractNumbers>& contracts) {
    std::vector<const ContractNumbers*> pointers;
    for (const ContractNumbers& numbers : contracts) pointers.push_back(&numbers);
    std::vector<Edges> edges(contracts.size(), Edges{.momentum_edge = 9.0});  // of an earlier cycle
    compute_edges(pointers, edges);
    return edges;
}

TEST(CrossSection, fewer_than_three_contracts_have_no_edges) {
    std::vector<ContractNumbers> two(2);
    two[0].metrics.ret_15 = 5.0;
    const auto edges = edges_of(two);
    EXPECT_EQ(edges[0].momentum_edge, 0.0);
    EXPECT_EQ(edges[1].momentum_edge, 0.0);
}

TEST(CrossSection, equal_contracts_have_no_edges) {
    std::vector<ContractNumbers> three(3);
    for (auto& numbers : three) numbers.metrics = {.qvol_usdt = 1e9, .atr_pct = 1.0, .ret_15 = 2.0};
    const auto edges = edges_of(three);
    EXPECT_EQ(edges[0].liquidity_edge, 0.0);
    EXPECT_EQ(edges[0].momentum_edge, 0.0);
    EXPECT_EQ(edges[0].volatility_edge, 0.0);
}

TEST(CrossSection, momentum_is_a_plain_z_score_with_four_decimals) {
    std::vector<ContractNumbers> three(3);
    three[0].metrics.ret_15 = 10.0;  // 7
    three[1].metrics.ret_1 = 10.0;   // 3
    three[2].metrics.ret_1 = -10.0;  // -3
    const auto edges = edges_of(three);
    // mean 7/3, population variance ((14/3)^2 + (2/3)^2 + (16/3)^2) / 3 = 456/27
    const double deviation = std::sqrt(456.0 / 27.0);
    EXPECT_NEAR(edges[0].momentum_edge, 14.0 / 3.0 / deviation, 5e-5);
    EXPECT_NEAR(edges[1].momentum_edge, 2.0 / 3.0 / deviation, 5e-5);
    EXPECT_NEAR(edges[2].momentum_edge, -16.0 / 3.0 / deviation, 5e-5);
    EXPECT_DOUBLE_EQ(edges[0].momentum_edge, std::round(edges[0].momentum_edge * 1e4) / 1e4);
}

/// With inputs 0, 0 and x > 0 the z-scores are -1/sqrt(2), -1/sqrt(2) and sqrt(2), whatever x is.
void expect_third_stands_out(const std::vector<ContractNumbers>& contracts, double Edges::* edge, double sign) {
    const auto edges = edges_of(contracts);
    EXPECT_NEAR(edges[2].*edge, sign * 1.4142, 1e-9);
    EXPECT_NEAR(edges[0].*edge, sign * -0.7071, 1e-9);
}

TEST(CrossSection, each_edge_follows_its_input) {
    std::vector<ContractNumbers> three(3);
    auto changed = three;
    changed[2].metrics.qvol_usdt = 1e9;
    expect_third_stands_out(changed, &Edges::liquidity_edge, 1.0);
    changed = three;
    changed[2].metrics.slip_bps = 5.0;
    expect_third_stands_out(changed, &Edges::liquidity_edge, -1.0);
    changed = three;
    changed[2].metrics.atr_pct = 1.0;
    changed[2].metrics.volatility_regime = 0.5;
    expect_third_stands_out(changed, &Edges::volatility_edge, 1.0);
    changed = three;
    changed[2].metrics.order_flow_imbalance = -0.5;
    expect_third_stands_out(changed, &Edges::microstructure_edge, -1.0);
    changed = three;
    changed[2].manipulation.manip_score = 50.0;
    expect_third_stands_out(changed, &Edges::anomaly_residual, 1.0);
    expect_third_stands_out(changed, &Edges::microstructure_edge, -1.0);
}

TEST(CrossSection, an_edge_is_as_unknown_as_what_it_is_made_of) {
    std::vector<ContractNumbers> contracts(3);
    contracts[1].unknown.add("ret_1"_number);
    contracts[2].unknown.add("atr_pct"_number);
    const auto edges = edges_of(contracts);
    EXPECT_TRUE(edges[0].unknown.empty());
    EXPECT_TRUE(edges[1].unknown.has("momentum_edge"_number));
    EXPECT_FALSE(edges[1].unknown.has("volatility_edge"_number));
    EXPECT_TRUE(edges[2].unknown.has("volatility_edge"_number));
    EXPECT_FALSE(edges[2].unknown.has("momentum_edge"_number));
}

TEST(CrossSection, costs_under_a_hundredth_of_a_basis_point_count_alike) {
    std::vector<ContractNumbers> three(3);
    three[1].metrics.spread_bps = 0.009;
    three[2].metrics.spread_bps = 0.01;
    const auto edges = edges_of(three);
    EXPECT_EQ(edges[2].liquidity_edge, 0.0);
}

}  // namespace
}  // namespace scanner::signals
