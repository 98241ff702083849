#include "scanner/api/handler.hpp"

#include "api/alerts/alert_endpoints.hpp"
#include "api/history/history_endpoints.hpp"
#include "api/http/endpoints.hpp"
#include "api/http/envelope.hpp"
#include "api/http/problem.hpp"
#include "api/http/response.hpp"
#include "api/http/router.hpp"
#include "api/http/target.hpp"
#include "api/http/target_memo.hpp"
#include "api/operator/operator_body.hpp"
#include "api/operator/operator_endpoints.hpp"
#include "api/operator/operator_rules.hpp"
#include "api/status/openapi.hpp"
#include "api/streams/stream_endpoints.hpp"

#include "scanner/core/symbol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace scanner::api {
namespace {

namespace asio = boost::asio;

class ApiHandler final : public net::RequestHandler {
public:
    ApiHandler(ApiOptions options, const engine::EngineView& engine, Metrics& metrics, const core::Clock& clock)
        : options_(std::move(options)),
          engine_(engine),
          metrics_(metrics),
          clock_(clock),
          guard_(options_),
          endpoints_(options_, engine, metrics, clock),
          streams_(options_, engine, guard_),
          operator_(options_),
          alerts_(options_, engine),
          history_(options_, engine),
          router_(all_routes()) {}

    asio::awaitable<net::ServerResponse> handle(net::ServerRequest request) override {
        const core::SteadyTime began = clock_.steady_now();
        guard_.tick(began);
        if (auto known = answer_again(request, began)) co_return std::move(*known);
        Begun begun = begin(request);
        net::ServerResponse response = std::move(begun.response);
        if (begun.waiting) {
            const Outcome outcome = co_await std::move(*begun.waiting);
            response = make_response(outcome, request, context());
        } else if (begun.acting) {
            ActionOutcome outcome = co_await std::move(*begun.acting);
            response = make_action_response(std::move(outcome), request, context());
        } else if (begun.responding) {
            response = co_await std::move(*begun.responding);
        }
        count(begun.label, response.status, began);
        co_return response;
    }

    std::optional<net::ServerResponse> refuse_websocket(const net::ServerRequest& request) override {
        Problem problem;
        std::string_view label = kUnmatched;
        if (const auto target = parse_target(request.target); !target) {
            problem = target.error();
        } else if (const auto stream = streams_.websocket_label(target->segments)) {
            label = *stream;
            auto refusal = streams_.refuse(request, *target, clock_.steady_now());
            metrics_.on_http_request(label, refusal ? refusal->status : kSwitchingProtocols, 0.0);
            if (!refusal) return std::nullopt;
            return make_response(std::unexpected(std::move(*refusal)), request, context());
        } else if (router_.match("GET", target->segments).route == nullptr) {
            problem = not_found(target->segments);
        } else {
            problem = plain_problem(400, "This route answers plain HTTP requests; it has no WebSocket.");
        }
        metrics_.on_http_request(kUnmatched, problem.status, 0.0);
        return make_response(std::unexpected(std::move(problem)), request, context());
    }

    asio::awaitable<void> handle_websocket(net::ServerRequest request, net::WebSocket& socket) override {
        const auto target = parse_target(request.target);
        if (!target) co_return;  // not reached: such a request was refused
        std::string client = client_of(request);
        request = net::ServerRequest();  // a conversation lasts, and a thousand of them need not keep their headers
        co_await streams_.converse(*target, std::move(client), socket);
    }

