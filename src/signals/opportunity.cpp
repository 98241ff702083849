#include "scanner/signals/opportunity.hpp"

#include "signals/bounded.hpp"
#include "signals/trade_prices.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace scanner::signals {
namespace {

constexpr int kPctDecimals = 3;
constexpr double kFundingLimitPct = 0.05;  // paying more than this makes a side unattractive

SideBias side_of(const ContractNumbers& numbers, double score) {
    if (score < 0.0 || is_new_listing(numbers.unknown)) return SideBias::neutral;
    const Metrics& m = numbers.metrics;
    const double funding = m.funding_8h_pct.value_or(0.0);
    if (m.ret_1 > 0.0 && m.ret_15 > 0.0 && funding <= kFundingLimitPct) return SideBias::long_side;
    if (m.ret_1 < 0.0 && m.ret_15 < 0.0 && funding >= -kFundingLimitPct) return SideBias::short_side;
    return SideBias::neutral;
}

EntryType entry_of(SideBias side) {
    switch (side) {
        case SideBias::long_side: return EntryType::pullback;
        case SideBias::short_side: return EntryType::fade;
        case SideBias::neutral: break;
    }
    return EntryType::breakout;
}

/// The detectors were asked and cannot tell: a score that is not known is not a low one.
bool is_manipulation_unknown(const ContractNumbers& numbers) {
    return numbers.unknown.has("manip_score"_number);
}

ConfidenceTerms confidence_terms_of(const ContractNumbers& numbers, double score, double slip_bps) {
    const Metrics& m = numbers.metrics;
    return {.score = std::clamp(score / 2.0 + 50.0, 0.0, 100.0),
            .cost = std::min(40.0, m.spread_bps + slip_bps),
            .manipulation = is_manipulation_unknown(numbers)
                                ? std::nullopt
                                : std::optional(std::min(50.0, 0.6 * numbers.manipulation.manip_score)),
            .disorder = std::min(30.0, 0.5 * m.anomaly_score + 50.0 * std::fabs(m.order_flow_imbalance))};
}

std::optional<int> confidence_of(const ConfidenceTerms& terms) {
    if (!terms.manipulation) return std::nullopt;
    const double sum = terms.score - terms.cost - *terms.manipulation - terms.disorder;
    return static_cast<int>(std::floor(std::clamp(bounded(sum), 0.0, 100.0)));
}

/// Rounded for people; 4 decimals tell any two suggestions apart.
constexpr int kRatioDecimals = 4;

std::optional<double> rounded(std::optional<double> value, int decimals) {
    if (value) value = core::round_to(*value, decimals);
    return value;
}

/// What the trade brings and costs: of the two ways of a neutral one, the worse.
void weigh(Opportunity& o, const OpportunityInput& input) {
    const auto cost = round_trip_cost_pct(input.terms.taker_fee_pct, input.slip_bps);
    o.round_trip_cost_pct = rounded(cost, kRatioDecimals);
    const auto least = [](std::optional<double>& kept, double value) { kept = std::min(kept.value_or(value), value); };
    for (const auto* prices : {&o.trade, &o.above, &o.below}) {
        if (!*prices) continue;
        const auto prospect = prospect_of(**prices);
        if (!prospect) {
            o.reward_risk_gross = o.reward_risk_net = o.risk_usdt = std::nullopt;
            return;
        }
        least(o.reward_risk_gross, reward_risk(*prospect, 0.0));
        if (!cost) continue;
        least(o.reward_risk_net, reward_risk(*prospect, *cost));
        const double risk = bounded(input.notional_usdt * (prospect->risk_pct + *cost) / 100.0);
        o.risk_usdt = std::max(o.risk_usdt.value_or(risk), risk);
    }
    o.reward_risk_gross = rounded(o.reward_risk_gross, kRatioDecimals);
    o.reward_risk_net = rounded(o.reward_risk_net, kRatioDecimals);
    o.risk_usdt = rounded(o.risk_usdt, 2);
}

/// In the order in which a trader would want to hear of them.
void judge(Opportunity& o, const OpportunityInput& input) {
    const bool new_listing = is_new_listing(input.numbers.unknown);
    const bool unfillable = !o.round_trip_cost_pct;
    if (new_listing) o.not_tradable.push_back("new_listing");
    if (input.stale) o.not_tradable.push_back("stale");
    if (input.numbers.manipulation.manip_score >= input.terms.manipulation_threshold ||
        input.numbers.detection.quarantined.value_or(false)) {
        o.not_tradable.push_back("manipulation");
    }
    if (is_manipulation_unknown(input.numbers)) o.not_tradable.push_back("manipulation_unknown");
    if (o.confidence && *o.confidence <= 0) o.not_tradable.push_back("confidence");
    if (unfillable) o.not_tradable.push_back("liquidity");
    const bool pays = o.reward_risk_net && *o.reward_risk_net > 1.0;
    if (!new_listing && !unfillable && !pays) o.not_tradable.push_back("net_reward_risk");
}

std::string signed_text(double value) {
    const std::string text = core::format_double(core::round_to(value, 2));
    return value < 0.0 && text.front() == '-' ? text : "+" + text;
}

std::string side_reason(const ContractNumbers& numbers, double score, SideBias side) {
    const Metrics& m = numbers.metrics;
    if (is_new_listing(numbers.unknown)) return "neutral: its history is too short";
    std::string returns = "ret_1 " + signed_text(m.ret_1) + " %, ret_15 " + signed_text(m.ret_15) + " %";
    if (m.funding_8h_pct) returns += ", funding " + signed_text(*m.funding_8h_pct) + " %";
    if (score < 0.0) return "neutral: score under 0";
    return std::string(to_string(side)) + ": " + returns;
}

std::vector<std::string> rationale_of(const OpportunityInput& input, SideBias side) {
    struct Part {
        std::string_view name;
        double value;
    };
    std::vector<Part> parts;
    for (const ComponentField& field : component_fields()) {
        const double value = field.sign * (input.components.*field.member);
        if (core::round_to(value, 2) != 0.0) parts.push_back({.name = field.name, .value = value});
    }
    std::ranges::sort(parts, [](const Part& a, const Part& b) {
        return std::fabs(a.value) != std::fabs(b.value) ? std::fabs(a.value) > std::fabs(b.value) : a.name < b.name;
    });
    std::vector<std::string> lines{side_reason(input.numbers, input.score, side)};
    for (const Part& part : parts) lines.push_back(std::string(part.name) + " " + signed_text(part.value));
    return lines;
}

}  // namespace

