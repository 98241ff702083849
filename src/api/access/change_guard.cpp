#include "api/access/change_guard.hpp"

#include "api/access/bearer.hpp"
#include "api/streams/stream_rules.hpp"

#include "scanner/core/address.hpp"
#include "scanner/core/log.hpp"
#include "scanner/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace scanner::api {
namespace {

/// Whether a Host header has an address, or localhost, or a name that the operator vouches for: no name that others
/// could let resolve to this machine.
bool is_known_host(std::string_view host, const ApiOptions& options) {
    const auto authority = core::parse_authority(host);
    if (!authority) return false;
    return core::parse_address(authority->host) || core::equal_ignoring_case(authority->host, "localhost") ||
           std::ranges::any_of(options.allowed_hosts, [&](const std::string& name) {
               return core::equal_ignoring_case(authority->host, name);
           });
}

/// A foreign page could otherwise change a scanner on its reader's machine. With a token its bearer may,
/// whatever the origin: no browser sends one on its own, and behind a proxy the origin is the proxy's, which the Host
/// need not tell. Without one the origin is all there is to go by: "*" opens reading to every page, not writing, and a
/// name that equals the Host's may be a foreign one that was made to resolve to this machine (DNS rebinding).
bool page_may_change(const net::ServerRequest& request, const ApiOptions& options) {
    if (!options.api_token.empty()) return true;  // it has been checked
    const std::string_view origin = request.header("Origin");
    const std::string_view host = request.header("Host");
    if (origin.empty()) {
        // Browsers that leave the Origin out still say where the page was. Programs say nothing.
        const std::string_view site = request.header("Sec-Fetch-Site");
        return site.empty() || site == "same-origin" || site == "none";
    }
    if (std::ranges::find(options.cors_origins, origin) != options.cors_origins.end()) return true;
    return origin_may_connect(origin, host, {}) && is_known_host(host, options);
}

Problem wrong_token_again(std::chrono::seconds wait) {
    return {.status = 429,
            .type = "token-wrong-again",
            .title = "Too many wrong tokens",
            .detail = fmt::format("The bearer token is not the value of SCANNER_API_TOKEN, and many wrong ones came "
                                  "from this address; try again in {} s. The right one is taken at any time.",
                                  wait.count()),
            .retry_after_sec = static_cast<int>(wait.count())};
}

}  // namespace

std::string client_of(const net::ServerRequest& request) {
    return request.has_limits ? core::client_name(request.remote_address) : std::string();
}

std::optional<Problem> ChangeGuard::check_token(const net::ServerRequest& request, core::SteadyTime now) {
    if (options_.api_token.empty()) return std::nullopt;
    auto problem = refuse_without_token(request.header("Authorization"), options_.api_token);
    const std::string client = core::client_name(request.remote_address);
    if (!problem) {
        watch_.right(client);
    } else if (problem->status == 403) {
        const auto wait = watch_.wrong(client, now);
        tick(now);
        if (wait) return wrong_token_again(*wait);
    }
    return problem;
}

bool ChangeGuard::allows(const net::ServerRequest& request) const {
    return !refuse_without_token(request.header("Authorization"), options_.api_token) &&
           page_may_change(request, options_);
}

std::optional<Problem> ChangeGuard::authorize_change(const net::ServerRequest& request, core::SteadyTime now) {
    if (auto problem = check_token(request, now)) return problem;
    if (page_may_change(request, options_)) return std::nullopt;
    const std::string_view origin = request.header("Origin");
    return Problem{
        .status = 403,
        .type = "origin-not-allowed",
        .title = "Origin not allowed",
        .detail = fmt::format("{} may not change anything here; SCANNER_CORS_ORIGINS lists those that may, and with "
                              "SCANNER_API_TOKEN set its bearer may from anywhere.",
                              origin.empty() ? std::string("Pages of other sites") : "Pages of " + in_quotes(origin))};
}

void ChangeGuard::log_wrong_tokens(core::SteadyTime now) {
    for (const TokenWatch::Line& line : watch_.take_lines(now)) {
        core::log(core::LogLevel::warning, "wrong_token", {{"remote_address", line.client}, {"count", line.count}});
    }
}

}  // namespace scanner::api
