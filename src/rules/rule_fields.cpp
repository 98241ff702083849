#include "scanner/rules/rule_fields.hpp"

#include "scanner/signals/number_fields.hpp"

#include <algorithm>
#include <array>

namespace scanner::rules {
namespace {

using ranking::ContractSnapshot;
using signals::Edges;
using signals::Execution;
using signals::Metrics;
using signals::Microstructure;
using signals::Momentum;

RuleValue maybe(const std::optional<double>& value) {
    return value ? RuleValue(*value) : RuleValue();
}

const signals::ContractNumbers& numbers(const RuleSubject& subject) {
    return subject.snapshot->numbers;
}

/// A number of any block; null where it was not measured.
template <auto member>
RuleValue number_of(const RuleSubject& subject) {
    return maybe(signals::known<member>(subject.numbers()));
}
template <std::optional<double> Metrics::* member>
RuleValue optional_metric(const RuleSubject& subject) {
    return maybe(numbers(subject).metrics.*member);
}
template <bool Microstructure::* member>
RuleValue signature(const RuleSubject& subject) {
    return numbers(subject).microstructure.*member;
}

RuleValue symbol(const RuleSubject& subject) {
    return std::string_view(subject.snapshot->data.contract->symbol);
}
RuleValue contract_code(const RuleSubject& subject) {
    return std::string_view(subject.snapshot->data.contract->contract_code);
}
RuleValue rank(const RuleSubject& subject) {
    return static_cast<double>(subject.rank);
}
RuleValue rank_delta(const RuleSubject& subject) {
    return subject.rank_delta ? RuleValue(static_cast<double>(*subject.rank_delta)) : RuleValue();
}
RuleValue score(const RuleSubject& subject) {
    return subject.score;
}
RuleValue last_price(const RuleSubject& subject) {
    return subject.snapshot->data.ticker.last;
}
RuleValue manip_score(const RuleSubject& subject) {
    return numbers(subject).manipulation.manip_score;
}
RuleValue manip_flags(const RuleSubject& subject) {
    return std::span<const std::string_view>(numbers(subject).manipulation.manip_flags);
}
RuleValue age_ms(const RuleSubject& subject) {
    return static_cast<double>(subject.age.count());
}
RuleValue volatility_bucket(const RuleSubject& subject) {
    if (numbers(subject).unknown.has(signals::Number::volatility_bucket)) return {};
    return signals::to_string(numbers(subject).microstructure.volatility_bucket);
}
RuleValue funding_rate(const RuleSubject& subject) {
    return maybe(subject.snapshot->data.funding_rate);
}
RuleValue funding_interval(const RuleSubject& subject) {
    return static_cast<double>(subject.snapshot->data.contract->funding_interval_hours);
}

using enum ValueType;

constexpr auto kFields = std::to_array<RuleField>({
    {"symbol", text, symbol, "", "the contract; compared with any spelling of one"},
    {"contract_code", text, contract_code, "", "the same by the exchange's own code"},
    {"rank", number, rank, "", "place in the ranking, 1 is best"},
    {"rank_delta", number, rank_delta, "", "previous rank − rank: positive after a climb; null when it was not ranked"},
    {"score", number, score, "", "the score under the rule's profile"},
    {"last_price", number, last_price, "", "USDT"},
    {"qvol_usdt", number, number_of<&Metrics::qvol_usdt>, "", "24 h turnover, USDT"},
    {"atr_pct", number, number_of<&Metrics::atr_pct>, "", "percent"},
    {"spread_bps", number, number_of<&Metrics::spread_bps>, "", "basis points"},
    {"slip_bps", number, number_of<&Metrics::slip_bps>, "", "basis points, for the scan's notional"},
    {"top5_depth_usdt", number, number_of<&Metrics::top5_depth_usdt>, "", "USDT"},
    {"ret_15", number, number_of<&Metrics::ret_15>, "", "percent in 15 candles"},
    {"ret_1", number, number_of<&Metrics::ret_1>, "", "percent in one candle"},
    {"funding_8h_pct", number, optional_metric<&Metrics::funding_8h_pct>, "", "percent in 8 h; may be null"},
    {"funding_rate", number, funding_rate, "", "fraction per funding interval; may be null"},
    {"funding_interval_hours", number, funding_interval, "", "hours between two settlements"},
    {"listed_days", number, optional_metric<&Metrics::listed_days>, "",
     "days since the listing, at least; may be null"},
    {"open_interest", number, optional_metric<&Metrics::open_interest>, "", "base units; may be null"},
    {"basis_bps", number, optional_metric<&Metrics::basis_bps>, "", "basis points; may be null"},
    {"volume_zscore", number, number_of<&Metrics::volume_zscore>, "", "deviations of the last closed candle's volume"},
    {"order_flow_imbalance", number, number_of<&Metrics::order_flow_imbalance>, "", "−1…1"},
    {"volatility_regime", number, number_of<&Metrics::volatility_regime>, "", "ratio"},
    {"price_velocity", number, number_of<&Metrics::price_velocity>, "", "percent a candle"},
    {"anomaly_score", number, number_of<&Metrics::anomaly_score>, "", "0…100"},
    {"depth_to_volume_ratio", number, number_of<&Metrics::depth_to_volume_ratio>, "", "ratio"},
    {"liquidity_edge", number, number_of<&Edges::liquidity_edge>, "", "against the other contracts of the cycle"},
    {"momentum_edge", number, number_of<&Edges::momentum_edge>, "", "against the other contracts of the cycle"},
    {"volatility_edge", number, number_of<&Edges::volatility_edge>, "", "against the other contracts of the cycle"},
    {"microstructure_edge", number, number_of<&Edges::microstructure_edge>, "",
     "against the other contracts of the cycle"},
    {"anomaly_residual", number, number_of<&Edges::anomaly_residual>, "", "against the other contracts of the cycle"},
    {"manip_score", number, manip_score, "", "0…100"},
    {"manip_flags", flags, manip_flags, "", "the flags that are raised"},
    {"age_ms", number, age_ms, "", "milliseconds since the oldest input was true"},
    {"z_15s", number, number_of<&Momentum::z_15s>, "", "deviations from the mean of 4 closes"},
    {"z_1m", number, number_of<&Momentum::z_1m>, "", "deviations from the mean of 20 closes"},
    {"z_5m", number, number_of<&Momentum::z_5m>, "", "deviations from the mean of 60 closes"},
    {"vwap_distance", number, number_of<&Momentum::vwap_distance>, "", "percent"},
    {"rsi14", number, number_of<&Momentum::rsi14>, "", "0…100"},
    {"queue_position", number, number_of<&Execution::queue_position>, "", "0…1"},
    {"simulated_impact_bps", number, number_of<&Execution::simulated_impact_bps>, "", "basis points"},
    {"depth_decay", number, number_of<&Microstructure::depth_decay>, "", "part of the depth gone in a cycle"},
    {"trade_imbalance", number, number_of<&Microstructure::trade_imbalance>, "", "imbalance times volume"},
    {"spoof_unwind", boolean, signature<&Microstructure::spoof_unwind>, "", "true or false"},
    {"passive_absorption", boolean, signature<&Microstructure::passive_absorption>, "", "true or false"},
    {"pump_signature", boolean, signature<&Microstructure::pump_signature>, "", "true or false"},
    {"dump_signature", boolean, signature<&Microstructure::dump_signature>, "", "true or false"},
    {"volatility_bucket", text, volatility_bucket, "", "\"low\", \"medium\" or \"high\""},
    {"flags", flags, manip_flags, "manip_flags", ""},
    {"manipulation_score", number, manip_score, "manip_score", ""},
    {"manipulation_flags", flags, manip_flags, "manip_flags", ""},
});

}  // namespace

RuleSubject make_subject(const ranking::Ranking& ranking, const ranking::RankedEntry& entry) {
    const ranking::ContractSnapshot& snapshot = ranking.contract(entry.contract);
    return {.snapshot = &snapshot,
            .edges = &ranking.edges[entry.contract],
            .rank = entry.rank,
            .rank_delta = entry.rank_delta,
            .score = entry.score,
            .age = std::max(std::chrono::milliseconds(0), ranking.time - snapshot.data.data_time)};
}

std::string_view describe(ValueType type) noexcept {
    switch (type) {
        case ValueType::number: return "a number";
        case ValueType::text: return "a text";
        case ValueType::flags: return "a list of flags";
        case ValueType::boolean: return "a condition";
    }
    return "a value";
}

std::span<const RuleField> rule_fields() {
    return kFields;
}

const RuleField* find_rule_field(std::string_view name) {
    const auto found = std::ranges::find(kFields, name, &RuleField::name);
    return found == kFields.end() ? nullptr : &*found;
}

}  // namespace scanner::rules
