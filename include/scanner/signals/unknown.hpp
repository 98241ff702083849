#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// What of a contract's numbers was measured, kept apart from the numbers themselves. The formulas give every number a
/// neutral value where it cannot be told (docs/metrics.md); which those are is said here, so that whatever shows a
/// number shows null instead.
namespace scanner::signals {

/// The numbers of a contract that may be unknown. Those of ManipulationFeatures begin with feature_.
enum class Number : std::uint8_t {
    qvol_usdt,
    spread_bps,
    top5_depth_usdt,
    atr_pct,
    ret_1,
    ret_15,
    slip_bps,
    volume_zscore,
    order_flow_imbalance,
    volatility_regime,
    price_velocity,
    anomaly_score,
    depth_to_volume_ratio,
    liquidity_edge,
    momentum_edge,
    volatility_edge,
    microstructure_edge,
    anomaly_residual,
    z_15s,
    z_1m,
    z_5m,
    vwap_distance,
    rsi14,
    queue_position,
    simulated_impact_bps,
    depth_decay,
    trade_imbalance,
    volatility_bucket,
    feature_imbalance,
    feature_order_flow_imbalance,
    feature_imbalance_delta,
    feature_wall_ratio,
    feature_total_depth,
    feature_wick_ratio,
    feature_oi_delta,
    feature_funding,
    feature_volume_zscore,
    feature_volume_z_trend,
    feature_vol_regime,
    feature_velocity,
    feature_velocity_trend,
    feature_pump_dump_score,
};
inline constexpr std::size_t kNumberCount = static_cast<std::size_t>(Number::feature_pump_dump_score) + 1;
/// The public name; features with "feature_" in front.
[[nodiscard]] std::string_view to_string(Number number) noexcept;
[[nodiscard]] std::optional<Number> find_number(std::string_view name) noexcept;

/// A set of numbers by what they are. Trivially copied.
class NumberSet {
public:
    constexpr void add(Number number) noexcept { bits_ |= bit(number); }
    [[nodiscard]] constexpr bool has(Number number) const noexcept { return (bits_ & bit(number)) != 0; }
    [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }

    /// What is in either.
    friend constexpr NumberSet operator|(NumberSet left, const NumberSet& right) noexcept {
        left.bits_ |= right.bits_;
        return left;
    }
    friend constexpr bool operator==(const NumberSet&, const NumberSet&) = default;

private:
    static_assert(kNumberCount <= 64);
    [[nodiscard]] static constexpr std::uint64_t bit(Number number) noexcept {
        return std::uint64_t{1} << static_cast<unsigned>(number);
    }
    std::uint64_t bits_ = 0;
};

/// Which edges are unknown where `unknown` of the contract's own numbers are.
[[nodiscard]] NumberSet unknown_edges(const NumberSet& unknown) noexcept;

}  // namespace scanner::signals
