#include "scanner/api/host_guard.hpp"

#include "api/http/problem.hpp"
#include "api/http/response.hpp"

#include "scanner/core/address.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace scanner::api {
namespace {

namespace asio = boost::asio;

Problem foreign_host(std::string_view host) {
    return {.status = 421,
            .type = "foreign-host",
            .title = "Misdirected request",
            .detail = fmt::format("This service is not called {}; SCANNER_ALLOWED_HOSTS lists the names under which it "
                                  "answers beside localhost and its address.",
                                  in_quotes(host))};
}

class HostGuard final : public net::RequestHandler {
public:
    HostGuard(HostRules rules, net::RequestHandler& next, Metrics& metrics)
        : rules_(std::move(rules)), next_(next), metrics_(metrics) {}

    /// A plain function, because nearly every request is only forwarded.
    asio::awaitable<net::ServerResponse> handle(net::ServerRequest request) override {
        return is_welcome(request) ? next_.handle(std::move(request)) : refused(std::move(request));
    }
    std::optional<net::BodyRules> body_rules(const net::ServerRequest& head,
                                             std::optional<std::uint64_t> declared) override {
        if (is_welcome(head)) return next_.body_rules(head, declared);
        net::BodyRules rules{.max_bytes = net::kUnwantedBodyBytes};
        if (declared.value_or(rules.max_bytes) > rules.max_bytes) rules.refusal = refuse(head);
        return rules;
    }
    std::optional<net::ServerResponse> refuse_websocket(const net::ServerRequest& request) override {
        if (!is_welcome(request)) return refuse(request);
        return next_.refuse_websocket(request);
    }
    asio::awaitable<void> handle_websocket(net::ServerRequest request, net::WebSocket& socket) override {
        return next_.handle_websocket(std::move(request), socket);
    }
    net::ServerResponse protocol_error(int status, std::string detail) override {
        return next_.protocol_error(status, std::move(detail));
    }

private:
    [[nodiscard]] bool is_welcome(const net::ServerRequest& request) const {
        if (is_own_host(request.header("Host"), rules_)) return true;
        const std::string_view path = request.path();
        return path == "/health" || path == "/metrics";
    }
    net::ServerResponse refuse(const net::ServerRequest& request) {
        Problem problem = foreign_host(request.header("Host"));
        metrics_.on_http_request("foreign_host", problem.status, 0.0);
        return make_response(problem, request, {.cors_origins = {}, .now = core::system_clock().now()});
    }
    asio::awaitable<net::ServerResponse> refused(net::ServerRequest request) { co_return refuse(request); }

    HostRules rules_;
    net::RequestHandler& next_;
    Metrics& metrics_;
};

}  // namespace

bool is_own_host(std::string_view host, const HostRules& rules) {
    if (host.empty()) return true;
    const auto authority = core::parse_authority(host);
    if (!authority) return false;
    if (core::equal_ignoring_case(authority->host, "localhost")) return true;
    const auto address = core::parse_address(authority->host);
    if (address && (!rules.loopback_only || core::is_loopback_address(*address))) return true;
    return std::ranges::any_of(
        rules.allowed, [&](const std::string& name) { return core::equal_ignoring_case(authority->host, name); });
}

std::unique_ptr<net::RequestHandler> make_host_guard(HostRules rules, net::RequestHandler& next, Metrics& metrics) {
    return std::make_unique<HostGuard>(std::move(rules), next, metrics);
}

}  // namespace scanner::api
