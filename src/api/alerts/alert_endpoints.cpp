#include "api/alerts/alert_endpoints.hpp"

#include "api/alerts/alert_views.hpp"
#include "api/answers/envelope.hpp"
#include "api/http/param_reader.hpp"
#include "api/operator/changes.hpp"

#include "scanner/alerts/evaluation.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/core/symbol.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace scanner::api {
namespace {

constexpr std::chrono::seconds kDefaultCooldown{300};
constexpr std::int64_t kDefaultPage = 100;
constexpr std::int64_t kMaxPage = 500;
constexpr std::size_t kMaxMatches = 200;

/// Compiles `expression`, or tells `reader` where it is wrong.
std::optional<rules::Rule> compile(const std::string& expression, BodyReader& reader) {
    auto rule = rules::Rule::compile(expression);
    if (rule) return std::move(*rule);
    const rules::RuleError& error = rule.error();
    reader.reject("expression", render_with_caret(error),
                  FieldError::Position{.line = error.line, .column = error.column, .length = error.length});
    return std::nullopt;
}

std::optional<core::WallTime> time_param(ParamReader& params, std::string_view name) {
    const auto text = params.text(name);
    if (!text) return std::nullopt;
    const auto time = core::parse_time(*text);
    if (!time) params.reject(name, "must be a time, as in 2026-11-22T05:24:00Z");
    return time;
}

std::expected<std::int64_t, Problem> letter_id(const std::string& text) {
    const auto id = core::parse_int(text);
    if (id && *id > 0) return *id;
    return std::unexpected(Problem{.status = 404,
                                   .type = "unknown-dead-letter",
                                   .title = "Unknown dead letter",
                                   .detail = fmt::format("There is no dead letter {}.", in_quotes(text))});
}

}  // namespace

std::vector<ApiRoute> AlertEndpoints::routes() {
    std::vector<ApiRoute> routes;
    if (ports_.operator_service == nullptr || ports_.alerts == nullptr || ports_.alert_archive == nullptr) {
        return routes;
    }
    const auto add = [&](std::string_view method, std::string_view path, Access access,
                         auto... parse_and_answer) -> ApiRoute& {
        routes.push_back({.method = method,
                          .pattern = PathPattern(path),
                          .label = path,
                          .handler = answering(this, parse_and_answer...),
                          .access = access});
        return routes.back();
    };
    add("GET", "/alerts/rules", Access::open, &AlertEndpoints::rules).documents = true;
    ApiRoute& put = add("POST", "/alerts/rules", Access::token, &AlertEndpoints::put_rule);
    put.body = JsonBody();
    put.documents = true;
    put.versions = true;
    // Changes nothing: it tries a rule on the newest ranking.
    add("POST", "/alerts/rules:test", Access::open, &AlertEndpoints::test_rule).body = JsonBody();
    ApiRoute& remove = add("DELETE", "/alerts/rules/{name}", Access::token, &AlertEndpoints::delete_rule);
    remove.documents = true;
    remove.versions = true;
    add("GET", "/alerts", Access::open, &AlertEndpoints::read_alerts_query, &AlertEndpoints::alerts);
    add("GET", "/alerts/dead-letters", Access::open, &AlertEndpoints::read_letters_query,
        &AlertEndpoints::dead_letters);
    add("POST", "/alerts/dead-letters/{id}/redeliver", Access::token, &AlertEndpoints::redeliver);
    add("DELETE", "/alerts/dead-letters/{id}", Access::token, &AlertEndpoints::delete_dead_letter);
    return routes;
}

std::optional<alerts::RuleView> AlertEndpoints::find_rule(std::string_view name) const {
    for (alerts::RuleView& rule : ports_.alerts->rules()) {
        if (rule.name == name) return std::move(rule);
    }
    return std::nullopt;
}

std::vector<std::string> AlertEndpoints::rule_names() const {
    std::vector<std::string> names;
    for (const alerts::RuleView& rule : ports_.alerts->rules()) names.push_back(rule.name);
    return names;
}

Outcome AlertEndpoints::rules(const Call& /*call*/) {
    return std::make_shared<Rendered>(render_rules(ports_.alerts->rules()));
}

