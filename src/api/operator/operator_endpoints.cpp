#include "api/operator/operator_endpoints.hpp"

#include "api/http/json_body.hpp"
#include "api/operator/changes.hpp"
#include "api/operator/operator_views.hpp"

#include "scanner/core/symbol.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace scanner::api {
namespace {

namespace asio = boost::asio;
using storage::OperatorSettings;

constexpr double kMaxNotional = 1e12;

/// One member of POST /settings.
struct SettingMember {
    std::string_view name;
    std::optional<double> OperatorSettings::* member;
    double low;
    double high;
};
constexpr auto kSettings =
    std::to_array<SettingMember>({{"liquidity_weight", &OperatorSettings::liquidity_weight, -kMaxWeight, kMaxWeight},
                                  {"momentum_weight", &OperatorSettings::momentum_weight, -kMaxWeight, kMaxWeight},
                                  {"spread_penalty", &OperatorSettings::spread_penalty, -kMaxWeight, kMaxWeight},
                                  {"manipulation_threshold", &OperatorSettings::manipulation_threshold, 0.0, 100.0},
                                  {"notional", &OperatorSettings::notional, 1.0, kMaxNotional}});

/// What a body asks of the settings: an outer nothing leaves, an inner one resets.
using SettingsChange = std::array<std::optional<std::optional<double>>, kSettings.size()>;

std::expected<SettingsChange, Problem> read_settings_change(const nlohmann::json& body) {
    SettingsChange change;
    BodyReader reader(body);
    for (std::size_t i = 0; i < kSettings.size(); ++i) {
        change[i] = reader.nullable_number(kSettings[i].name, kSettings[i].low, kSettings[i].high);
    }
    if (auto errors = reader.finish(); !errors.empty()) return std::unexpected(invalid_body(std::move(errors)));
    return change;
}

std::expected<storage::Watchlist, Problem> read_watchlist(const nlohmann::json& body) {
    storage::Watchlist list;
    BodyReader reader(body);
    list.name = reader.required_name("name").value_or("");
    if (const auto* const symbols = reader.member("symbols"); symbols != nullptr && !symbols->is_null()) {
        if (!symbols->is_array()) {
            reader.reject("symbols", "must be a list of contracts");
        } else if (symbols->size() > kMaxWatchlistSymbols) {
            reader.reject("symbols", fmt::format("at most {} contracts", kMaxWatchlistSymbols));
        } else {
            for (std::size_t i = 0; i < symbols->size(); ++i) {
                const auto* const text = (*symbols)[i].get_ptr<const std::string*>();
                const auto code = text == nullptr ? std::nullopt : core::parse_symbol(*text);
                if (!code) {
                    reader.reject(fmt::format("symbols.{}", i), "must be the name of a contract, as in \"BTC-USDT\"");
                    continue;
                }
                std::string symbol = core::unified_symbol(*code);
                if (std::ranges::find(list.symbols, symbol) == list.symbols.end()) {
                    list.symbols.push_back(std::move(symbol));
                }
            }
        }
    }
    if (auto errors = reader.finish(); !errors.empty()) return std::unexpected(invalid_body(std::move(errors)));
    return list;
}

ActionAnswer answer_with(Rendered body, const Rendered& resource) {
    return {.json = *body.body(), .etag = resource.etag()};
}

}  // namespace

std::vector<ApiRoute> OperatorEndpoints::routes() {
    std::vector<ApiRoute> routes;
    if (ports_.operator_service == nullptr) return routes;
    const auto get = [&](std::string_view path, Outcome (OperatorEndpoints::*answer)(const Call&)) {
        routes.push_back({.method = "GET",
                          .pattern = PathPattern(path),
                          .label = path,
                          .handler = answering(this, answer),
                          .access = Access::open,
                          .documents = true});
    };
    const auto change = [&](std::string_view method, std::string_view path, auto... parse_and_answer) -> ApiRoute& {
        routes.push_back({.method = method,
                          .pattern = PathPattern(path),
                          .label = path,
                          .handler = answering(this, parse_and_answer...),
                          .access = Access::token,
                          .documents = true,
                          .versions = true});
        return routes.back();
    };
    get("/settings", &OperatorEndpoints::settings);
    change("POST", "/settings", &OperatorEndpoints::change_settings).body = JsonBody();
    get("/watchlists", &OperatorEndpoints::watchlists);
    change("POST", "/watchlists", &OperatorEndpoints::put_watchlist).body = JsonBody();
    get("/watchlists/{name}", &OperatorEndpoints::watchlist);
    change("DELETE", "/watchlists/{name}", &OperatorEndpoints::delete_watchlist);
    get("/profiles", &OperatorEndpoints::profiles);
    change("POST", "/profiles", &OperatorEndpoints::put_profile).body = JsonBody();
    change("POST", "/profiles/apply", &OperatorEndpoints::read_profile_name, &OperatorEndpoints::apply_profile);
    get("/profiles/{name}", &OperatorEndpoints::profile);
    change("DELETE", "/profiles/{name}", &OperatorEndpoints::delete_profile);
    return routes;
}

