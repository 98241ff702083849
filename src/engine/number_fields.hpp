#pragma once

#include "scanner/signals/snapshot.hpp"

#include <array>
#include <string_view>

/// The plain numbers of a contract by name: one list for writing and reading, so that the two cannot drift apart.
namespace scanner::engine {

template <class Owner>
struct NumberField {
    std::string_view name;
    double Owner::* member;
};

using signals::Edges;
using signals::Execution;
using signals::ManipulationFeatures;
using signals::Metrics;
using signals::Microstructure;
using signals::Momentum;

inline constexpr auto kMetricFields = std::to_array<NumberField<Metrics>>({
    {"qvol_usdt", &Metrics::qvol_usdt},
    {"spread_bps", &Metrics::spread_bps},
    {"top5_depth_usdt", &Metrics::top5_depth_usdt},
    {"atr_pct", &Metrics::atr_pct},
    {"ret_1", &Metrics::ret_1},
    {"ret_15", &Metrics::ret_15},
    {"slip_bps", &Metrics::slip_bps},
    {"volume_zscore", &Metrics::volume_zscore},
    {"order_flow_imbalance", &Metrics::order_flow_imbalance},
    {"volatility_regime", &Metrics::volatility_regime},
    {"price_velocity", &Metrics::price_velocity},
    {"anomaly_score", &Metrics::anomaly_score},
    {"depth_to_volume_ratio", &Metrics::depth_to_volume_ratio},
});
inline constexpr auto kEdgeFields = std::to_array<NumberField<Edges>>({
    {"liquidity_edge", &Edges::liquidity_edge},
    {"momentum_edge", &Edges::momentum_edge},
    {"volatility_edge", &Edges::volatility_edge},
    {"microstructure_edge", &Edges::microstructure_edge},
    {"anomaly_residual", &Edges::anomaly_residual},
});
inline constexpr auto kMomentumFields = std::to_array<NumberField<Momentum>>({
    {"z_15s", &Momentum::z_15s},
    {"z_1m", &Momentum::z_1m},
    {"z_5m", &Momentum::z_5m},
    {"vwap_distance", &Momentum::vwap_distance},
    {"rsi14", &Momentum::rsi14},
});
inline constexpr auto kExecutionFields = std::to_array<NumberField<Execution>>({
    {"queue_position", &Execution::queue_position},
    {"simulated_impact_bps", &Execution::simulated_impact_bps},
});
inline constexpr auto kMicrostructureFields = std::to_array<NumberField<Microstructure>>({
    {"depth_decay", &Microstructure::depth_decay},
    {"trade_imbalance", &Microstructure::trade_imbalance},
});
inline constexpr auto kFeatureFields = std::to_array<NumberField<ManipulationFeatures>>({
    {"imbalance", &ManipulationFeatures::imbalance},
    {"order_flow_imbalance", &ManipulationFeatures::order_flow_imbalance},
    {"imbalance_delta", &ManipulationFeatures::imbalance_delta},
    {"wall_ratio", &ManipulationFeatures::wall_ratio},
    {"total_depth", &ManipulationFeatures::total_depth},
    {"wick_ratio", &ManipulationFeatures::wick_ratio},
    {"oi_delta", &ManipulationFeatures::oi_delta},
    {"funding", &ManipulationFeatures::funding},
    {"volume_zscore", &ManipulationFeatures::volume_zscore},
    {"volume_z_trend", &ManipulationFeatures::volume_z_trend},
    {"vol_regime", &ManipulationFeatures::vol_regime},
    {"velocity", &ManipulationFeatures::velocity},
    {"velocity_trend", &ManipulationFeatures::velocity_trend},
    {"pump_dump_score", &ManipulationFeatures::pump_dump_score},
});

}  // namespace scanner::engine
