#include "scanner/signals/manipulation.hpp"

#include "signals/bounded.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/signals/detect/flags.hpp"
#include "scanner/signals/metrics.hpp"
#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <initializer_list>

namespace scanner::signals {
namespace {

enum FlagIndex : std::size_t {
    exhausted_spike,
    funding_price_divergence,
    liquidity_vacuum,
    liquidity_wall,
    oi_price_divergence,
    post_surge_reversal,
    scam_wick,
    spoofing_depth_imbalance,
    spoofing_reversal,
    wash_trade_volume,
    flag_count,
};

// Sorted by name and in the order of FlagIndex, so that flags raised in this order are sorted.
constexpr std::array<FlagInfo, flag_count> kFlags{{
    {"exhausted_spike", 16, "a volume spike died at once while the price still moves"},
    {"funding_price_divergence", 10, "the price moves against the side that pays funding"},
    {"liquidity_vacuum", 15, "the book near the price cannot absorb the test order comfortably"},
    {"liquidity_wall", 20, "one order makes up most of the visible depth"},
    {"oi_price_divergence", 15, "open interest grows fast while the price falls"},
    {"post_surge_reversal", 35, "price, volume and volatility are unusual together, as after a pump"},
    {"scam_wick", 20, "the last candle's range is several times the usual one"},
    {"spoofing_depth_imbalance", 25, "a large order on a one-sided book"},
    {"spoofing_reversal", 22, "a one-sided book turned to the other side within a cycle"},
    {"wash_trade_volume", 18, "unusual volume on a book too thin to have produced it"},
}};

enum TermIndex : std::size_t {
    bias,
    imbalance_term,
    wall_ratio_term,
    wick_ratio_term,
    oi_delta_term,
    funding_term,
    thin_depth_term,
    volume_zscore_term,
    velocity_term,
    anomaly_term,
    imbalance_delta_term,
    volume_z_drop_term,
    term_count,
};

constexpr std::array<std::string_view, term_count> kTerms{
    "bias",       "imbalance",     "wall_ratio",     "wick_ratio",    "oi_delta",        "funding",
    "thin_depth", "volume_zscore", "price_velocity", "anomaly_score", "imbalance_delta", "volume_z_drop"};

/// The quantities that rules and terms share, unrounded.
struct Evidence {
    const Metrics& metrics;
    double notional = 0.0;
    double imbalance = 0.0;  // best five levels, in notional
    double depth = 0.0;
    double wall = 0.0;
    double wall_ratio = 0.0;
    double wick_ratio = 0.0;
    double oi_delta = 0.0;
    double funding = 0.0;
};

double best_usdt(const std::vector<market::Level>& side) {
    return side.empty() ? 0.0 : bounded(side.front().price * side.front().size);
}

double wick_ratio_of(const market::Candle* candle, double atr_pct) {
    if (candle == nullptr || !(candle->close > 0.0)) return 0.0;
    return bounded((candle->high - candle->low) / candle->close * 100.0 / std::max(atr_pct, 0.1));
}

double relative_change(const std::optional<double>& before, const std::optional<double>& now) {
    if (!before || !now || !(*before > 0.0)) return 0.0;
    return bounded((*now - *before) / *before);
}

Evidence gather(const ManipulationInput& input, const ManipulationState& previous) {
    Evidence evidence{.metrics = input.metrics, .notional = input.notional_usdt};
    evidence.imbalance = book_imbalance(input.book, 5);
    evidence.depth = input.metrics.top5_depth_usdt;
    evidence.wall = std::max(best_usdt(input.book.bids), best_usdt(input.book.asks));
    evidence.wall_ratio = evidence.depth > 0.0 ? std::clamp(bounded(evidence.wall / evidence.depth), 0.0, 1.0) : 0.0;
    evidence.wick_ratio = wick_ratio_of(input.last_candle, input.metrics.atr_pct);
    evidence.oi_delta = relative_change(previous.open_interest, input.metrics.open_interest);
    evidence.funding = input.metrics.funding_8h_pct.value_or(0.0);
    return evidence;
}

FlagEvidence above(std::string_view quantity, double value, double threshold) {
    return {.quantity = quantity, .value = value, .threshold = threshold, .above = true};
}
FlagEvidence below(std::string_view quantity, double value, double threshold) {
    return {.quantity = quantity, .value = value, .threshold = threshold, .above = false};
}

bool holds(const FlagEvidence& evidence) {
    return evidence.above ? evidence.value > evidence.threshold : evidence.value < evidence.threshold;
}

/// Raises `flag` where every comparison holds, and keeps the comparisons as its explanation.
void check_flag(Manipulation& result, FlagIndex flag, std::initializer_list<FlagEvidence> comparisons) {
    if (!std::ranges::all_of(comparisons, holds)) return;
    FlagDetail detail{.flag = kFlags[flag].name, .severity = kFlags[flag].severity};
    for (const FlagEvidence& evidence : comparisons) detail.evidence[detail.evidence_count++] = evidence;
    result.manip_flags.push_back(detail.flag);
    result.flag_details.push_back(detail);
}

void check_flags(const Evidence& evidence, const ManipulationState& previous, NumberSet unknown, Manipulation& result) {
    const Metrics& m = evidence.metrics;
    const double notional = evidence.notional;
    if (!unknown.has("volume_zscore"_number)) {
        check_flag(result, exhausted_spike,
                   {above("previous_volume_zscore", previous.volume_zscore, 2.5),
                    below("volume_zscore", m.volume_zscore, 0.5), above("abs_ret_1", std::fabs(m.ret_1), 0.4)});
    }
    if (evidence.funding > 0.0) {
        check_flag(result, funding_price_divergence,
                   {above("funding_8h_pct", evidence.funding, 0.0), below("ret_1", m.ret_1, -0.25)});
    } else {
        check_flag(result, funding_price_divergence,
                   {below("funding_8h_pct", evidence.funding, 0.0), above("ret_1", m.ret_1, 0.25)});
    }
    check_flag(result, liquidity_vacuum, {below("top5_depth_usdt", evidence.depth, bounded(1.5 * notional))});
    check_flag(result, liquidity_wall,
               {above("wall_ratio", evidence.wall_ratio, 0.55), above("wall_usdt", evidence.wall, bounded(notional))});
    if (!unknown.has("ret_15"_number)) {
        check_flag(result, oi_price_divergence,
                   {above("oi_delta", evidence.oi_delta, 0.05), below("ret_15", m.ret_15, -0.8)});
    }
    check_flag(result, post_surge_reversal, {above("anomaly_score", m.anomaly_score, 35.0)});
    check_flag(result, scam_wick, {above("wick_ratio", evidence.wick_ratio, 3.0), above("atr_pct", m.atr_pct, 0.2)});
    check_flag(result, spoofing_depth_imbalance,
               {above("abs_imbalance", std::fabs(evidence.imbalance), 0.65),
                above("wall_usdt", evidence.wall, bounded(1.5 * notional))});
    check_flag(result, spoofing_reversal,
               {below("imbalance_product", previous.imbalance * evidence.imbalance, -0.3),
                above("abs_previous_imbalance", std::fabs(previous.imbalance), 0.5)});
    check_flag(result, wash_trade_volume,
               {above("abs_volume_zscore", std::fabs(m.volume_zscore), 4.0),
                below("top5_depth_usdt", evidence.depth, bounded(1.2 * notional))});
}

/// The terms of the logistic's argument, in the order of kTerms.
std::array<double, term_count> terms_of(const Evidence& evidence, const ManipulationState& previous) {
    const Metrics& m = evidence.metrics;
    const auto excess = [](double value, double free) { return std::max(0.0, value - free); };
    std::array<double, term_count> terms{};
    terms[bias] = -2.5;
    terms[imbalance_term] = 3.2 * excess(std::fabs(evidence.imbalance), 0.2);
    terms[wall_ratio_term] = 2.1 * excess(evidence.wall_ratio, 0.3);
    terms[wick_ratio_term] = 1.4 * excess(std::min(evidence.wick_ratio, 6.0), 2.0);
    terms[oi_delta_term] = 1.8 * excess(evidence.oi_delta, 0.03);
    terms[funding_term] = 0.9 * excess(std::fabs(evidence.funding), 0.05);
    terms[thin_depth_term] =
        evidence.notional > 0.0 ? 1.2 * std::max(0.0, 1.0 - evidence.depth / (2.0 * evidence.notional)) : 0.0;
    terms[volume_zscore_term] = 1.4 * excess(std::fabs(m.volume_zscore), 1.0);
    terms[velocity_term] = 1.1 * std::fabs(m.price_velocity) / 3.0;
    terms[anomaly_term] = 1.8 * m.anomaly_score / 50.0;
    if (previous.seen) {
        terms[imbalance_delta_term] = 1.3 * excess(std::fabs(evidence.imbalance - previous.imbalance), 0.4);
        terms[volume_z_drop_term] = 0.8 * excess(previous.volume_zscore - m.volume_zscore, 1.5);
    }
    return terms;
}

ManipulationFeatures features_of(const Evidence& evidence, const ManipulationState& previous) {
    const Metrics& m = evidence.metrics;
    using core::round_to;
    return {
        .imbalance = round_to(evidence.imbalance, 4),
        .order_flow_imbalance = round_to(m.order_flow_imbalance, 4),
        .imbalance_delta = previous.seen ? round_to(evidence.imbalance - previous.imbalance, 4) : 0.0,
        .wall_ratio = round_to(evidence.wall_ratio, 4),
        .total_depth = round_to(evidence.depth, 2),
        .wick_ratio = round_to(evidence.wick_ratio, 4),
        .oi_delta = round_to(evidence.oi_delta, 4),
        .funding = round_to(evidence.funding, 6),
        .volume_zscore = round_to(m.volume_zscore, 2),
        .volume_z_trend = round_to(m.volume_zscore - previous.volume_zscore, 4),
        .vol_regime = round_to(m.volatility_regime, 4),
        .velocity = round_to(m.price_velocity, 4),
        .velocity_trend = round_to(m.price_velocity - previous.price_velocity, 4),
        .pump_dump_score = round_to(m.anomaly_score, 2),
    };
}

double score_of(const Manipulation& result) {
    double severity = 0.0;
    for (const FlagDetail& detail : result.flag_details) severity += detail.severity;
    const double value = std::max(100.0 * result.probability, severity);
    // A quiet contract's residual probability is noise, not a finding.
    if (result.manip_flags.empty() && value <= 5.0) return 0.0;
    return core::round_to(std::min(value, 100.0), 2);
}

template <class Range, class Projection>
std::optional<std::string_view> find_literal(const Range& known, std::string_view name, Projection projection) {
    const auto found = std::ranges::find(known, name, projection);
    if (found == known.end()) return std::nullopt;
    return std::invoke(projection, *found);
}

}  // namespace

std::span<const FlagInfo> manipulation_flags() {
    return kFlags;
}

std::optional<std::string_view> find_manipulation_flag(std::string_view name) {
    if (const auto found = find_literal(kFlags, name, &FlagInfo::name)) return found;
    const auto* const flag = std::ranges::find(kDetectorFlags, name, &DetectorFlagInfo::name);
    return flag == kDetectorFlags.end() ? std::nullopt : std::optional(flag->name);
}

std::span<const std::string_view> manipulation_terms() {
    return kTerms;
}

std::optional<std::string_view> find_manipulation_term(std::string_view name) {
    return find_literal(kTerms, name, std::identity{});
}

void compute_manipulation(const ManipulationInput& input, ManipulationState& previous, Manipulation& result) {
    const Evidence evidence = gather(input, previous);
    result.manip_flags.clear();
    result.flag_details.clear();
    check_flags(evidence, previous, input.unknown, result);

    const auto terms = terms_of(evidence, previous);
    result.contributions.resize(terms.size());
    double argument = 0.0;
    for (std::size_t i = 0; i < terms.size(); ++i) {
        result.contributions[i] = {.feature = kTerms[i], .value = bounded(terms[i])};
        argument += terms[i];
    }
    result.probability = 1.0 / (1.0 + std::exp(-argument));
    result.manip_score = score_of(result);
    result.features = features_of(evidence, previous);

    previous = {.seen = true,
                .imbalance = evidence.imbalance,
                .volume_zscore = input.metrics.volume_zscore,
                .price_velocity = input.metrics.price_velocity,
                .open_interest = input.metrics.open_interest};
}

}  // namespace scanner::signals
