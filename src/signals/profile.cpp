#include "scanner/signals/profile.hpp"

#include <algorithm>
#include <array>

namespace scanner::signals {
namespace {

using W = Weights;
constexpr std::array<WeightField, 19> kFields{{
    {"liq.qvol", &W::liq_qvol},
    {"liq.depth", &W::liq_depth},
    {"vol.atr", &W::vol_atr},
    {"mom.ret_15", &W::mom_ret_15},
    {"mom.ret_1", &W::mom_ret_1},
    {"cost.spread", &W::cost_spread},
    {"cost.slip", &W::cost_slip},
    {"carry.funding", &W::carry_funding},
    {"carry.basis", &W::carry_basis},
    {"structure.volume_z", &W::structure_volume_z},
    {"structure.velocity", &W::structure_velocity},
    {"structure.ofi", &W::structure_ofi},
    {"structure.volatility", &W::structure_volatility},
    {"structure.anomaly", &W::structure_anomaly},
    {"structure.residual", &W::structure_residual},
    {"edges.liquidity", &W::edges_liquidity},
    {"edges.momentum", &W::edges_momentum},
    {"edges.volatility", &W::edges_volatility},
    {"edges.micro", &W::edges_micro},
}};

// In the order of kFields: the columns of the table in docs/metrics.md.
constexpr std::array<double, kFields.size()> kScalp{4.0, 3.5, 1.2, 1.5, 1.0, 3.0, 2.5, 0.5, 0.3, 1.2,
                                                    0.8, 3.5, 1.4, 0.7, 1.2, 1.6, 1.2, 0.9, 1.5};
constexpr std::array<double, kFields.size()> kSwing{2.5, 2.5, 1.8, 2.2, 0.8, 2.0, 1.5, 0.8, 0.6, 1.0,
                                                    1.0, 2.5, 1.6, 0.6, 0.9, 1.3, 1.6, 1.1, 1.1};
constexpr std::array<double, kFields.size()> kNews{3.0, 2.0, 2.2, 2.8, 1.5, 2.2, 1.8, 0.3, 0.2, 1.5,
                                                   1.4, 2.8, 1.2, 0.8, 1.0, 1.4, 1.8, 1.2, 1.3};

Weights weights_of(const std::array<double, kFields.size()>& column) {
    Weights weights;
    for (std::size_t i = 0; i < kFields.size(); ++i) weights.*kFields[i].member = column[i];
    return weights;
}

}  // namespace

std::span<const WeightField> weight_fields() {
    return kFields;
}

std::span<const Profile> builtin_profiles() {
    static const std::array<Profile, 3> kProfiles{
        Profile{"scalp", weights_of(kScalp)}, Profile{"swing", weights_of(kSwing)}, Profile{"news", weights_of(kNews)}};
    return kProfiles;
}

const Profile* find_builtin_profile(std::string_view name) {
    const auto profiles = builtin_profiles();
    const auto found = std::ranges::find(profiles, name, &Profile::name);
    return found == profiles.end() ? nullptr : &*found;
}

}  // namespace scanner::signals
