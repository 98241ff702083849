#pragma once

#include "scanner/signals/snapshot.hpp"
#include "scanner/signals/unknown.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

/// The plain numbers of a contract by name: one list for everything that writes, reads or shows them, so that none of
/// these can drift apart. Whatever shows a number takes it by `known`.
namespace scanner::signals {

template <class Owner>
struct NumberField {
    std::string_view name;
    double Owner::* member;
    Number number;
};

inline constexpr auto kMetricFields = std::to_array<NumberField<Metrics>>({
    {"qvol_usdt", &Metrics::qvol_usdt, Number::qvol_usdt},
    {"spread_bps", &Metrics::spread_bps, Number::spread_bps},
    {"top5_depth_usdt", &Metrics::top5_depth_usdt, Number::top5_depth_usdt},
    {"atr_pct", &Metrics::atr_pct, Number::atr_pct},
    {"ret_1", &Metrics::ret_1, Number::ret_1},
    {"ret_15", &Metrics::ret_15, Number::ret_15},
    {"slip_bps", &Metrics::slip_bps, Number::slip_bps},
    {"volume_zscore", &Metrics::volume_zscore, Number::volume_zscore},
    {"order_flow_imbalance", &Metrics::order_flow_imbalance, Number::order_flow_imbalance},
    {"volatility_regime", &Metrics::volatility_regime, Number::volatility_regime},
    {"price_velocity", &Metrics::price_velocity, Number::price_velocity},
    {"anomaly_score", &Metrics::anomaly_score, Number::anomaly_score},
    {"depth_to_volume_ratio", &Metrics::depth_to_volume_ratio, Number::depth_to_volume_ratio},
});
inline constexpr auto kEdgeFields = std::to_array<NumberField<Edges>>({
    {"liquidity_edge", &Edges::liquidity_edge, Number::liquidity_edge},
    {"momentum_edge", &Edges::momentum_edge, Number::momentum_edge},
    {"volatility_edge", &Edges::volatility_edge, Number::volatility_edge},
    {"microstructure_edge", &Edges::microstructure_edge, Number::microstructure_edge},
    {"anomaly_residual", &Edges::anomaly_residual, Number::anomaly_residual},
});
inline constexpr auto kMomentumFields = std::to_array<NumberField<Momentum>>({
    {"z_15s", &Momentum::z_15s, Number::z_15s},
    {"z_1m", &Momentum::z_1m, Number::z_1m},
    {"z_5m", &Momentum::z_5m, Number::z_5m},
    {"vwap_distance", &Momentum::vwap_distance, Number::vwap_distance},
    {"rsi14", &Momentum::rsi14, Number::rsi14},
});
inline constexpr auto kExecutionFields = std::to_array<NumberField<Execution>>({
    {"queue_position", &Execution::queue_position, Number::queue_position},
    {"simulated_impact_bps", &Execution::simulated_impact_bps, Number::simulated_impact_bps},
});
inline constexpr auto kMicrostructureFields = std::to_array<NumberField<Microstructure>>({
    {"depth_decay", &Microstructure::depth_decay, Number::depth_decay},
    {"trade_imbalance", &Microstructure::trade_imbalance, Number::trade_imbalance},
});
inline constexpr auto kFeatureFields = std::to_array<NumberField<ManipulationFeatures>>({
    {"imbalance", &ManipulationFeatures::imbalance, Number::feature_imbalance},
    {"order_flow_imbalance", &ManipulationFeatures::order_flow_imbalance, Number::feature_order_flow_imbalance},
    {"imbalance_delta", &ManipulationFeatures::imbalance_delta, Number::feature_imbalance_delta},
    {"wall_ratio", &ManipulationFeatures::wall_ratio, Number::feature_wall_ratio},
    {"total_depth", &ManipulationFeatures::total_depth, Number::feature_total_depth},
    {"wick_ratio", &ManipulationFeatures::wick_ratio, Number::feature_wick_ratio},
    {"oi_delta", &ManipulationFeatures::oi_delta, Number::feature_oi_delta},
    {"funding", &ManipulationFeatures::funding, Number::feature_funding},
    {"volume_zscore", &ManipulationFeatures::volume_zscore, Number::feature_volume_zscore},
    {"volume_z_trend", &ManipulationFeatures::volume_z_trend, Number::feature_volume_z_trend},
    {"vol_regime", &ManipulationFeatures::vol_regime, Number::feature_vol_regime},
    {"velocity", &ManipulationFeatures::velocity, Number::feature_velocity},
    {"velocity_trend", &ManipulationFeatures::velocity_trend, Number::feature_velocity_trend},
    {"pump_dump_score", &ManipulationFeatures::pump_dump_score, Number::feature_pump_dump_score},
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

/// Which number a member is; known when the program is compiled.
template <class Owner>
[[nodiscard]] consteval Number number_of(double Owner::* member) {
    for (const auto& field : number_fields<Owner>()) {
        if (field.member == member) return field.number;
    }
    std::unreachable();  // does not compile: the member is in no list
}

/// The value of the field, or nothing where it was not measured. `numbers`: a NumbersView, or a contract's own
/// ContractNumbers where the field is none of the edges.
template <class Numbers, class Owner>
[[nodiscard]] constexpr std::optional<double> known(const Numbers& numbers, const NumberField<Owner>& field) {
    if (numbers.unknown.has(field.number)) return std::nullopt;
    return block_of<Owner>(numbers).*field.member;
}

namespace detail {
template <class Owner>
Owner owner_of(double Owner::*);
}  // namespace detail

/// The same by the member: known<&Metrics::ret_15>(numbers).
template <auto member, class Numbers>
[[nodiscard]] constexpr std::optional<double> known(const Numbers& numbers) {
    using Owner = decltype(detail::owner_of(member));
    constexpr Number kNumber = number_of(member);
    if (numbers.unknown.has(kNumber)) return std::nullopt;
    return block_of<Owner>(numbers).*member;
}

}  // namespace scanner::signals
