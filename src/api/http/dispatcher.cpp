#include "api/http/dispatcher.hpp"

#include "api/http/json_body.hpp"
#include "api/http/param_reader.hpp"
#include "api/http/problem.hpp"
#include "api/operator/changes.hpp"

#include "scanner/core/symbol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace scanner::api {
namespace {

namespace asio = boost::asio;

bool may_repeat(const net::ServerRequest& request) {
    return request.method == "GET" || request.method == "HEAD";
}

Problem body_too_long(std::uint64_t declared, std::size_t taken) {
    return plain_problem(413, fmt::format("The body has {} bytes; at most {} are taken here.", declared, taken));
}

}  // namespace

asio::awaitable<net::ServerResponse> Dispatcher::dispatch(net::ServerRequest request) {
    const core::SteadyTime began = ports_.clock.steady_now();
    guard_.tick(began);
    if (auto known = cached_response(request, began)) co_return std::move(*known);
    Dispatch dispatched = begin(request);
    net::ServerResponse response = std::move(dispatched.response);
    if (dispatched.waiting) {
        Outcome outcome = co_await std::move(*dispatched.waiting);
        response = make_response(std::move(outcome), request, context());
    }
    count(dispatched.label, response.status, began);
    co_return response;
}

Dispatcher::Dispatch Dispatcher::begin(const net::ServerRequest& request) {
    auto target = parse_target(request.target);
    if (!target) return refused(target.error(), request);
    auto match = router_.match(request.method, target->segments);
    if (match.allow.empty()) return refused(not_found(target->segments), request);
    Dispatch dispatched;
    if (request.method == "OPTIONS") {
        dispatched.response = make_options_response(request, match.allow, context());
        return dispatched;
    }
    if (match.route == nullptr) return refused(method_not_allowed(request.method, match.allow), request);
    dispatched.label = match.route->label;
    Call call{.request = request,
              .params = std::move(target->params),
              .variable = std::move(match.variable),
              .context = context(),
              .body = nullptr,
              .precondition = {}};
    auto query = check(*match.route, call);
    if (!query) {
        dispatched.response = make_response(query.error(), request, call.context);
        return dispatched;
    }
    Reply reply = match.route->handler.answer(call, *query);
    if (auto* const waiting = std::get_if<asio::awaitable<Outcome>>(&reply)) {
        dispatched.waiting.emplace(std::move(*waiting));
    } else {
        auto& outcome = std::get<Outcome>(reply);
        remember(request, dispatched.label, call.params, outcome);
        dispatched.response = make_response(std::move(outcome), request, context());
    }
    return dispatched;
}

std::expected<ParsedQuery, Problem> Dispatcher::check(const ApiRoute& route, Call& call) {
    if (route.access == Access::token) {
        if (auto problem = guard_.authorize_change(call.request, ports_.clock.steady_now())) {
            return std::unexpected(std::move(*problem));
        }
    }
    if (!route.handler.parse) {
        if (auto problem = refuse_parameters(call.params)) return std::unexpected(std::move(*problem));
    }
    if (route.body) {
        auto body = read_json_body(call.request, *route.body);
        if (!body) return std::unexpected(std::move(body.error()));
        call.body = std::move(*body);
    }
    if (route.documents && !ports_.operator_service->store().documents()->loaded) {
        return std::unexpected(documents_not_loaded());
    }
    if (route.versions) call.precondition = Precondition(call.request);
    if (!route.handler.parse) return ParsedQuery();
    return route.handler.parse(call);
}

Dispatcher::Dispatch Dispatcher::refused(const Problem& problem, const net::ServerRequest& request) const {
    Dispatch dispatched;
    dispatched.response = make_response(problem, request, context());
    return dispatched;
}