std::optional<alerts::AlertScope> AlertEndpoints::read_scope(BodyReader& reader) const {
    const nlohmann::json* const given = reader.member("scope");
    if (given == nullptr) return std::nullopt;
    auto scope = alerts::parse_scope(given->dump());
    if (!scope) {
        for (alerts::ScopeError& error : scope.error()) reader.reject(error.member, std::move(error.message));
        return std::nullopt;
    }
    const auto check = [&reader](const std::string& member, const std::string& name,
                                 const std::vector<std::string>& known) {
        if (name.empty() || std::ranges::find(known, name) != known.end()) return;
        const auto near = core::nearest_names(name, known, 1);
        reader.reject(member, near.empty() ? fmt::format("there is no {}", in_quotes(name))
                                           : fmt::format("there is no {}; did you mean {}?", in_quotes(name),
                                                         in_quotes(near.front())));
    };
    std::vector<std::string> profiles;
    for (const signals::Profile& profile : ports_.operator_service->effective().profiles) {
        profiles.push_back(profile.name);
    }
    check("scope.profile", scope->profile, profiles);
    check("scope.watchlist", scope->watchlist, ports_.operator_service->names());
    return std::move(*scope);
}

AlertEndpoints::Waiting AlertEndpoints::put_rule(Call call) {
    const nlohmann::json& body = *call.body;
    BodyReader reader(body);
    storage::AlertRule rule;
    rule.name = reader.required_name("name").value_or("");
    const auto known = find_rule(rule.name);
    auto expression = reader.text("expression");
    if (!expression && !body.contains("expression")) {
        if (known) {
            expression = known->expression;
        } else {
            reader.reject("expression", "is required for a new rule");
        }
    }
    const auto compiled = expression ? compile(*expression, reader) : std::nullopt;
    rule.expression = expression.value_or("");
    const auto scope = read_scope(reader);
    rule.scope = render_scope(scope ? *scope : (known ? known->scope : alerts::AlertScope()));
    const auto cooldown = reader.integer("cooldown_sec", 0, alerts::kMaxCooldown.count());
    rule.cooldown = cooldown ? std::chrono::seconds(*cooldown) : (known ? known->cooldown : kDefaultCooldown);
    rule.enabled = reader.flag("enabled").value_or(known ? known->enabled : true);
    if (compiled && rule.enabled) {
        if (auto fault = ports_.alerts->hold_fault(compiled->hold())) reader.reject("expression", std::move(*fault));
    }
    if (auto errors = reader.finish(); !errors.empty()) co_return std::unexpected(invalid_body(std::move(errors)));
    const auto place = known ? Places::Place() : new_rules_.take(ports_.alerts->rules().size());
    if (!known && !place) {
        co_return std::unexpected(
            conflicting(fmt::format("There are {} rules already; delete one first.", alerts::kMaxRules)));
    }
    const auto was = known ? std::optional<Rendered>(render_rule(*known)) : std::nullopt;
    // What was not given comes from the rule as it was: it must not have been changed meanwhile.
    const storage::DocumentStore::Expected expected = known ? known->version : 0;
    const auto any_of = [&](const auto& names) {
        return names(render_rules(ports_.alerts->rules())) || (was && names(*was));
    };
    if (const auto seen = call.precondition.expect(*expected, any_of); !seen) co_return std::unexpected(seen.error());
    const auto stored = co_await documents().put_rule(std::move(rule), expected);
    if (!stored) co_return std::unexpected(store_problem(stored.error()));
    const auto made = find_rule(stored->name);
    if (!made) co_return std::unexpected(precondition_failed());
    const Rendered now = render_rule(*made);
    log_change("alert_rule", stored->name, call.request, was ? *was->body() : std::string("null"), *now.body());
    co_return ActionAnswer{.json = *now.body(), .etag = now.etag()};
}

AlertEndpoints::Waiting AlertEndpoints::delete_rule(Call call) {
    const std::string& name = call.variable;
    const auto known = find_rule(name);
    if (!known) co_return std::unexpected(unknown_name("alert rule", name, rule_names()));
    if (known->version == 0) {
        co_return std::unexpected(
            conflicting(fmt::format("{} is built in and as it shipped; it can be disabled, not deleted.", name)));
    }
    const Rendered was = render_rule(*known);
    const auto expected = call.precondition.expect(
        known->version, [&](const auto& names) { return names(render_rules(ports_.alerts->rules())) || names(was); });
    if (!expected) co_return std::unexpected(expected.error());
    const auto deleted = co_await documents().delete_rule(name, *expected);
    if (!deleted) co_return std::unexpected(store_problem(deleted.error()));
    log_change("alert_rule", name, call.request, *was.body(), "null");
    co_return ActionAnswer{.json = nlohmann::json{{"status", "deleted"}, {"name", name}}.dump()};
}