    /// Nothing of a body is kept where there is no such route, where the route takes none, or where the client may not
    /// change anything. A short one is then read past and the request answered in its turn, a long one not even read.
    std::optional<net::BodyRules> body_rules(const net::ServerRequest& head,
                                             std::optional<std::uint64_t> declared) override {
        const core::SteadyTime began = clock_.steady_now();
        const auto target = parse_target(head.target);
        const auto match = target ? router_.match(head.method, target->segments) : RouteMatch<Handler>();
        const bool takes_body = match.route != nullptr && match.route->takes_body;
        const bool wanted = takes_body && (!match.route->changes || guard_.allows(head));
        net::BodyRules rules{.max_bytes = wanted ? kMaxBodyBytes : net::kUnwantedBodyBytes, .kept = wanted};
        if (declared ? *declared <= rules.max_bytes : wanted || !takes_body) return rules;
        Problem problem;
        if (!target) {
            problem = target.error();
        } else if (match.allow.empty()) {
            problem = not_found(target->segments);
        } else if (match.route == nullptr && head.method != "OPTIONS") {
            problem = method_not_allowed(head.method, match.allow);
        } else {
            auto refused = takes_body && match.route->changes ? guard_.refuse(head, began) : std::nullopt;
            problem =
                refused ? std::move(*refused) : body_too_long(declared.value_or(0), takes_body ? kMaxBodyBytes : 0);
        }
        count(match.route == nullptr ? kUnmatched : match.route->label, problem.status, began);
        rules.refusal = make_response(std::unexpected(std::move(problem)), head, context());
        return rules;
    }

    net::ServerResponse protocol_error(int status, std::string detail) override {
        Problem problem = plain_problem(status, std::move(detail));
        if (status == 503 || status == 429) problem.retry_after_sec = 1;
        metrics_.on_http_request(kProtocol, status, 0.0);
        return make_response(std::unexpected(std::move(problem)), net::ServerRequest(), context());
    }

private:
    static constexpr std::string_view kUnmatched = "unmatched";
    static constexpr std::string_view kProtocol = "protocol";
    static constexpr int kSwitchingProtocols = 101;

    /// A request whose answer is there, or has to be waited for.
    struct Begun {
        std::string_view label = kUnmatched;  ///< the name of the route in metrics
        net::ServerResponse response;
        std::optional<asio::awaitable<Outcome>> waiting;
        std::optional<asio::awaitable<ActionOutcome>> acting;
        std::optional<asio::awaitable<net::ServerResponse>> responding;
    };

    [[nodiscard]] std::vector<Route<Handler>> all_routes() {
        auto routes = endpoints_.routes();
        for (auto& route : streams_.routes()) routes.push_back(std::move(route));
        for (auto& route : operator_.routes()) routes.push_back(std::move(route));
        for (auto& route : alerts_.routes()) routes.push_back(std::move(route));
        for (auto& route : history_.routes()) routes.push_back(std::move(route));
        add_document(routes);
        return routes;
    }

    /// The description of `routes`, itself one of them.
    void add_document(std::vector<Route<Handler>>& routes) const {
        constexpr std::string_view kPath = "/openapi.json";
        std::vector<ServedRoute> served{{.method = "GET", .pattern = kPath}};
        for (const auto& route : routes) served.push_back({.method = route.method, .pattern = route.pattern.text()});
        auto document = std::make_shared<Rendered>(
            std::string(kJsonType), openapi_document(served, options_.version, options_.base_path), std::nullopt);
        routes.push_back({.method = "GET",
                          .pattern = PathPattern(kPath),
                          .label = kPath,
                          .handler = MemoryHandler([document](const Call& call) -> Outcome {
                              if (auto problem = refuse_parameters(call.params)) {
                                  return std::unexpected(std::move(*problem));
                              }
                              return document;
                          })});
    }

    [[nodiscard]] ResponseContext context() const { return context(engine_.current().get()); }
    [[nodiscard]] ResponseContext context(const ranking::Ranking* newest) const {
        return {.cors_origins = options_.cors_origins,
                .now = engine_.now(),
                .simulated = newest != nullptr && newest->settings.simulated};
    }

    void count(std::string_view label, int status, core::SteadyTime began) {
        metrics_.on_http_request(label, status, std::chrono::duration<double>(clock_.steady_now() - began).count());
    }

    /// The answer to a target that this ranking answered before, without reading the target again.
    std::optional<net::ServerResponse> answer_again(const net::ServerRequest& request, core::SteadyTime began) {
        if (!may_repeat(request)) return std::nullopt;
        const ranking::RankingPtr newest = engine_.current();
        if (newest == nullptr || !engine_.is_fresh(*newest)) return std::nullopt;
        const TargetMemo::Answer* const known = memo_.find(*newest, request.target);
        if (known == nullptr) return std::nullopt;
        metrics_.on_cache_lookup("rendered", true);
        auto response = make_response(known->rendered, request, context(newest.get()));
        count(known->label, response.status, began);
        return response;
    }

