#pragma once

#include "scanner/signals/numbers.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

/// The plain numbers of a contract by name: one list for everything that writes, reads or shows them, so that none of
/// these can drift apart. Whatever shows a number takes it by `known`.
namespace scanner::signals {

template <class Owner>
struct BlockField {
    std::string_view name;
    double Owner::* member;
    Number number;
};

inline constexpr auto kMetricFields = std::to_array<BlockField<Metrics>>({
    {"qvol_usdt", &Metrics::qvol_usdt, "qvol_usdt"_number},
    {"spread_bps", &Metrics::spread_bps, "spread_bps"_number},
    {"top5_depth_usdt", &Metrics::top5_depth_usdt, "top5_depth_usdt"_number},
    {"atr_pct", &Metrics::atr_pct, "atr_pct"_number},
    {"ret_1", &Metrics::ret_1, "ret_1"_number},
    {"ret_15", &Metrics::ret_15, "ret_15"_number},
    {"slip_bps", &Metrics::slip_bps, "slip_bps"_number},
    {"volume_zscore", &Metrics::volume_zscore, "volume_zscore"_number},
    {"order_flow_imbalance", &Metrics::order_flow_imbalance, "order_flow_imbalance"_number},
    {"volatility_regime", &Metrics::volatility_regime, "volatility_regime"_number},
    {"price_velocity", &Metrics::price_velocity, "price_velocity"_number},
    {"anomaly_score", &Metrics::anomaly_score, "anomaly_score"_number},
    {"depth_to_volume_ratio", &Metrics::depth_to_volume_ratio, "depth_to_volume_ratio"_number},
});
inline constexpr auto kEdgeFields = std::to_array<BlockField<Edges>>({
    {"liquidity_edge", &Edges::liquidity_edge, "liquidity_edge"_number},
    {"momentum_edge", &Edges::momentum_edge, "momentum_edge"_number},
    {"volatility_edge", &Edges::volatility_edge, "volatility_edge"_number},
    {"microstructure_edge", &Edges::microstructure_edge, "microstructure_edge"_number},
    {"anomaly_residual", &Edges::anomaly_residual, "anomaly_residual"_number},
});
inline constexpr auto kMomentumFields = std::to_array<BlockField<Momentum>>({
    {"z_15s", &Momentum::z_15s, "z_15s"_number},
    {"z_1m", &Momentum::z_1m, "z_1m"_number},
    {"z_5m", &Momentum::z_5m, "z_5m"_number},
    {"vwap_distance", &Momentum::vwap_distance, "vwap_distance"_number},
    {"rsi14", &Momentum::rsi14, "rsi14"_number},
});
inline constexpr auto kExecutionFields = std::to_array<BlockField<Execution>>({
    {"queue_position", &Execution::queue_position, "queue_position"_number},
    {"simulated_impact_bps", &Execution::simulated_impact_bps, "simulated_impact_bps"_number},
});
inline constexpr auto kMicrostructureFields = std::to_array<BlockField<Microstructure>>({
    {"depth_decay", &Microstructure::depth_decay, "depth_decay"_number},
    {"trade_imbalance", &Microstructure::trade_imbalance, "trade_imbalance"_number},
});
inline constexpr auto kFeatureFields = std::to_array<BlockField<ManipulationFeatures>>({
    {"imbalance", &ManipulationFeatures::imbalance, "feature_imbalance"_number},
    {"order_flow_imbalance", &ManipulationFeatures::order_flow_imbalance, "feature_order_flow_imbalance"_number},
    {"imbalance_delta", &ManipulationFeatures::imbalance_delta, "feature_imbalance_delta"_number},
    {"wall_ratio", &ManipulationFeatures::wall_ratio, "feature_wall_ratio"_number},
    {"total_depth", &ManipulationFeatures::total_depth, "feature_total_depth"_number},
    {"wick_ratio", &ManipulationFeatures::wick_ratio, "feature_wick_ratio"_number},
    {"oi_delta", &ManipulationFeatures::oi_delta, "feature_oi_delta"_number},
    {"funding", &ManipulationFeatures::funding, "feature_funding"_number},
    {"volume_zscore", &ManipulationFeatures::volume_zscore, "feature_volume_zscore"_number},
    {"volume_z_trend", &ManipulationFeatures::volume_z_trend, "feature_volume_z_trend"_number},
    {"vol_regime", &ManipulationFeatures::vol_regime, "feature_vol_regime"_number},
    {"velocity", &ManipulationFeatures::velocity, "feature_velocity"_number},
    {"velocity_trend", &ManipulationFeatures::velocity_trend, "feature_velocity_trend"_number},
    {"pump_dump_score", &ManipulationFeatures::pump_dump_score, "feature_pump_dump_score"_number},
});

/// The list of a block, and the block itself within a contract's numbers.
template <class Owner>
[[nodiscard]] constexpr const auto& number_fields() {
    if constexpr (std::is_same_v<Owner, Metrics>) {
        return kMetricFields;
    } else if constexpr (std::is_same_v<Owner, Edges>) {
        return kEdgeFields;
    } else if constexpr (std::is_same_v<Owner, Momentum>) {
        return kMomentumFields;
    } else if constexpr (std::is_same_v<Owner, Execution>) {
        return kExecutionFields;
    } else if constexpr (std::is_same_v<Owner, Microstructure>) {
        return kMicrostructureFields;
    } else {
        return kFeatureFields;
    }
}
template <class Owner>
[[nodiscard]] constexpr const Owner& block_of(const ContractNumbers& numbers) {
    static_assert(!std::is_same_v<Owner, Edges>, "edges need the whole ranking: take a NumbersView");
    if constexpr (std::is_same_v<Owner, Metrics>) {
        return numbers.metrics;
    } else if constexpr (std::is_same_v<Owner, Momentum>) {
        return numbers.momentum;
    } else if constexpr (std::is_same_v<Owner, Execution>) {
        return numbers.execution;
    } else if constexpr (std::is_same_v<Owner, Microstructure>) {
        return numbers.microstructure;
    } else {
        return numbers.manipulation.features;
    }
}

template <class Owner>
[[nodiscard]] constexpr const Owner& block_of(const NumbersView& view) {
    if constexpr (std::is_same_v<Owner, Edges>) {
        return view.edges;
    } else {
        return block_of<Owner>(view.numbers);
    }
}

/// The value of the field, or nothing where it was not measured. `numbers`: a NumbersView, or a contract's own
/// ContractNumbers where the field is none of the edges.
template <class Numbers, class Owner>
[[nodiscard]] constexpr std::optional<double> known(const Numbers& numbers, const BlockField<Owner>& field) {
    if (numbers.unknown.has(field.number)) return std::nullopt;
    return block_of<Owner>(numbers).*field.member;
}

}  // namespace scanner::signals
