#pragma once

#include <optional>

namespace scanner::signals {

/// The numbers of a contract that need every change of its book and every trade: what a ContractFlow makes of a live
/// feed. Empty is what cannot be told: without a feed all of them. Formulas: docs/metrics.md, "The live feed".
struct FlowNumbers {
    std::optional<double> microprice;            ///< USDT
    std::optional<double> depth_10bps_bid_usdt;  ///< within so many basis points of the middle, here and below
    std::optional<double> depth_10bps_ask_usdt;
    std::optional<double> depth_25bps_bid_usdt;
    std::optional<double> depth_25bps_ask_usdt;
    std::optional<double> depth_50bps_bid_usdt;
    std::optional<double> depth_50bps_ask_usdt;
    std::optional<double> firm_depth_bid_usdt;  ///< the part of depth_25bps that persists
    std::optional<double> firm_depth_ask_usdt;
    std::optional<double> firmness;  ///< 0..1
    std::optional<double> ofi_10s;   ///< in mean sizes of the touch
    std::optional<double> tfi_60s;   ///< -1..1
    std::optional<double> trades_60s;
    std::optional<double> turnover_60s_usdt;  ///< one side counted
    std::optional<double> impact_bps_per_100k;
    std::optional<double> liquidations_5m_long_usdt;  ///< of long positions, one side counted
    std::optional<double> liquidations_5m_short_usdt;
    std::optional<double> recovery_ms;

    friend bool operator==(const FlowNumbers&, const FlowNumbers&) = default;
};

}  // namespace scanner::signals