net::BodyRules Dispatcher::body_rules(const net::ServerRequest& head, std::optional<std::uint64_t> declared) {
    const core::SteadyTime began = ports_.clock.steady_now();
    const auto target = parse_target(head.target);
    const auto match = target ? router_.match(head.method, target->segments) : RouteMatch<Handler>();
    const auto body = match.route != nullptr ? match.route->body : std::nullopt;
    const bool takes_body = body.has_value();
    const bool guarded = match.route != nullptr && match.route->access == Access::token;
    const std::size_t max_bytes = body ? body->max_bytes : 0;
    const bool wanted = takes_body && (!guarded || guard_.allows(head));
    net::BodyRules rules{.max_bytes = wanted ? max_bytes : net::kUnwantedBodyBytes, .kept = wanted};
    if (declared ? *declared <= rules.max_bytes : wanted || !takes_body) return rules;
    Problem problem;
    if (!target) {
        problem = target.error();
    } else if (match.allow.empty()) {
        problem = not_found(target->segments);
    } else if (match.route == nullptr && head.method != "OPTIONS") {
        problem = method_not_allowed(head.method, match.allow);
    } else {
        auto refusal = takes_body && guarded ? guard_.authorize_change(head, began) : std::nullopt;
        problem = refusal ? std::move(*refusal) : body_too_long(declared.value_or(0), max_bytes);
    }
    count(match.route == nullptr ? kUnmatched : match.route->label, problem.status, began);
    rules.refusal = make_response(problem, head, context());
    return rules;
}

Problem Dispatcher::no_websocket(const Target& target) const {
    if (router_.match("GET", target.segments).route == nullptr) return not_found(target.segments);
    return plain_problem(400, "This route answers plain HTTP requests; it has no WebSocket.");
}

std::optional<net::ServerResponse> Dispatcher::cached_response(const net::ServerRequest& request,
                                                               core::SteadyTime began) {
    if (!may_repeat(request)) return std::nullopt;
    if (ports_.replay != nullptr && std::exchange(jumps_, ports_.replay->jumps()) != ports_.replay->jumps()) {
        memo_ = TargetMemo();
    }
    const ranking::RankingPtr newest = ports_.engine.current();
    if (newest == nullptr || !ports_.engine.is_fresh(*newest)) return std::nullopt;
    const TargetMemo::Answer* const known = memo_.find(*newest, request.target);
    if (known == nullptr) return std::nullopt;
    ports_.metrics.on_cache_lookup("rendered", true);
    auto response = make_response(*known->rendered, request, context(newest.get()));
    count(known->label, response.status, began);
    return response;
}

void Dispatcher::remember(const net::ServerRequest& request, std::string_view label, const net::QueryParameters& params,
                          const Outcome& outcome) {
    if (!outcome || !may_repeat(request) || !TargetMemo::fits(label, params)) return;
    const auto* const rendered = std::get_if<std::shared_ptr<Rendered>>(&*outcome);
    if (rendered == nullptr) return;
    if (const ranking::RankingPtr newest = ports_.engine.current(); newest != nullptr) {
        memo_.keep(*newest, request.target, label, *rendered);
    }
}

ResponseContext Dispatcher::context(const ranking::Ranking* newest) const {
    return {.cors_origins = options_.cors_origins,
            .now = ports_.engine.now(),
            .simulated = newest != nullptr && newest->settings.simulated,
            .replay = ports_.replay != nullptr};
}

void Dispatcher::count(std::string_view label, int status, core::SteadyTime began) {
    ports_.metrics.on_http_request(label, status,
                                   std::chrono::duration<double>(ports_.clock.steady_now() - began).count());
}

Problem Dispatcher::not_found(const std::vector<std::string>& segments) const {
    std::string path;
    for (const std::string& segment : segments) path += '/' + segment;
    if (path.empty()) path = "/";
    // Likeness of names ends at a slash, as that of contracts must; paths are compared whole.
    const auto flat = [](std::string name) {
        std::ranges::replace(name, '/', '.');
        return name.substr(1);
    };
    std::vector<std::string> known;
    for (const auto& route : router_.routes()) known.push_back(flat(route.pattern.text()));
    std::vector<std::string> near;
    for (const std::string& name : core::nearest_names(flat(path), known)) {
        const auto place = static_cast<std::size_t>(std::ranges::find(known, name) - known.begin());
        near.push_back(router_.routes()[place].pattern.text());
    }
    return unknown_route(path, std::move(near));
}

}  // namespace scanner::api
