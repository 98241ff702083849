#include "scanner/signals/cross_section.hpp"

#include "signals/bounded.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::signals {
namespace {

constexpr std::size_t kFewest = 3;
constexpr double kNoSpread = 1e-9;

void standardise(std::span<Edges> edges, double Edges::* edge) {
    const double count = static_cast<double>(edges.size());
    double sum = 0.0;
    for (const Edges& contract : edges) sum += contract.*edge;
    const double mean = sum / count;
    double squares = 0.0;
    for (const Edges& contract : edges) {
        const double distance = contract.*edge - mean;
        squares += distance * distance;
    }
    const double deviation = std::sqrt(squares / count);
    for (Edges& contract : edges) {
        double& value = contract.*edge;
        value = deviation > kNoSpread ? core::round_to(bounded((value - mean) / deviation), 4) : 0.0;
    }
}

}  // namespace

Edges edge_inputs(const ContractNumbers& numbers) {
    const Metrics& m = numbers.metrics;
    const auto log1p_floored = [](double value) { return std::log1p(std::max(value, 0.0)); };
    const auto log1p_cost = [](double bps) { return std::log1p(std::max(bps, 0.01)); };
    const double anomaly = std::max(0.0, m.anomaly_score);
    const double suspicion = anomaly + numbers.manipulation.manip_score;
    return {
        .liquidity_edge = log1p_floored(m.top5_depth_usdt) + log1p_floored(m.qvol_usdt) +
                          std::log(2.0 + std::max(m.depth_to_volume_ratio, 0.0)) - log1p_cost(m.spread_bps) -
                          log1p_cost(m.slip_bps),
        .momentum_edge = 0.7 * m.ret_15 + 0.3 * m.ret_1,
        .volatility_edge = std::max(m.atr_pct, 0.0) * std::max(0.0, 1.0 + m.volatility_regime),
        // Disorder counts against a contract, so its sign is turned here once.
        .microstructure_edge = -(40.0 * std::fabs(m.order_flow_imbalance) + 2.0 * std::fabs(m.price_velocity) +
                                 5.0 * std::max(0.0, m.volume_zscore) + suspicion),
        .anomaly_residual = suspicion,
        .unknown = unknown_edges(numbers.unknown),
    };
}

void compute_edges(std::span<const ContractNumbers* const> contracts, std::span<Edges> edges) {
    for (std::size_t i = 0; i < contracts.size(); ++i) edges[i] = edge_inputs(*contracts[i]);
    compare_edges(edges.first(contracts.size()));
}

void compare_edges(std::span<Edges> edges) {
    if (edges.size() < kFewest) {
        for (Edges& each : edges) each = {.unknown = each.unknown};
        return;
    }
    for (double Edges::* edge : {&Edges::liquidity_edge, &Edges::momentum_edge, &Edges::volatility_edge,
                                 &Edges::microstructure_edge, &Edges::anomaly_residual}) {
        standardise(edges, edge);
    }
}

}  // namespace scanner::signals
