#include "api/streams/stream_endpoints.hpp"

#include "api/access/cors.hpp"
#include "api/streams/stream_rules.hpp"
#include "api/streams/stream_sessions.hpp"

#include <fmt/format.h>

#include <utility>

namespace scanner::api {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kHeartbeat = "/stream";
constexpr std::string_view kRankings = "/stream/rankings";
constexpr std::string_view kEvents = "/stream/events";
constexpr int kRetryAfterSec = 5;
constexpr std::uint16_t kPolicyViolation = 1008;

Problem foreign_origin(std::string_view origin) {
    return {
        .status = 403,
        .type = "origin-not-allowed",
        .title = "Origin not allowed",
        .detail = fmt::format("Pages of {} may not open WebSockets here; SCANNER_CORS_ORIGINS lists those that may.",
                              in_quotes(origin))};
}

/// Whether a page, or a program that says it is one, may open a WebSocket. Streams show what anyone may read, so this
/// only keeps foreign pages from reading through a browser that can reach the service. With a token there may be a
/// proxy in front that does not pass the browser's Host on: then any of these suffices: the browser's own statement
/// that page and address have one origin (no page can forge Sec-Fetch-Site), the token, or a page from the browser's
/// own machine.
bool page_may_listen(const net::ServerRequest& request, const ApiOptions& options, ChangeGuard& guard,
                     core::SteadyTime now) {
    const std::string_view origin = request.header("Origin");
    if (origin_may_connect(origin, request.header("Host"), options.cors_origins)) return true;
    if (options.api_token.empty()) return false;
    return request.header("Sec-Fetch-Site") == "same-origin" || page_on_loopback(origin) ||
           !guard.check_token(request, now);
}

asio::awaitable<void> close_with(net::WebSocket& socket, std::uint16_t code, std::string reason) {
    co_await socket.close(code, std::move(reason));
}

}  // namespace

std::vector<ApiRoute> StreamEndpoints::routes() {
    std::vector<ApiRoute> routes;
    if (ports_.streams == nullptr) return routes;
    const auto get = [&](std::string_view path, Handler handler) {
        routes.push_back({.method = "GET",
                          .pattern = PathPattern(path),
                          .label = path,
                          .handler = std::move(handler),
                          .access = Access::open});
    };
    for (const std::string_view path : {kHeartbeat, kRankings}) {
        get(path, answering(this, &StreamEndpoints::read_anything, &StreamEndpoints::upgrade_required));
    }
    get(kEvents, answering(this, &StreamEndpoints::read_query, &StreamEndpoints::events));
    return routes;
}

/// The answer to a plain request for a WebSocket's path, whatever its parameters.
Outcome StreamEndpoints::upgrade_required(const Call& call, const Anything& /*anything*/) {
    const Problem problem =
        plain_problem(426, fmt::format("This is a WebSocket; the same frames come over plain HTTP from {}.", kEvents));
    net::ServerResponse response = make_response(problem, call.request, call.context);
    response.headers.push_back({.name = "Upgrade", .value = "websocket"});
    return response;
}

std::optional<std::string_view> StreamEndpoints::websocket_label(const std::vector<std::string>& segments) const {
    if (ports_.streams == nullptr || segments.empty() || segments.front() != "stream") return std::nullopt;
    if (segments.size() == 1) return kHeartbeat;
    if (segments.size() == 2 && segments.back() == "rankings") return kRankings;
    return std::nullopt;
}

std::expected<StreamQuery, Problem> StreamEndpoints::query_of(const net::QueryParameters& params) const {
    const ranking::RankingPtr newest = ports_.engine.current();
    return parse_stream_query(params, {.ranking = newest.get(), .default_top = options_.default_top});
}

std::optional<Problem> StreamEndpoints::refuse(const net::ServerRequest& request, const Target& target,
                                               core::SteadyTime now) const {
    if (!page_may_listen(request, options_, guard_, now)) return foreign_origin(request.header("Origin"));
    if (websocket_label(target.segments) == kHeartbeat) return refuse_parameters(target.params);
    auto query = query_of(target.params);
    if (!query) return std::move(query.error());
    return std::nullopt;
}

StreamDemand StreamEndpoints::demand_of(StreamQuery query, std::string client) const {
    const auto by_default = query_of({});
    const bool is_default = by_default && canonical(*by_default) == canonical(query);
    return {.query = std::move(query), .client = std::move(client), .is_default = is_default};
}

asio::awaitable<void> StreamEndpoints::converse(const Target& target, std::string client,
                                                net::WebSocket& socket) const {
    if (websocket_label(target.segments) == kHeartbeat) {
        return converse_heartbeats(ports_.streams->hub(), socket);
    }
    auto query = query_of(target.params);
    // It was right a moment ago: the profile has just been deleted.
    if (!query) return close_with(socket, kPolicyViolation, query.error().detail);
    return converse_rankings(ports_.streams->hub(), demand_of(std::move(*query), std::move(client)), socket);
}

Outcome StreamEndpoints::events(const Call& call, const StreamQuery& query) {
    const auto& hub = ports_.streams->hub();
    auto demand = demand_of(query, client_of(call.request));
    if (auto reason = hub->refuse(&demand)) return std::unexpected(not_ready(std::move(*reason), kRetryAfterSec));
    net::ServerResponse response;
    response.headers = {{.name = "Content-Type", .value = "text/event-stream"},
                        {.name = "Cache-Control", .value = "no-cache, no-transform"},
                        {.name = "X-Accel-Buffering", .value = "no"},
                        {.name = "X-Content-Type-Options", .value = "nosniff"}};
    if (call.context.simulated) response.headers.push_back({.name = "X-Market", .value = "simulated"});
    for (auto& header : cors_headers(call.context.cors_origins, call.request.header("Origin"))) {
        response.headers.push_back(std::move(header));
    }
    // Taken now and not when the stream begins: what was counted above must still hold for the next client.
    const auto subscription = std::make_shared<StreamSubscriber>(hub, StreamKind::events, std::move(demand));
    response.stream = [subscription, last_id = parse_event_id(call.request.header("Last-Event-ID"))](
                          net::BodyWriter& writer) { return stream_events(subscription, last_id, writer); };
    return response;
}

}  // namespace scanner::api
