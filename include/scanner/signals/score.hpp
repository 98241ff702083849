#pragma once

#include "scanner/signals/profile.hpp"
#include "scanner/signals/snapshot.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace scanner::signals {

/// What decides beside the weights. The defaults reject nothing.
struct ScoreOptions {
    double min_qvol_usdt = 0.0;
    double max_spread_bps = 10'000.0;
    double min_listed_days = 0.0;  ///< above 0, a contract of unknown age is rejected too
    bool include_carry = true;     ///< off: neither funding nor basis count
    bool include_funding = true;   ///< part of carry
    bool include_basis = true;     ///< part of carry
};

/// The parts of the score, unrounded:
/// score = liquidity + volatility + momentum + carry + structure_bonus + edges
///         - structure_penalty - cost - manip_penalty
struct ScoreComponents {
    double liquidity = 0.0;
    double volatility = 0.0;
    double momentum = 0.0;
    double carry = 0.0;
    double structure_bonus = 0.0;
    double structure_penalty = 0.0;
    double edges = 0.0;
    double cost = 0.0;
    double manip_penalty = 0.0;
    double momentum_scale = 1.0;  ///< a factor within `momentum`, not a part of the sum

    friend bool operator==(const ScoreComponents&, const ScoreComponents&) = default;
};

/// A component by its public name.
struct ComponentField {
    std::string_view name;
    double ScoreComponents::* member;
    double sign;  ///< +1 or -1 as it enters the sum; 0 for momentum_scale
};
/// Every component, in the order of the struct.
[[nodiscard]] std::span<const ComponentField> component_fields();

/// Why a contract has no score.
enum class Rejection { none, volume, spread, new_listing };
/// "none", "volume", "spread", "new_listing": the stable names of the exclusion reasons.
[[nodiscard]] std::string_view to_string(Rejection rejection) noexcept;

struct Score {
    std::optional<double> score;  ///< 4 decimals; empty when rejected
    ScoreComponents components;   ///< all defaults when rejected
    Rejection rejection = Rejection::none;
};

/// Whether `metrics` pass the options; volume is looked at first, then the spread.
[[nodiscard]] Rejection rejection_of(const Metrics& metrics, const ScoreOptions& options);

/// The score of one contract. What of `view` is unknown counts 0 where it could only count in favour (volatility,
/// momentum, structure bonus, edges). No allocation; finite for any finite weights.
[[nodiscard]] Score score_contract(const NumbersView& view, const Weights& weights, const ScoreOptions& options);
/// The same with the slippage of another notional in place of `metrics.slip_bps`; the edges stay the cycle's.
[[nodiscard]] Score score_contract(const NumbersView& view, double slip_bps, const Weights& weights,
                                   const ScoreOptions& options);

/// The same in two steps, for one who scores again and again contracts of which few have changed: the components that
/// rest on the contract's own numbers, with those that the edges make (`edges`, `structure_penalty`) at 0 ...
[[nodiscard]] ScoreComponents own_components(const ContractNumbers& numbers, double slip_bps, const Weights& weights,
                                             const ScoreOptions& options);
/// ... and the score, once these two are added to `own`. Rejects nothing.
[[nodiscard]] Score complete_score(const ScoreComponents& own, const ContractNumbers& numbers, const Edges& edges,
                                   const Weights& weights);

/// What the order of the ranking depends on.
struct RankKey {
    double score = 0.0;
    double qvol_usdt = 0.0;
    std::string_view symbol;
};

/// The ranking's total order: higher score, then higher turnover, then symbol.
[[nodiscard]] bool ranks_before(const RankKey& left, const RankKey& right);

/// Indices into `keys`, best first. The result does not depend on the order of `keys` where symbols differ.
[[nodiscard]] std::vector<std::size_t> rank_order(std::span<const RankKey> keys);

}  // namespace scanner::signals
