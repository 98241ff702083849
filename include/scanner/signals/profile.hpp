#pragma once

#include "scanner/core/error.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::signals {

/// The weights of the score; the table of docs/metrics.md, "The score".
struct Weights {
    double liq_qvol = 0.0, liq_depth = 0.0;
    double vol_atr = 0.0;
    double mom_ret_15 = 0.0, mom_ret_1 = 0.0;
    double cost_spread = 0.0, cost_slip = 0.0;
    double carry_funding = 0.0, carry_basis = 0.0;
    double structure_volume_z = 0.0, structure_velocity = 0.0, structure_ofi = 0.0, structure_volatility = 0.0,
           structure_anomaly = 0.0, structure_residual = 0.0;
    double edges_liquidity = 0.0, edges_momentum = 0.0, edges_volatility = 0.0, edges_micro = 0.0;

    friend bool operator==(const Weights&, const Weights&) = default;
};

/// A weight by its public name ("liq.qvol", "edges.micro").
struct WeightField {
    std::string_view name;
    double Weights::* member;
};
/// Every weight, in the order of the table.
[[nodiscard]] std::span<const WeightField> weight_fields();

/// A named set of weights.
struct Profile {
    std::string name;
    Weights weights;

    friend bool operator==(const Profile&, const Profile&) = default;
};

/// The three built in: scalp, swing, news, in this order.
[[nodiscard]] std::span<const Profile> builtin_profiles();
[[nodiscard]] const Profile* find_builtin_profile(std::string_view name);

}  // namespace scanner::signals
