#include "api/access/cors.hpp"

#include <algorithm>

namespace scanner::api {
namespace {

bool is_allowed(std::span<const std::string> allowed, std::string_view origin) {
    return !origin.empty() &&
           std::ranges::any_of(allowed, [origin](const std::string& entry) { return entry == "*" || entry == origin; });
}

bool any_origin(std::span<const std::string> allowed) {
    return std::ranges::find(allowed, "*") != allowed.end();
}

}  // namespace

std::vector<net::Header> cors_headers(std::span<const std::string> allowed, std::string_view origin) {
    std::vector<net::Header> headers;
    if (allowed.empty()) return headers;
    const bool any = any_origin(allowed);
    if (!any) headers.push_back({.name = "Vary", .value = "Origin"});
    if (!is_allowed(allowed, origin)) return headers;
    headers.push_back({.name = "Access-Control-Allow-Origin", .value = any ? "*" : std::string(origin)});
    // Every field that an answer may have and that browsers do not show to pages by themselves.
    headers.push_back(
        {.name = "Access-Control-Expose-Headers",
         .value =
             "Allow, Content-Disposition, Date, ETag, Link, Retry-After, WWW-Authenticate, X-Data-Age-Ms, X-Market, "
             "X-Next-Cursor, X-Replay, X-Scan-Seq, X-Scan-Ts"});
    return headers;
}

std::vector<net::Header> cors_preflight_headers(std::span<const std::string> allowed, std::string_view origin,
                                                std::string_view methods) {
    std::vector<net::Header> headers;
    if (!is_allowed(allowed, origin)) return headers;
    headers.push_back({.name = "Access-Control-Allow-Methods", .value = std::string(methods)});
    headers.push_back({.name = "Access-Control-Allow-Headers",
                       .value = "Authorization, Content-Type, If-None-Match, If-Match, Last-Event-ID"});
    headers.push_back({.name = "Access-Control-Max-Age", .value = "600"});
    return headers;
}

}  // namespace scanner::api
