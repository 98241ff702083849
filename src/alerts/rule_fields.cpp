#include "scanner/alerts/rule_fields.hpp"

#include <algorithm>
#include <array>

namespace scanner::alerts {
namespace {

using engine::ContractSnapshot;
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

template <auto member>
RuleValue metric(const RuleSubject& subject) {
    return numbers(subject).metrics.*member;
}
template <std::optional<double> Metrics::* member>
RuleValue optional_metric(const RuleSubject& subject) {
    return maybe(numbers(subject).metrics.*member);
}
template <double Edges::* member>
RuleValue edge(const RuleSubject& subject) {
    return numbers(subject).edges.*member;
}
template <double Momentum::* member>
RuleValue momentum(const RuleSubject& subject) {
    return numbers(subject).momentum.*member;
}
template <double Execution::* member>
RuleValue execution(const RuleSubject& subject) {
    return numbers(subject).execution.*member;
}
template <auto member>
RuleValue microstructure(const RuleSubject& subject) {
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
    return signals::to_string(numbers(subject).microstructure.volatility_bucket);
}

using enum ValueType;

constexpr auto kFields = std::to_array<RuleField>({
    {"symbol", text, symbol, "", "the contract; compared with any spelling of one"},
    {"contract_code", text, contract_code, "", "the same by the exchange's own code"},
    {"rank", number, rank, "", "place in the ranking, 1 is best"},
    {"rank_delta", number, rank_delta, "", "previous rank − rank: positive after a climb; null when it was not ranked"},
    {"score", number, score, "", "the score under the rule's profile"},
    {"last_price", number, last_price, "", "USDT"},
    {"qvol_usdt", number, metric<&Metrics::qvol_usdt>, "", "24 h turnover, USDT"},
    {"atr_pct", number, metric<&Metrics::atr_pct>, "", "percent"},
    {"spread_bps", number, metric<&Metrics::spread_bps>, "", "basis points"},
    {"slip_bps", number, metric<&Metrics::slip_bps>, "", "basis points, for the scan's notional"},
    {"top5_depth_usdt", number, metric<&Metrics::top5_depth_usdt>, "", "USDT"},
    {"ret_15", number, metric<&Metrics::ret_15>, "", "percent in 15 candles"},
    {"ret_1", number, metric<&Metrics::ret_1>, "", "percent in one candle"},
    {"funding_8h_pct", number, optional_metric<&Metrics::funding_8h_pct>, "", "percent in 8 h; may be null"},
    {"open_interest", number, optional_metric<&Metrics::open_interest>, "", "base units; may be null"},
    {"basis_bps", number, optional_metric<&Metrics::basis_bps>, "", "basis points; may be null"},
    {"volume_zscore", number, metric<&Metrics::volume_zscore>, "", "deviations of the last closed candle's volume"},
    {"order_flow_imbalance", number, metric<&Metrics::order_flow_imbalance>, "", "−1…1"},
    {"volatility_regime", number, metric<&Metrics::volatility_regime>, "", "ratio"},
    {"price_velocity", number, metric<&Metrics::price_velocity>, "", "percent a candle"},
    {"anomaly_score", number, metric<&Metrics::anomaly_score>, "", "0…100"},
    {"depth_to_volume_ratio", number, metric<&Metrics::depth_to_volume_ratio>, "", "ratio"},
    {"liquidity_edge", number, edge<&Edges::liquidity_edge>, "", "against the other contracts of the cycle"},
    {"momentum_edge", number, edge<&Edges::momentum_edge>, "", "against the other contracts of the cycle"},
    {"volatility_edge", number, edge<&Edges::volatility_edge>, "", "against the other contracts of the cycle"},
    {"microstructure_edge", number, edge<&Edges::microstructure_edge>, "", "against the other contracts of the cycle"},
    {"anomaly_residual", number, edge<&Edges::anomaly_residual>, "", "against the other contracts of the cycle"},
    {"manip_score", number, manip_score, "", "0…100"},
    {"manip_flags", flags, manip_flags, "", "the flags that are raised"},
    {"age_ms", number, age_ms, "", "milliseconds since the oldest input was true"},
    {"z_15s", number, momentum<&Momentum::z_15s>, "", "deviations from the mean of 4 closes"},
    {"z_1m", number, momentum<&Momentum::z_1m>, "", "deviations from the mean of 20 closes"},
    {"z_5m", number, momentum<&Momentum::z_5m>, "", "deviations from the mean of 60 closes"},
    {"vwap_distance", number, momentum<&Momentum::vwap_distance>, "", "percent"},
    {"rsi14", number, momentum<&Momentum::rsi14>, "", "0…100"},
    {"queue_position", number, execution<&Execution::queue_position>, "", "0…1"},
    {"simulated_impact_bps", number, execution<&Execution::simulated_impact_bps>, "", "basis points"},
    {"depth_decay", number, microstructure<&Microstructure::depth_decay>, "", "part of the depth gone in a cycle"},
    {"trade_imbalance", number, microstructure<&Microstructure::trade_imbalance>, "", "imbalance times volume"},
    {"spoof_unwind", boolean, microstructure<&Microstructure::spoof_unwind>, "", "true or false"},
    {"passive_absorption", boolean, microstructure<&Microstructure::passive_absorption>, "", "true or false"},
    {"pump_signature", boolean, microstructure<&Microstructure::pump_signature>, "", "true or false"},
    {"dump_signature", boolean, microstructure<&Microstructure::dump_signature>, "", "true or false"},
    {"volatility_bucket", text, volatility_bucket, "", "\"low\", \"medium\" or \"high\""},
    {"flags", flags, manip_flags, "manip_flags", ""},
    {"manipulation_score", number, manip_score, "manip_score", ""},
    {"manipulation_flags", flags, manip_flags, "manip_flags", ""},
});

}  // namespace

RuleSubject make_subject(const engine::Ranking& ranking, const engine::RankedEntry& entry) {
    const engine::ContractSnapshot& snapshot = ranking.contracts[entry.contract];
    return {.snapshot = &snapshot,
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

}  // namespace scanner::alerts
