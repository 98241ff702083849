#include "scanner/api/handler.hpp"

#include "api/access/change_guard.hpp"
#include "api/http/dispatcher.hpp"
#include "api/http/problem.hpp"
#include "api/http/response.hpp"
#include "api/http/route_table.hpp"
#include "api/http/target.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace scanner::api {
namespace {

namespace asio = boost::asio;

class ApiHandler final : public net::RequestHandler {
public:
    ApiHandler(ApiOptions options, ApiPorts ports)
        : options_(std::move(options)),
          ports_(std::move(ports)),
          guard_(options_),
          table_(options_, ports_, guard_),
          dispatcher_(options_, ports_, guard_, table_.routes()) {}

    asio::awaitable<net::ServerResponse> handle(net::ServerRequest request) override {
        return dispatcher_.dispatch(std::move(request));
    }

    std::optional<net::ServerResponse> refuse_websocket(const net::ServerRequest& request) override {
        Problem problem;
        if (const auto target = parse_target(request.target); !target) {
            problem = target.error();
        } else if (const auto stream = table_.streams().websocket_label(target->segments)) {
            const auto refusal = table_.streams().refuse(request, *target, ports_.clock.steady_now());
            ports_.metrics.on_http_request(*stream, refusal ? refusal->status : kSwitchingProtocols, 0.0);
            if (!refusal) return std::nullopt;
            return make_response(*refusal, request, dispatcher_.context());
        } else {
            problem = dispatcher_.no_websocket(*target);
        }
        ports_.metrics.on_http_request(Dispatcher::kUnmatched, problem.status, 0.0);
        return make_response(problem, request, dispatcher_.context());
    }

    asio::awaitable<void> handle_websocket(net::ServerRequest request, net::WebSocket& socket) override {
        const auto target = parse_target(request.target);
        if (!target) co_return;  // not reached: such a request was refused
        std::string client = client_of(request);
        request = net::ServerRequest();  // a session lasts, and a thousand of them need not keep their headers
        co_await table_.streams().converse(*target, std::move(client), socket);
    }

    std::optional<net::BodyRules> body_rules(const net::ServerRequest& head,
                                             std::optional<std::uint64_t> declared) override {
        return dispatcher_.body_rules(head, declared);
    }

    net::ServerResponse protocol_error(int status, std::string detail) override {
        Problem problem = plain_problem(status, std::move(detail));
        if (status == 503 || status == 429) problem.retry_after_sec = 1;
        ports_.metrics.on_http_request(kProtocol, status, 0.0);
        return make_response(problem, net::ServerRequest(), dispatcher_.context());
    }

private:
    static constexpr std::string_view kProtocol = "protocol";
    static constexpr int kSwitchingProtocols = 101;

    ApiOptions options_;
    ApiPorts ports_;
    ChangeGuard guard_;
    RouteTable table_;
    Dispatcher dispatcher_;
};

}  // namespace

std::unique_ptr<net::RequestHandler> make_api_handler(ApiOptions options, ApiPorts ports) {
    return std::make_unique<ApiHandler>(std::move(options), std::move(ports));
}

}  // namespace scanner::api
