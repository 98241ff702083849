#include "scanner/alerts/alert.hpp"

#include "alerts/crypto.hpp"

#include "scanner/core/json_writer.hpp"

#include <string>

namespace scanner::alerts {

std::string alert_id(std::string_view rule, std::string_view symbol, core::WallTime time) {
    constexpr std::size_t kDigits = 32;  // 128 bits
    std::string named(rule);
    named.append(1, '\0').append(symbol).append(1, '\0').append(std::to_string(core::to_unix_ms(time)));
    return "alert_" + to_hex(sha256(named)).substr(0, kDigits);
}

std::string render_payload(const engine::Ranking& ranking, std::string_view profile, const RuleSubject& subject) {
    const signals::ContractNumbers& numbers = subject.snapshot->numbers;
    const market::Contract& contract = *subject.snapshot->data.contract;
    core::JsonWriter json(640);
    json.begin_object()
        .field("symbol", contract.symbol)
        .field("contract_code", contract.contract_code)
        .field("profile", profile)
        .field("rank", subject.rank)
        .field("rank_delta", subject.rank_delta)
        .field("score", subject.score)
        .field("last_price", subject.snapshot->data.ticker.last)
        .field("liquidity_edge", numbers.edges.liquidity_edge)
        .field("momentum_edge", numbers.edges.momentum_edge)
        .field("volatility_edge", numbers.edges.volatility_edge)
        .field("microstructure_edge", numbers.edges.microstructure_edge)
        .field("anomaly_residual", numbers.edges.anomaly_residual)
        .field("manipulation_score", numbers.manipulation.manip_score);
    json.key("manipulation_flags").begin_array();
    for (const std::string_view flag : numbers.manipulation.manip_flags) json.value(flag);
    json.end_array()
        .field("spread_bps", numbers.metrics.spread_bps)
        .field("ret_15", numbers.metrics.ret_15)
        .field("volume_zscore", numbers.metrics.volume_zscore)
        .field("seq", ranking.sequence);
    if (ranking.settings.simulated) json.field("simulated", true);
    return json.end_object().take();
}

std::string render_message(const Alert& alert) {
    core::JsonWriter json(256 + alert.payload_json.size());
    json.begin_object()
        .field("id", alert_id(alert.rule, alert.symbol, alert.time))
        .field("rule", alert.rule)
        .field("symbol", alert.symbol)
        .field("ts", core::format_time(alert.time))
        .key("payload")
        .raw(alert.payload_json.empty() ? std::string_view("null") : std::string_view(alert.payload_json))
        .end_object();
    return json.take();
}

}  // namespace scanner::alerts
