#include "scanner/signals/opportunity.hpp"

#include "signals/bounded.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::signals {
namespace {

constexpr int kPctDecimals = 3;
constexpr double kFundingLimitPct = 0.05;  // paying more than this makes a side unattractive

SideBias side_of(const Metrics& m, double score) {
    if (score < 0.0) return SideBias::neutral;
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

int confidence_of(const ContractNumbers& numbers, double score, double slip_bps) {
    const Metrics& m = numbers.metrics;
    const double base = std::clamp(score / 2.0 + 50.0, 0.0, 100.0);
    const double cost = std::min(40.0, m.spread_bps + slip_bps);
    const double manipulation = std::min(50.0, 0.6 * numbers.manipulation.manip_score);
    const double disorder = std::min(30.0, 0.5 * m.anomaly_score + 50.0 * std::fabs(m.order_flow_imbalance));
    return static_cast<int>(std::floor(std::clamp(bounded(base - cost - manipulation - disorder), 0.0, 100.0)));
}

/// +1 where the trade wins when the price rises. A breakout has no side: it goes where momentum points.
double direction_of(SideBias side, const Metrics& m) {
    if (side != SideBias::neutral) return side == SideBias::long_side ? 1.0 : -1.0;
    return 0.7 * m.ret_15 + 0.3 * m.ret_1 >= 0.0 ? 1.0 : -1.0;
}

double moved(double price, double direction, double pct) {
    return std::max(0.0, bounded(price * (1.0 + direction * pct / 100.0)));
}

/// `price` on the contract's price step, rounded down (direction < 0), up (> 0) or to the nearest (0).
double on_tick(double price, double tick, double direction) {
    if (!(tick > 0.0) || !(price > 0.0)) return price;
    // A price that is on the step but for its last bits must not be pushed a whole step further.
    constexpr double kSlack = 1e-9;
    const double steps = price / tick;
    if (!(steps < 9007199254740992.0)) return price;  // the step is finer than a double can tell
    const double nearest = std::nearbyint(steps);
    double whole = nearest;
    if (direction != 0.0 && std::fabs(steps - nearest) > kSlack * std::max(1.0, steps)) {
        whole = direction < 0.0 ? std::floor(steps) : std::ceil(steps);
    }
    return core::round_to(bounded(whole * tick), 12);
}

/// Prices from the percentages. All are measured from the last price; a stop or targets that would not lie beyond the
/// entry (contracts that hardly move) are measured from the entry, so that no order is stopped out as it fills.
void price_levels(Opportunity& o, double direction, double tick) {
    const double away = o.entry_type == EntryType::breakout ? direction : -direction;
    o.entry_price = on_tick(moved(o.last_price, away, o.entry_pct), tick, 0.0);
    const auto beyond = [&](double price, double side) { return side * (price - o.entry_price) > 0.0; };

    o.stop_price = on_tick(moved(o.last_price, -direction, o.stop_suggestion), tick, -direction);
    if (!beyond(o.stop_price, -direction)) {
        o.stop_price = on_tick(moved(o.entry_price, -direction, o.stop_suggestion), tick, -direction);
    }
    const bool from_last = beyond(on_tick(moved(o.last_price, direction, o.tp_levels[0]), tick, direction), direction);
    const double start = from_last ? o.last_price : o.entry_price;
    for (std::size_t i = 0; i < o.tp_levels.size(); ++i) {
        o.tp_prices[i] = on_tick(moved(start, direction, o.tp_levels[i]), tick, direction);
    }
}

std::string signed_text(double value) {
    const std::string text = core::format_double(core::round_to(value, 2));
    return value < 0.0 && text.front() == '-' ? text : "+" + text;
}

std::string side_reason(const Metrics& m, double score, SideBias side) {
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
    std::vector<std::string> lines{side_reason(input.numbers.metrics, input.score, side)};
    for (const Part& part : parts) lines.push_back(std::string(part.name) + " " + signed_text(part.value));
    return lines;
}

}  // namespace

std::string_view to_string(SideBias side) noexcept {
    switch (side) {
        case SideBias::neutral: return "neutral";
        case SideBias::long_side: return "long";
        case SideBias::short_side: return "short";
    }
    return "neutral";
}

std::string_view to_string(EntryType type) noexcept {
    switch (type) {
        case EntryType::pullback: return "pullback";
        case EntryType::fade: return "fade";
        case EntryType::breakout: return "breakout";
    }
    return "breakout";
}

Opportunity make_opportunity(const OpportunityInput& input) {
    const Metrics& m = input.numbers.metrics;
    Opportunity o;
    o.side_bias = side_of(m, input.score);
    o.entry_type = entry_of(o.side_bias);
    const double pct = std::clamp(0.35 * m.atr_pct, 0.1, 2.5);
    o.entry_pct = core::round_to(o.entry_type == EntryType::breakout ? pct / 2.0 : pct, kPctDecimals);
    o.stop_suggestion = core::round_to(std::max(1.2 * m.atr_pct, m.spread_bps / 100.0 + 0.5 * m.atr_pct), kPctDecimals);
    constexpr std::array<double, 3> kTargets{0.5, 1.0, 1.5};
    for (std::size_t i = 0; i < kTargets.size(); ++i) {
        o.tp_levels[i] = core::round_to(std::max(m.atr_pct, 0.1) * kTargets[i], kPctDecimals);
    }
    o.confidence = confidence_of(input.numbers, input.score, input.slip_bps);
    o.last_price = input.last_price;
    price_levels(o, direction_of(o.side_bias, m), input.price_tick);
    o.rationale = rationale_of(input, o.side_bias);
    return o;
}

}  // namespace scanner::signals