AlertEndpoints::Waiting AlertEndpoints::test_rule(Call call) {
    const nlohmann::json& body = *call.body;
    BodyReader reader(body);
    auto expression = reader.text("expression");
    const auto name = reader.text("name");
    const auto known = name ? find_rule(*name) : std::nullopt;
    if (!expression && known) expression = known->expression;
    if (!expression && !body.contains("expression")) {
        reader.reject(name ? "name" : "expression",
                      name ? fmt::format("there is no rule {}", in_quotes(*name))
                           : std::string("is required, or the name of a rule in its place"));
    }
    const auto rule = expression ? compile(*expression, reader) : std::nullopt;
    const auto given_scope = read_scope(reader);
    const alerts::AlertScope scope = given_scope ? *given_scope : (known ? known->scope : alerts::AlertScope());
    if (auto errors = reader.finish(); !errors.empty()) co_return std::unexpected(invalid_body(std::move(errors)));
    const ranking::RankingPtr ranking = ports_.engine.current();
    if (ranking == nullptr || !ports_.engine.is_fresh(*ranking)) {
        co_return std::unexpected(not_ready("There is no fresh ranking to try the rule on.", 5));
    }
    const auto watchlist = scope.watchlist.empty() ? std::nullopt : ports_.operator_service->contracts(scope.watchlist);
    const alerts::ScopedSubjects scoped = subjects_of(*ranking, scope, watchlist);
    const alerts::RuleTrial trial = alerts::try_rule(*rule, scoped.subjects, kMaxMatches);
    std::string answer = render_rule_test(*ranking, {.rule = *rule,
                                                     .scope = scope,
                                                     .scoped = scoped,
                                                     .trial = trial,
                                                     .cannot_fire = ports_.alerts->hold_fault(rule->hold())});
    if (ports_.replay != nullptr) answer = told_as_replay(std::move(answer));
    co_return ActionAnswer{.json = std::move(answer), .etag = {}};
}

std::expected<storage::AlertsQuery, Problem> AlertEndpoints::read_alerts_query(const Call& call) const {
    ParamReader params(call.params);
    storage::AlertsQuery query;
    query.rule = params.text("rule");
    if (const auto symbol = params.text("symbol")) {
        if (const auto code = core::parse_symbol(*symbol)) {
            query.symbol = core::unified_symbol(*code);
        } else {
            params.reject("symbol", "must be the name of a contract, as in BTC-USDT");
        }
    }
    query.from = time_param(params, "from");
    query.to = time_param(params, "to");
    query.limit = static_cast<std::size_t>(params.integer("limit", 1, kMaxPage).value_or(kDefaultPage));
    query.cursor = params.text("cursor").value_or("");
    if (auto errors = params.finish(); !errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return query;
}

AlertEndpoints::Waiting AlertEndpoints::alerts(Call /*call*/, storage::AlertsQuery query) {
    const auto page = co_await archive().alerts(std::move(query));
    if (page) co_return std::make_shared<Rendered>(render_alerts(*page));
    if (page.error().code() == core::ErrorCode::invalid_input) {
        co_return std::unexpected(
            invalid_parameters({{.in = "query", .name = "cursor", .message = page.error().message()}}));
    }
    co_return std::unexpected(store_problem(page.error()));
}

std::expected<AlertEndpoints::LettersQuery, Problem> AlertEndpoints::read_letters_query(const Call& call) const {
    ParamReader params(call.params);
    LettersQuery query;
    query.limit = static_cast<std::size_t>(params.integer("limit", 1, kMaxPage).value_or(kDefaultPage));
    if (auto errors = params.finish(); !errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return query;
}

AlertEndpoints::Waiting AlertEndpoints::dead_letters(Call /*call*/, LettersQuery query) {
    const auto letters = co_await archive().dead_letters(query.limit);
    if (!letters) co_return std::unexpected(store_problem(letters.error()));
    co_return std::make_shared<Rendered>(render_dead_letters(*letters));
}

AlertEndpoints::Waiting AlertEndpoints::redeliver(Call call) {
    const auto id = letter_id(call.variable);
    if (!id) co_return std::unexpected(id.error());
    const auto sent = co_await ports_.alerts->redeliver(*id);
    if (!sent && sent.error().code() == core::ErrorCode::conflict) {
        co_return std::unexpected(conflicting(sent.error().message() + "."));
    }
    if (!sent) co_return std::unexpected(store_problem(sent.error()));
    log_change("dead_letter", call.variable, call.request, "\"waiting\"", "\"queued\"");
    co_return ActionAnswer{.json = nlohmann::json{{"status", "queued"}, {"id", *id}}.dump()};
}

AlertEndpoints::Waiting AlertEndpoints::delete_dead_letter(Call call) {
    const auto id = letter_id(call.variable);
    if (!id) co_return std::unexpected(id.error());
    const auto deleted = co_await archive().delete_dead_letter(*id);
    if (!deleted) co_return std::unexpected(store_problem(deleted.error()));
    log_change("dead_letter", call.variable, call.request, "\"waiting\"", "null");
    co_return ActionAnswer{.json = nlohmann::json{{"status", "deleted"}, {"id", *id}}.dump()};
}

}  // namespace scanner::api
