#include "api/alerts/alert_views.hpp"

#include "api/answers/envelope.hpp"
#include "api/answers/item_fields.hpp"

#include "scanner/alerts/alert.hpp"
#include "scanner/core/symbol.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace scanner::api {
namespace {

using rules::RuleValue;

std::int64_t seconds(std::chrono::milliseconds duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

void write_rule(core::JsonWriter& json, const alerts::RuleView& rule) {
    json.begin_object().field("name", rule.name).field("expression", rule.expression);
    json.key("scope").raw(render_scope(rule.scope));
    json.field("cooldown_sec", rule.cooldown.count()).field("enabled", rule.enabled);
    json.field("for_sec", seconds(rule.hold)).field("built_in", rule.built_in);
    if (rule.error) json.field("error", to_string(*rule.error));
    if (rule.cannot_fire) json.field("cannot_fire", *rule.cannot_fire);
    json.end_object();
}

/// What a database gave back as JSON, as JSON whatever it is.
void write_payload(core::JsonWriter& json, const std::string& payload) {
    json.key("payload");
    if (!payload.empty() && nlohmann::json::accept(payload)) {
        json.raw(payload);
    } else {
        json.null();
    }
}

void write_rule_value(core::JsonWriter& json, std::string_view name, const std::optional<RuleValue>& value) {
    if (!value) return;
    json.key(name);
    if (const auto* const number = std::get_if<double>(&*value)) {
        write_number(json, *number);
    } else if (const auto* const flag = std::get_if<bool>(&*value)) {
        json.value(*flag);
    } else if (const auto* const text = std::get_if<std::string_view>(&*value)) {
        json.value(*text);
    } else if (const auto* const texts = std::get_if<std::span<const std::string_view>>(&*value)) {
        json.begin_array();
        for (const std::string_view entry : *texts) json.value(entry);
        json.end_array();
    } else {
        json.null();
    }
}

void write_tried(core::JsonWriter& json, const std::vector<alerts::TriedContract>& contracts) {
    json.begin_array();
    for (const alerts::TriedContract& tried : contracts) {
        const market::Contract& contract = *tried.subject.snapshot->data.contract;
        json.begin_object()
            .field("symbol", contract.symbol)
            .field("contract_code", contract.contract_code)
            .field("rank", tried.subject.rank);
        number_field(json, "score", tried.subject.score);
        json.key("conditions").begin_array();
        for (const rules::ConditionResult& condition : tried.conditions) {
            json.begin_object().field("text", condition.text).field("holds", condition.holds);
            write_rule_value(json, "left", condition.left);
            write_rule_value(json, "right", condition.right);
            json.end_object();
        }
        json.end_array().end_object();
    }
    json.end_array();
}

std::string code_of(const std::string& symbol) {
    return core::parse_symbol(symbol).value_or(symbol);
}

}  // namespace

Rendered render_rules(const std::vector<alerts::RuleView>& rules) {
    core::JsonWriter json(1'024);
    std::string versions;
    json.begin_object().key("items").begin_array();
    for (const alerts::RuleView& rule : rules) {
        write_rule(json, rule);
        versions += std::to_string(rule.version) + ',';
    }
    json.end_array().end_object();
    return {std::string(kJsonType), json.take(), std::nullopt, versions};
}

Rendered render_rule(const alerts::RuleView& rule) {
    core::JsonWriter json(256);
    write_rule(json, rule);
    return {std::string(kJsonType), json.take(), std::nullopt, std::to_string(rule.version) + ';'};
}

Rendered render_alerts(const storage::AlertsPage& page) {
    core::JsonWriter json(512 * (page.rows.size() + 1));
    json.begin_object().key("items").begin_array();
    for (const storage::AlertRecord& alert : page.rows) {
        json.begin_object()
            .field("id", alerts::alert_id(alert.rule, alert.symbol, alert.time))
            .field("rule", alert.rule)
            .field("symbol", alert.symbol)
            .field("contract_code", code_of(alert.symbol))
            .field("ts", core::format_time(alert.time))
            .field("seq", alert.sequence);
        write_payload(json, alert.payload_json);
        json.end_object();
    }
    write_next_cursor(json.end_array(), page.next);
    json.end_object();
    return {std::string(kJsonType), json.take(), std::nullopt};
}

Rendered render_dead_letters(const std::vector<storage::DeadLetter>& letters) {
    core::JsonWriter json(512 * (letters.size() + 1));
    json.begin_object().key("items").begin_array();
    for (const storage::DeadLetter& letter : letters) {
        json.begin_object()
            .field("id", letter.id)
            .field("alert_id", alerts::alert_id(letter.rule, letter.symbol, letter.time))
            .field("rule", letter.rule)
            .field("symbol", letter.symbol)
            .field("contract_code", code_of(letter.symbol))
            .field("ts", core::format_time(letter.time))
            .field("destination", letter.destination)
            .field("attempts", letter.attempts)
            .field("last_error", letter.last_error);
        write_payload(json, letter.payload_json);
        json.end_object();
    }
    json.end_array().end_object();
    return {std::string(kJsonType), json.take(), std::nullopt};
}

std::string render_rule_test(const ranking::Ranking& ranking, const RuleTest& test) {
    core::JsonWriter json(1'024);
    json.begin_object().field("ts", core::format_time(ranking.time)).field("seq", ranking.sequence);
    if (ranking.settings.simulated) json.field("simulated", true);
    json.field("expression", test.rule.text()).key("scope").raw(render_scope(test.scope));
    json.field("profile", test.scoped.profile).field("for_sec", seconds(test.rule.hold()));
    if (test.cannot_fire) json.field("cannot_fire", *test.cannot_fire);
    json.key("fields").begin_array();
    for (const std::string_view field : test.rule.fields()) json.value(field);
    json.end_array();
    json.field("evaluated", test.trial.evaluated).field("matched", test.trial.matched);
    json.key("matches");
    write_tried(json, test.trial.matches);
    json.key("near_misses");
    write_tried(json, test.trial.near_misses);
    return json.end_object().take();
}

}  // namespace scanner::api
