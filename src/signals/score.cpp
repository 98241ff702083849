#include "scanner/signals/score.hpp"

#include "signals/bounded.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace scanner::signals {
namespace {

using C = ScoreComponents;
constexpr std::array<ComponentField, 10> kComponents{{
    {"liquidity", &C::liquidity, 1.0},
    {"volatility", &C::volatility, 1.0},
    {"momentum", &C::momentum, 1.0},
    {"carry", &C::carry, 1.0},
    {"structure_bonus", &C::structure_bonus, 1.0},
    {"structure_penalty", &C::structure_penalty, -1.0},
    {"edges", &C::edges, 1.0},
    {"cost", &C::cost, -1.0},
    {"manip_penalty", &C::manip_penalty, -1.0},
    {"momentum_scale", &C::momentum_scale, 0.0},
}};

/// Returns mean less when volatility has just exploded.
double momentum_scale_of(double volatility_regime) {
    return volatility_regime > 1.0 ? 0.7 : 1.0;
}

double carry_of(const Metrics& m, const Weights& w, const ScoreOptions& options) {
    if (!options.include_carry) return 0.0;
    const double funding = options.include_funding ? m.funding_8h_pct.value_or(0.0) : 0.0;
    const double basis = options.include_basis ? m.basis_bps.value_or(0.0) : 0.0;
    return -w.carry_funding * funding - w.carry_basis * basis / 100.0;
}

double edges_of(const Edges& edges, const Weights& w) {
    const auto clamped = [&edges](Number number, double edge) {
        return edges.unknown.has(number) ? 0.0 : std::clamp(edge, -3.0, 3.0);
    };
    return w.edges_liquidity * clamped("liquidity_edge"_number, edges.liquidity_edge) +
           w.edges_momentum * clamped("momentum_edge"_number, edges.momentum_edge) +
           w.edges_volatility * clamped("volatility_edge"_number, edges.volatility_edge) +
           w.edges_micro * clamped("microstructure_edge"_number, edges.microstructure_edge);
}

double structure_penalty_of(const Metrics& m, const Edges& edges, const Weights& w) {
    return w.structure_ofi * std::fabs(m.order_flow_imbalance) +
           w.structure_volatility * std::fabs(m.volatility_regime) + w.structure_anomaly * m.anomaly_score / 10.0 +
           w.structure_residual * std::max(0.0, edges.anomaly_residual);
}

}  // namespace

ScoreComponents own_components(const ContractNumbers& numbers, double slip_bps, const Weights& w,
                               const ScoreOptions& options) {
    const Metrics& m = numbers.metrics;
    // What was not measured speaks neither for nor against the contract; penalties keep what the formulas know.
    const auto counted = [&numbers](Number number, double value) { return numbers.unknown.has(number) ? 0.0 : value; };
    ScoreComponents c;
    c.liquidity = w.liq_qvol * std::log1p(std::max(m.qvol_usdt, 0.0) / 1e6) +
                  w.liq_depth * std::log1p(std::max(m.top5_depth_usdt, 0.0) / 1e5);
    c.volatility = w.vol_atr * counted("atr_pct"_number, m.atr_pct);
    c.momentum_scale = momentum_scale_of(m.volatility_regime);
    c.momentum = c.momentum_scale *
                 (w.mom_ret_15 * counted("ret_15"_number, m.ret_15) + w.mom_ret_1 * counted("ret_1"_number, m.ret_1));
    c.carry = carry_of(m, w, options);
    c.structure_bonus =
        w.structure_volume_z * std::clamp(counted("volume_zscore"_number, m.volume_zscore), -2.5, 6.0) +
        w.structure_velocity * std::clamp(counted("price_velocity"_number, m.price_velocity), -5.0, 5.0);
    c.cost = w.cost_spread * m.spread_bps + w.cost_slip * slip_bps;
    c.manip_penalty = 0.4 * numbers.manipulation.manip_score;
    for (const ComponentField& field : kComponents) c.*field.member = bounded(c.*field.member);
    return c;
}

Score complete_score(const ScoreComponents& own, const ContractNumbers& numbers, const Edges& edges,
                     const Weights& weights) {
    Score result{.components = own};
    result.components.structure_penalty = bounded(structure_penalty_of(numbers.metrics, edges, weights));
    result.components.edges = bounded(edges_of(edges, weights));
    double sum = 0.0;
    for (const ComponentField& field : kComponents) sum += field.sign * (result.components.*field.member);
    result.score = core::round_to(bounded(sum), 4);
    return result;
}

std::span<const ComponentField> component_fields() {
    return kComponents;
}

std::string_view to_string(Rejection rejection) noexcept {
    switch (rejection) {
        case Rejection::none: return "none";
        case Rejection::volume: return "volume";
        case Rejection::spread: return "spread";
        case Rejection::new_listing: return "new_listing";
    }
    return "none";
}

Rejection rejection_of(const Metrics& metrics, const ScoreOptions& options) {
    if (metrics.qvol_usdt < options.min_qvol_usdt) return Rejection::volume;
    if (metrics.spread_bps > options.max_spread_bps) return Rejection::spread;
    if (options.min_listed_days > 0.0 && !(metrics.listed_days.value_or(-1.0) >= options.min_listed_days)) {
        return Rejection::new_listing;
    }
    return Rejection::none;
}

Score score_contract(const NumbersView& view, const Weights& weights, const ScoreOptions& options) {
    return score_contract(view, view.numbers.metrics.slip_bps, weights, options);
}

Score score_contract(const NumbersView& view, double slip_bps, const Weights& weights, const ScoreOptions& options) {
    if (const Rejection rejection = rejection_of(view.numbers.metrics, options); rejection != Rejection::none) {
        return {.rejection = rejection};
    }
    return complete_score(own_components(view.numbers, slip_bps, weights, options), view.numbers, view.edges, weights);
}

bool ranks_before(const RankKey& left, const RankKey& right) {
    if (left.score != right.score) return left.score > right.score;
    if (left.qvol_usdt != right.qvol_usdt) return left.qvol_usdt > right.qvol_usdt;
    return left.symbol < right.symbol;
}

std::vector<std::size_t> rank_order(std::span<const RankKey> keys) {
    std::vector<std::size_t> order(keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        if (ranks_before(keys[a], keys[b])) return true;
        return !ranks_before(keys[b], keys[a]) && a < b;
    });
    return order;
}

}  // namespace scanner::signals
