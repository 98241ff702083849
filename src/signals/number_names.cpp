#include "scanner/signals/unknown.hpp"

#include <algorithm>
#include <array>

namespace scanner::signals {
namespace {

/// In the order of Number.
constexpr auto kNames = std::to_array<std::string_view>({
    "qvol_usdt",
    "spread_bps",
    "top5_depth_usdt",
    "atr_pct",
    "ret_1",
    "ret_15",
    "slip_bps",
    "volume_zscore",
    "order_flow_imbalance",
    "volatility_regime",
    "price_velocity",
    "anomaly_score",
    "depth_to_volume_ratio",
    "liquidity_edge",
    "momentum_edge",
    "volatility_edge",
    "microstructure_edge",
    "anomaly_residual",
    "z_15s",
    "z_1m",
    "z_5m",
    "vwap_distance",
    "rsi14",
    "queue_position",
    "simulated_impact_bps",
    "depth_decay",
    "trade_imbalance",
    "volatility_bucket",
    "feature_imbalance",
    "feature_order_flow_imbalance",
    "feature_imbalance_delta",
    "feature_wall_ratio",
    "feature_total_depth",
    "feature_wick_ratio",
    "feature_oi_delta",
    "feature_funding",
    "feature_volume_zscore",
    "feature_volume_z_trend",
    "feature_vol_regime",
    "feature_velocity",
    "feature_velocity_trend",
    "feature_pump_dump_score",
});
static_assert(kNames.size() == kNumberCount);

}  // namespace

std::string_view to_string(Number number) noexcept {
    return kNames[static_cast<std::size_t>(number)];
}

std::optional<Number> find_number(std::string_view name) noexcept {
    const auto found = std::ranges::find(kNames, name);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<Number>(found - kNames.begin());
}

}  // namespace scanner::signals
