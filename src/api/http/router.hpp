#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::api {

/// A path as the route table writes it: "/symbol/{symbol}/inspect". A "{name}" stands for one or more segments (so that
/// "BTC/USDT:USDT" need not be percent-encoded), at most one in a pattern. Pure.
class PathPattern {
public:
    explicit PathPattern(std::string_view pattern);

    /// What "{name}" stands for ("" in a pattern without one), segments joined by '/'; nothing when the path is
    /// another.
    [[nodiscard]] std::optional<std::string> match(std::span<const std::string> segments) const;
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
    std::vector<std::string> before_;  ///< literal segments in front of the variable; all of them without one
    std::vector<std::string> after_;
    bool variable_ = false;
};

/// Who may use a route.
enum class Access {
    open,   ///< any client
    token,  ///< the bearer of SCANNER_API_TOKEN, from pages that may change something (ChangeGuard)
};

/// A route's body: a JSON object.
struct JsonBody {
    std::size_t max_bytes = 64U << 10U;  ///< more is answered 413
};

/// A row of the route table: what answers `method` at `pattern`, and what the dispatcher sees to before it does. HEAD
/// is answered wherever GET is. What a row does not mention is closed: it asks for the token and takes neither
/// parameters (a handler comes with a parser where there are some) nor a body.
template <class Handler>
struct Route {
    std::string_view method;
    PathPattern pattern;
    std::string_view label;  ///< the pattern's name in metrics; aliases share one
    Handler handler;
    Access access = Access::token;
    std::optional<JsonBody> body = std::nullopt;  ///< nothing: none is read
    bool documents = false;  ///< it needs the operator's documents: 503 until they were read for the first time
    bool versions = false;   ///< it changes something that has versions, which If-Match may name
};

/// What was found for a request.
template <class Handler>
struct RouteMatch {
    const Route<Handler>* route = nullptr;  ///< nullptr: no such method, or no such path
    std::string variable;                   ///< what the pattern's "{name}" stands for
    std::string allow;                      ///< methods of the path, for Allow; empty when no route has the path
};

/// The methods that `own` stands for: GET brings HEAD, everything brings OPTIONS.
[[nodiscard]] std::string allowed_methods(std::span<const std::string_view> own);

/// Routes in the order of preference. Pure.
template <class Handler>
class Router {
public:
    explicit Router(std::vector<Route<Handler>> routes) : routes_(std::move(routes)) {}

    [[nodiscard]] RouteMatch<Handler> match(std::string_view method, std::span<const std::string> segments) const {
        RouteMatch<Handler> found;
        std::vector<std::string_view> methods;
        for (const Route<Handler>& route : routes_) {
            auto variable = route.pattern.match(segments);
            if (!variable) continue;
            methods.push_back(route.method);
            const bool answers = route.method == method || (route.method == "GET" && method == "HEAD");
            if (found.route != nullptr || !answers) continue;
            found.route = &route;
            found.variable = std::move(*variable);
        }
        if (!methods.empty()) found.allow = allowed_methods(methods);
        return found;
    }

    [[nodiscard]] const std::vector<Route<Handler>>& routes() const noexcept { return routes_; }

private:
    std::vector<Route<Handler>> routes_;
};

}  // namespace scanner::api
