#include "scanner/alerts/alert.hpp"

#include "alerts/delivery/crypto.hpp"

#include "scanner/core/hex.hpp"
#include "scanner/core/json_writer.hpp"
#include "scanner/ranking/row_fields.hpp"
#include "scanner/signals/numbers.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace scanner::alerts {
namespace {

/// Of an expression with 256 terms only the first few that made it fire are shown.
constexpr std::size_t kMaxConditions = 8;

/// Flags are told by manipulation_flags.
void write_side(core::JsonWriter& json, std::string_view name, const std::optional<rules::RuleValue>& side) {
    if (!side) return;
    if (const auto* const number = std::get_if<double>(&*side)) json.field(name, *number);
    if (const auto* const flag = std::get_if<bool>(&*side)) json.field(name, *flag);
    if (const auto* const text = std::get_if<std::string_view>(&*side)) json.field(name, *text);
}

void write_conditions(core::JsonWriter& json, const std::vector<rules::ConditionResult>& conditions) {
    json.key("conditions").begin_array();
    std::size_t written = 0;
    for (const rules::ConditionResult& condition : conditions) {
        if (!condition.holds || written++ >= kMaxConditions) continue;
        json.begin_object().field("text", condition.text);
        write_side(json, "left", condition.left);
        write_side(json, "right", condition.right);
        json.end_object();
    }
    json.end_array();
}

void write_value(core::JsonWriter& json, const ranking::RowField& field, const ranking::RowValue& value) {
    json.key(field.name);
    std::visit(
        [&](const auto& held) {
            using Held = std::remove_cvref_t<decltype(held)>;
            if constexpr (std::is_same_v<Held, std::monostate>) {
                json.null();
            } else if constexpr (std::is_same_v<Held, double>) {
                json.value(signals::rounded(held, field.digits));
            } else if constexpr (std::is_same_v<Held, core::WallTime>) {
                json.value(core::format_time(held));
            } else if constexpr (std::is_same_v<Held, std::span<const std::string_view>> ||
                                 std::is_same_v<Held, std::span<const std::string>>) {
                json.begin_array();
                for (const std::string_view text : held) json.value(text);
                json.end_array();
            } else {
                json.value(held);
            }
        },
        value);
}

/// The whole item of the ranking: between two recorded rankings nothing else keeps it.
void write_item(core::JsonWriter& json, const ranking::Ranking& ranking, const rules::RuleSubject& subject) {
    json.key("item").begin_object();
    for (const ranking::RowField& field : ranking::item_fields_of(&ranking)) {
        write_value(json, field, field.get(subject));
    }
    json.end_object();
}

}  // namespace

std::string alert_id(std::string_view rule, std::string_view symbol, core::WallTime time) {
    constexpr std::size_t kDigits = 32;  // 128 bits
    std::string named(rule);
    named.append(1, '\0').append(symbol).append(1, '\0').append(std::to_string(core::to_unix_ms(time)));
    return "alert_" + core::to_hex(sha256(named)).substr(0, kDigits);
}

std::string render_payload(const ranking::Ranking& ranking, std::string_view profile, const rules::RuleSubject& subject,
                           const rules::Rule& rule) {
    const signals::NumbersView view = subject.numbers();
    const signals::ContractNumbers& numbers = view.numbers;
    const market::Contract& contract = *subject.snapshot->data.contract;
    core::JsonWriter json(640);
    using signals::shown;
    json.begin_object()
        .field("symbol", contract.symbol)
        .field("contract_code", contract.contract_code)
        .field("profile", profile)
        .field("rank", subject.rank)
        .field("rank_delta", subject.rank_delta)
        .field("score", subject.score)
        .field("last_price", subject.snapshot->data.ticker.last)
        .field("liquidity_edge", shown<&signals::Edges::liquidity_edge>(view))
        .field("momentum_edge", shown<&signals::Edges::momentum_edge>(view))
        .field("volatility_edge", shown<&signals::Edges::volatility_edge>(view))
        .field("microstructure_edge", shown<&signals::Edges::microstructure_edge>(view))
        .field("anomaly_residual", shown<&signals::Edges::anomaly_residual>(view))
        .field("manipulation_score", shown<&signals::Manipulation::manip_score>(view));
    json.key("manipulation_flags").begin_array();
    for (const std::string_view flag : numbers.manipulation.manip_flags) json.value(flag);
    json.end_array()
        .field("spread_bps", shown<&signals::Metrics::spread_bps>(view))
        .field("ret_15", shown<&signals::Metrics::ret_15>(view))
        .field("volume_zscore", shown<&signals::Metrics::volume_zscore>(view))
        .field("seq", ranking.sequence);
    json.field("expression", rule.text());
    write_conditions(json, rule.explain(subject));
    if (ranking.has_flow) write_item(json, ranking, subject);
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
