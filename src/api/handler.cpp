#include "scanner/api/handler.hpp"

#include "api/endpoints.hpp"
#include "api/problem.hpp"
#include "api/response.hpp"
#include "api/router.hpp"
#include "api/target.hpp"

#include "scanner/core/symbol.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

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
          endpoints_(options_, engine, metrics, clock),
          router_(endpoints_.routes()) {}

    asio::awaitable<net::ServerResponse> handle(net::ServerRequest request) override {
        const core::SteadyTime began = clock_.steady_now();
        std::string_view label = kUnmatched;
        net::ServerResponse response = respond(request, label);
        metrics_.on_http_request(label, response.status,
                                 std::chrono::duration<double>(clock_.steady_now() - began).count());
        co_return response;
    }

    std::optional<net::ServerResponse> refuse_websocket(const net::ServerRequest& request) override {
        Problem problem;
        if (const auto target = parse_target(request.target); !target) {
            problem = target.error();
        } else if (router_.match("GET", target->segments).route == nullptr) {
            problem = not_found(target->segments);
        } else {
            problem = plain_problem(400, "This route answers plain HTTP requests; it has no WebSocket.");
        }
        metrics_.on_http_request(kUnmatched, problem.status, 0.0);
        return make_response(std::unexpected(std::move(problem)), request, context());
    }

    asio::awaitable<void> handle_websocket(net::ServerRequest request, net::WebSocket& socket) override {
        // Not reached: refuse_websocket refuses them all. Returning closes the socket.
        static_cast<void>(request);
        static_cast<void>(socket);
        co_return;
    }

    net::ServerResponse protocol_error(int status, std::string detail) override {
        Problem problem = plain_problem(status, std::move(detail));
        if (status == 503) problem.retry_after_sec = 1;
        metrics_.on_http_request(kProtocol, status, 0.0);
        return make_response(std::unexpected(std::move(problem)), net::ServerRequest(), context());
    }

private:
    static constexpr std::string_view kUnmatched = "unmatched";
    static constexpr std::string_view kProtocol = "protocol";

    [[nodiscard]] ResponseContext context() const {
        const engine::RankingPtr newest = engine_.current();
        return {.cors_origins = options_.cors_origins,
                .now = engine_.now(),
                .simulated = newest != nullptr && newest->settings.simulated};
    }

    /// `label` is the name of the route in metrics, once there is one.
    net::ServerResponse respond(const net::ServerRequest& request, std::string_view& label) {
        const auto target = parse_target(request.target);
        if (!target) return make_response(std::unexpected(target.error()), request, context());
        const auto match = router_.match(request.method, target->segments);
        if (match.allow.empty()) return make_response(std::unexpected(not_found(target->segments)), request, context());
        if (request.method == "OPTIONS") return make_options_response(request, match.allow, context());
        if (match.route == nullptr) {
            return make_response(std::unexpected(method_not_allowed(request.method, match.allow)), request, context());
        }
        label = match.route->label;
        const Outcome outcome = match.route->handler({.params = target->params, .variable = match.variable});
        return make_response(outcome, request, context());
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
    Endpoints endpoints_;
    Router<Handler> router_;
};

}  // namespace

std::unique_ptr<net::RequestHandler> make_api_handler(ApiOptions options, const engine::EngineView& engine,
                                                      Metrics& metrics, const core::Clock& clock) {
    return std::make_unique<ApiHandler>(std::move(options), engine, metrics, clock);
}

}  // namespace scanner::api
