#include "api/operator/operator_endpoints.hpp"

#include "api/operator/operator_rules.hpp"
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

constexpr double kMostNotional = 1e12;

/// One member of POST /settings.
struct SettingMember {
    std::string_view name;
    std::optional<double> OperatorSettings::* member;
    double low;
    double high;
};
constexpr auto kSettings =
    std::to_array<SettingMember>({{"liquidity_weight", &OperatorSettings::liquidity_weight, -kMostWeight, kMostWeight},
                                  {"momentum_weight", &OperatorSettings::momentum_weight, -kMostWeight, kMostWeight},
                                  {"spread_penalty", &OperatorSettings::spread_penalty, -kMostWeight, kMostWeight},
                                  {"manipulation_threshold", &OperatorSettings::manipulation_threshold, 0.0, 100.0},
                                  {"notional", &OperatorSettings::notional, 1.0, kMostNotional}});

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
        } else if (symbols->size() > kMostWatchlistSymbols) {
            reader.reject("symbols", fmt::format("at most {} contracts", kMostWatchlistSymbols));
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

std::vector<Route<Handler>> OperatorEndpoints::routes() {
    std::vector<Route<Handler>> routes;
    if (options_.operator_service == nullptr) return routes;
    const auto get = [&](std::string_view path, Outcome (OperatorEndpoints::*answer)(const Call&)) {
        routes.push_back(
            {.method = "GET",
             .pattern = PathPattern(path),
             .label = path,
             .handler = MemoryHandler([this, answer](const Call& call) { return (this->*answer)(call); })});
    };
    const auto change = [&](std::string_view method, std::string_view path, bool takes_body,
                            Answer (OperatorEndpoints::*answer)(Action)) {
        routes.push_back(
            {.method = method,
             .pattern = PathPattern(path),
             .label = path,
             .handler = ActionHandler([this, answer](Action action) { return (this->*answer)(std::move(action)); }),
             .changes = true,
             .takes_body = takes_body});
    };
    get("/settings", &OperatorEndpoints::settings);
    change("POST", "/settings", true, &OperatorEndpoints::change_settings);
    get("/watchlists", &OperatorEndpoints::watchlists);
    change("POST", "/watchlists", true, &OperatorEndpoints::put_watchlist);
    get("/watchlists/{name}", &OperatorEndpoints::watchlist);
    change("DELETE", "/watchlists/{name}", false, &OperatorEndpoints::delete_watchlist);
    get("/profiles", &OperatorEndpoints::profiles);
    change("POST", "/profiles", true, &OperatorEndpoints::put_profile);
    change("POST", "/profiles/apply", false, &OperatorEndpoints::apply_profile);
    get("/profiles/{name}", &OperatorEndpoints::profile);
    change("DELETE", "/profiles/{name}", false, &OperatorEndpoints::delete_profile);
    return routes;
}

Outcome OperatorEndpoints::settings(const Call& call) {
    if (auto problem = refuse_parameters(call.params)) return std::unexpected(std::move(*problem));
    const auto now = documents();
    if (!now->loaded) return std::unexpected(documents_not_loaded());
    return std::make_shared<Rendered>(render_settings(*now, service().effective()));
}

Outcome OperatorEndpoints::watchlists(const Call& call) {
    if (auto problem = refuse_parameters(call.params)) return std::unexpected(std::move(*problem));
    const auto now = documents();
    if (!now->loaded) return std::unexpected(documents_not_loaded());
    return std::make_shared<Rendered>(render_watchlists(*now));
}

Outcome OperatorEndpoints::watchlist(const Call& call) {
    if (auto problem = refuse_parameters(call.params)) return std::unexpected(std::move(*problem));
    const auto now = documents();
    if (!now->loaded) return std::unexpected(documents_not_loaded());
    const storage::Watchlist* const list = now->find_watchlist(call.variable);
    if (list == nullptr) return std::unexpected(unknown_name("watchlist", call.variable, service().names()));
    return std::make_shared<Rendered>(render_watchlist(*list));
}

OperatorEndpoints::Answer OperatorEndpoints::change_settings(Action action) {
    if (auto problem = refuse_parameters(action.params)) co_return std::unexpected(std::move(*problem));
    const auto body = read_json_body(action.request);
    if (!body) co_return std::unexpected(body.error());
    const auto change = read_settings_change(*body);
    if (!change) co_return std::unexpected(change.error());
    const Precondition precondition = precondition_of(action.request);
    for (int attempt = 0; attempt < kMergeAttempts; ++attempt) {
        const auto before = documents();
        if (!before->loaded) co_return std::unexpected(documents_not_loaded());
        const Rendered seen = render_settings(*before, service().effective());
        const Rendered* const resource = &seen;
        if (precondition.asked() && !precondition.holds({&resource, 1}))
            co_return std::unexpected(precondition_failed());
        OperatorSettings next = before->settings;
        for (std::size_t i = 0; i < kSettings.size(); ++i) {
            if ((*change)[i]) next.*kSettings[i].member = *(*change)[i];
        }
        const auto stored = co_await service().store().put_settings(next, before->settings.version);
        if (stored) {
            log_change("settings", "default", action.request, render_set_values(before->settings),
                       render_set_values(*stored));
            const auto after = documents();
            co_return answer_with(render_settings(*after, service().effective(), "ok"),
                                  render_settings(*after, service().effective()));
        }
        // Without a precondition the client only asked for its own members: take what the other made of the rest.
        if (stored.error().code() != core::ErrorCode::conflict || precondition.asked()) {
            co_return std::unexpected(store_problem(stored.error()));
        }
    }
    co_return std::unexpected(still_busy());
}

OperatorEndpoints::Answer OperatorEndpoints::put_watchlist(Action action) {
    if (auto problem = refuse_parameters(action.params)) co_return std::unexpected(std::move(*problem));
    const auto body = read_json_body(action.request);
    if (!body) co_return std::unexpected(body.error());
    auto list = read_watchlist(*body);
    if (!list) co_return std::unexpected(std::move(list.error()));
    const auto before = documents();
    if (!before->loaded) co_return std::unexpected(documents_not_loaded());
    const storage::Watchlist* const known = before->find_watchlist(list->name);
    // Those that are being stored count too: the document shows them only afterwards.
    const auto place = known != nullptr ? Places::Place() : new_watchlists_.take(before->watchlists.size());
    if (known == nullptr && !place) {
        co_return std::unexpected(
            conflicting(fmt::format("There are {} watchlists already; delete one first.", before->watchlists.size())));
    }
    const Precondition precondition = precondition_of(action.request);
    storage::DocumentStore::Expected expected;
    if (precondition.asked()) {
        const Rendered all = render_watchlists(*before);
        const auto one = known == nullptr ? std::optional<Rendered>() : render_watchlist(*known);
        if (!precondition.holds(std::array{&all, one ? &*one : nullptr})) {
            co_return std::unexpected(precondition_failed());
        }
        expected = known == nullptr ? 0 : known->version;
    }
    const auto stored = co_await service().store().put_watchlist(std::move(*list), expected);
    if (!stored) co_return std::unexpected(store_problem(stored.error()));
    const Rendered made = render_watchlist(*stored);
    log_change("watchlist", stored->name, action.request,
               known == nullptr ? std::string("null") : *render_watchlist(*known).body(), *made.body());
    co_return answer_with(made, made);
}

OperatorEndpoints::Answer OperatorEndpoints::delete_watchlist(Action action) {
    if (auto problem = refuse_parameters(action.params)) co_return std::unexpected(std::move(*problem));
    const auto before = documents();
    if (!before->loaded) co_return std::unexpected(documents_not_loaded());
    const storage::Watchlist* const known = before->find_watchlist(action.variable);
    if (known == nullptr) co_return std::unexpected(unknown_name("watchlist", action.variable, service().names()));
    const Rendered one = render_watchlist(*known);
    const Precondition precondition = precondition_of(action.request);
    storage::DocumentStore::Expected expected;
    if (precondition.asked()) {
        const Rendered all = render_watchlists(*before);
        if (!precondition.holds(std::array<const Rendered*, 2>{&all, &one})) {
            co_return std::unexpected(precondition_failed());
        }
        expected = known->version;
    }
    const auto deleted = co_await service().store().delete_watchlist(action.variable, expected);
    if (!deleted) co_return std::unexpected(store_problem(deleted.error()));
    log_change("watchlist", action.variable, action.request, *one.body(), "null");
    co_return ActionAnswer{.json = nlohmann::json{{"status", "deleted"}, {"name", action.variable}}.dump()};
}

}  // namespace scanner::api