bool is_new_listing(const NumberSet& unknown) noexcept {
    return unknown.has("atr_pct"_number) || unknown.has("ret_1"_number) || unknown.has("ret_15"_number) ||
           unknown.has("price_velocity"_number) || unknown.has("volatility_regime"_number);
}

Opportunity make_opportunity(const OpportunityInput& input) {
    const Metrics& m = input.numbers.metrics;
    Opportunity o;
    o.side_bias = side_of(input.numbers, input.score);
    o.entry_type = entry_of(o.side_bias);
    const double pct = std::clamp(0.35 * m.atr_pct, 0.1, 2.5);
    o.entry_pct = core::round_to(o.entry_type == EntryType::breakout ? pct / 2.0 : pct, kPctDecimals);
    o.stop_suggestion = core::round_to(std::max(1.2 * m.atr_pct, m.spread_bps / 100.0 + 0.5 * m.atr_pct), kPctDecimals);
    constexpr std::array<double, 3> kTargets{0.5, 1.0, 1.5};
    for (std::size_t i = 0; i < kTargets.size(); ++i) {
        o.tp_levels[i] = core::round_to(std::max(m.atr_pct, 0.1) * kTargets[i], kPctDecimals);
    }
    o.confidence_terms = confidence_terms_of(input.numbers, input.score, input.slip_bps);
    o.confidence = confidence_of(o.confidence_terms);
    o.last_price = input.last_price;
    if (o.side_bias != SideBias::neutral) {
        o.trade = trade_prices(o, o.side_bias == SideBias::long_side ? 1.0 : -1.0, input.price_tick);
    } else if (!is_new_listing(input.numbers.unknown)) {
        o.above = trade_prices(o, 1.0, input.price_tick);
        o.below = trade_prices(o, -1.0, input.price_tick);
    }
    weigh(o, input);
    judge(o, input);
    o.rationale = rationale_of(input, o.side_bias);
    return o;
}

}  // namespace scanner::signals