Outcome OperatorEndpoints::settings(const Call& /*call*/) {
    return std::make_shared<Rendered>(render_settings(*documents(), service().effective()));
}

Outcome OperatorEndpoints::watchlists(const Call& /*call*/) {
    return std::make_shared<Rendered>(render_watchlists(*documents()));
}

Outcome OperatorEndpoints::watchlist(const Call& call) {
    const auto now = documents();
    const storage::Watchlist* const list = now->find_watchlist(call.variable);
    if (list == nullptr) return std::unexpected(unknown_name("watchlist", call.variable, service().names()));
    return std::make_shared<Rendered>(render_watchlist(*list));
}

asio::awaitable<Outcome> OperatorEndpoints::change_settings(Call call) {
    const auto change = read_settings_change(*call.body);
    if (!change) co_return std::unexpected(change.error());
    for (int attempt = 0; attempt < kMergeAttempts; ++attempt) {
        const auto before = documents();
        const auto expected = call.precondition.expect(before->settings.version, [&](const auto& names) {
            return names(render_settings(*before, service().effective()));
        });
        if (!expected) co_return std::unexpected(expected.error());
        OperatorSettings next = before->settings;
        for (std::size_t i = 0; i < kSettings.size(); ++i) {
            if ((*change)[i]) next.*kSettings[i].member = *(*change)[i];
        }
        const auto stored = co_await service().store().put_settings(next, before->settings.version);
        if (stored) {
            log_change("settings", "default", call.request, render_set_values(before->settings),
                       render_set_values(*stored));
            const auto after = documents();
            co_return answer_with(render_settings(*after, service().effective(), "ok"),
                                  render_settings(*after, service().effective()));
        }
        // Without a precondition the client only asked for its own members: take what the other change made of the
        // rest.
        if (stored.error().code() != core::ErrorCode::conflict || call.precondition.asked()) {
            co_return std::unexpected(store_problem(stored.error()));
        }
    }
    co_return std::unexpected(too_many_conflicts());
}

asio::awaitable<Outcome> OperatorEndpoints::put_watchlist(Call call) {
    auto list = read_watchlist(*call.body);
    if (!list) co_return std::unexpected(std::move(list.error()));
    const auto before = documents();
    const storage::Watchlist* const known = before->find_watchlist(list->name);
    // Those that are being stored count too: the document shows them only afterwards.
    const auto place = known != nullptr ? Places::Place() : new_watchlists_.take(before->watchlists.size());
    if (known == nullptr && !place) {
        co_return std::unexpected(
            conflicting(fmt::format("There are {} watchlists already; delete one first.", before->watchlists.size())));
    }
    const auto was = known == nullptr ? std::optional<Rendered>() : render_watchlist(*known);
    const auto expected = call.precondition.expect(known == nullptr ? 0 : known->version, [&](const auto& names) {
        return names(render_watchlists(*before)) || (was && names(*was));
    });
    if (!expected) co_return std::unexpected(expected.error());
    const auto stored = co_await service().store().put_watchlist(std::move(*list), *expected);
    if (!stored) co_return std::unexpected(store_problem(stored.error()));
    const Rendered made = render_watchlist(*stored);
    log_change("watchlist", stored->name, call.request, was ? *was->body() : std::string("null"), *made.body());
    co_return answer_with(made, made);
}

asio::awaitable<Outcome> OperatorEndpoints::delete_watchlist(Call call) {
    const auto before = documents();
    const storage::Watchlist* const known = before->find_watchlist(call.variable);
    if (known == nullptr) co_return std::unexpected(unknown_name("watchlist", call.variable, service().names()));
    const Rendered one = render_watchlist(*known);
    const auto expected = call.precondition.expect(
        known->version, [&](const auto& names) { return names(render_watchlists(*before)) || names(one); });
    if (!expected) co_return std::unexpected(expected.error());
    const auto deleted = co_await service().store().delete_watchlist(call.variable, *expected);
    if (!deleted) co_return std::unexpected(store_problem(deleted.error()));
    log_change("watchlist", call.variable, call.request, *one.body(), "null");
    co_return ActionAnswer{.json = nlohmann::json{{"status", "deleted"}, {"name", call.variable}}.dump()};
}

}  // namespace scanner::api