    static bool may_repeat(const net::ServerRequest& request) {
        return request.method == "GET" || request.method == "HEAD";
    }

    void remember(const net::ServerRequest& request, std::string_view label, const net::QueryParameters& params,
                  const Outcome& outcome) {
        if (!outcome || !may_repeat(request) || !TargetMemo::fits(label, params)) return;
        if (const ranking::RankingPtr newest = engine_.current(); newest != nullptr) {
            memo_.keep(*newest, request.target, label, *outcome);
        }
    }

    Begun begin(const net::ServerRequest& request) {
        Begun begun;
        auto target = parse_target(request.target);
        if (!target) return refused(std::move(target.error()), request);
        auto match = router_.match(request.method, target->segments);
        if (match.allow.empty()) return refused(not_found(target->segments), request);
        if (request.method == "OPTIONS") {
            begun.response = make_options_response(request, match.allow, context());
            return begun;
        }
        if (match.route == nullptr) return refused(method_not_allowed(request.method, match.allow), request);
        begun.label = match.route->label;
        const Call call{.params = target->params, .variable = match.variable};
        const Handler* handler = history_.in_place_of(match.route->label, target->params);
        if (handler == nullptr) handler = &match.route->handler;
        if (const auto* const from_memory = std::get_if<MemoryHandler>(handler)) {
            const Outcome outcome = (*from_memory)(call);
            remember(request, begun.label, target->params, outcome);
            begun.response = make_response(outcome, request, context());
        } else if (const auto* const waiting = std::get_if<WaitingHandler>(handler)) {
            OwnedCall owned{.params = std::move(target->params), .variable = std::move(match.variable)};
            begun.waiting.emplace((*waiting)(std::move(owned)));
        } else if (const auto* const acting = std::get_if<ActionHandler>(handler)) {
            if (match.route->changes) {
                if (auto problem = guard_.refuse(request, clock_.steady_now())) {
                    begun.response = make_response(std::unexpected(std::move(*problem)), request, context());
                    return begun;
                }
            }
            Action action{
                .request = request, .params = std::move(target->params), .variable = std::move(match.variable)};
            begun.acting.emplace((*acting)(std::move(action)));
        } else if (const auto* const responding = std::get_if<RespondingHandler>(handler)) {
            begun.responding.emplace((*responding)(
                {.request = request, .params = std::move(target->params), .variable = std::move(match.variable)}));
        } else {
            auto response = std::get<ResponseHandler>(*handler)(request, call, context());
            begun.response = response ? std::move(*response)
                                      : make_response(std::unexpected(std::move(response.error())), request, context());
        }
        return begun;
    }

    [[nodiscard]] Begun refused(Problem problem, const net::ServerRequest& request) const {
        Begun begun;
        begun.response = make_response(std::unexpected(std::move(problem)), request, context());
        return begun;
    }

    static Problem body_too_long(std::uint64_t declared, std::size_t taken) {
        return plain_problem(413, fmt::format("The body has {} bytes; at most {} are taken here.", declared, taken));
    }

    [[nodiscard]] Problem not_found(const std::vector<std::string>& segments) const {
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

    ApiOptions options_;
    const engine::EngineView& engine_;
    Metrics& metrics_;
    const core::Clock& clock_;
    ChangeGuard guard_;
    Endpoints endpoints_;
    StreamEndpoints streams_;
    OperatorEndpoints operator_;
    AlertEndpoints alerts_;
    HistoryEndpoints history_;
    Router<Handler> router_;
    TargetMemo memo_;
};

}  // namespace

std::unique_ptr<net::RequestHandler> make_api_handler(ApiOptions options, const engine::EngineView& engine,
                                                      Metrics& metrics, const core::Clock& clock) {
    return std::make_unique<ApiHandler>(std::move(options), engine, metrics, clock);
}

}  // namespace scanner::api
