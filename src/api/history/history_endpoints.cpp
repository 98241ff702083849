#include "api/history/history_endpoints.hpp"

#include "api/access/change_guard.hpp"
#include "api/access/cors.hpp"
#include "api/answers/envelope.hpp"
#include "api/history/history_views.hpp"
#include "api/http/target.hpp"

#include "scanner/core/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace scanner::api {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kRankings = "/history/rankings";
constexpr std::string_view kBars = "/history/bars";
constexpr int kRetryAfterSec = 5;
/// Rows that a stream reads, holds and sends at a time.
constexpr std::size_t kStreamRows = 1'000;
constexpr std::size_t kStreamRowsWithInputs = 250;

Problem history_problem(const core::Error& error) {
    switch (error.code()) {
        case core::ErrorCode::invalid_input: {
            const auto& text = error.message();
            const std::size_t colon = text.find(": ");
            if (text.starts_with("cursor: "))
                return invalid_parameters({{.in = "query", .name = "cursor", .message = text.substr(colon + 2)}});
            return invalid_parameters({{.in = "query", .name = "from", .message = text}});
        }
        case core::ErrorCode::timeout: {
            Problem problem = plain_problem(503, "History could not be read in time; ask for less, or again later.");
            problem.type = "history-timeout";
            problem.title = "History not read in time";
            problem.retry_after_sec = kRetryAfterSec;
            return problem;
        }
        default: {
            Problem problem = plain_problem(
                503,
                "History cannot be read now (/healthz/details says why). What is ranked meanwhile is kept and written "
                "later; the present is served from memory as always.");
            problem.type = "history-unavailable";
            problem.title = "History unavailable";
            problem.retry_after_sec = kRetryAfterSec;
            return problem;
        }
    }
}

Problem too_many_streams() {
    Problem problem =
        plain_problem(503, fmt::format("{} exports run already, or {} from this address; ask again later, "
                                       "or page by page with limit and cursor.",
                                       HistoryEndpoints::kMaxStreams, HistoryEndpoints::kMaxStreamsOfClient));
    problem.retry_after_sec = kRetryAfterSec;
    return problem;
}

std::size_t rows_of(const HistoryRankingsQuery& query) {
    return query.limit.value_or(query.with_inputs ? kStreamRowsWithInputs : kStreamRows);
}
std::size_t rows_of(const HistoryBarsQuery& query) {
    return query.limit.value_or(kStreamRows);
}

asio::awaitable<core::Result<storage::RankingsPage>> read_page(storage::History& history, HistoryRankingsQuery query,
                                                               std::string cursor) {
    co_return co_await history.rankings({.from = query.from,
                                         .to = query.to,
                                         .profile = query.profile,
                                         .symbol = query.symbol,
                                         .with_inputs = query.with_inputs,
                                         .limit = rows_of(query),
                                         .cursor = std::move(cursor)});
}

asio::awaitable<core::Result<storage::BarsPage>> read_page(storage::History& history, HistoryBarsQuery query,
                                                           std::string cursor) {
    co_return co_await history.bars({.symbol = query.symbol,
                                     .interval = query.interval,
                                     .from = query.from,
                                     .to = query.to,
                                     .limit = rows_of(query),
                                     .cursor = std::move(cursor)});
}

/// The request's own path, as clients see it, and query with another cursor, and with the range of the first page:
/// without one given, it would move on while a client follows the pages.
std::string next_target(std::string_view base_path, const net::ServerRequest& request, const HistoryQuery& query,
                        std::string_view cursor) {
    const auto target = parse_target(request.target);
    std::string next(base_path);
    next += request.path();
    next += fmt::format("?from={}&to={}", core::percent_encode(core::format_time(query.from)),
                        core::percent_encode(core::format_time(query.to)));
    if (target) {
        for (const net::QueryParameter& param : target->params) {
            if (param.name == "cursor" || param.name == "from" || param.name == "to") continue;
            next += fmt::format("&{}={}", core::percent_encode(param.name), core::percent_encode(param.value));
        }
    }
    return fmt::format("{}&cursor={}", next, core::percent_encode(cursor));
}

/// Sends a page after the other, each when the client has taken the one before.
template <class Query, class Page>
asio::awaitable<void> send_pages(storage::History* history, Query query, Page page,
                                 std::shared_ptr<Places::Place> /*place*/, net::BodyWriter& writer) {
    const bool csv = query.format == HistoryFormat::csv;
    std::string text = csv ? csv_header(query) : "";
    for (;;) {
        text += csv ? csv_of(page.rows) : ndjson_of(page.rows);
        const auto written = co_await writer.write(std::make_shared<const std::string>(std::exchange(text, {})));
        if (!written) co_return;
        if (page.next.empty()) co_return;
        if (writer.stopping()) break;
        const std::string cursor = std::exchange(page.next, {});
        page.rows = {};  // not two pages at a time
        auto next = co_await read_page(*history, query, cursor);
        if (next) {
            page = std::move(*next);
            continue;
        }
        if (!csv) {
            auto failure = std::make_shared<const std::string>(ndjson_failure(history_problem(next.error()), cursor));
            static_cast<void>(co_await writer.write(std::move(failure)));
        }
        break;
    }
    // A body without its end: no client takes half of it for the whole.
    writer.abort();
}

}  // namespace

std::vector<ApiRoute> HistoryEndpoints::routes() {
    std::vector<ApiRoute> routes;
    if (ports_.history == nullptr) return routes;
    const auto get = [&](std::string_view path, Handler handler) {
        routes.push_back({.method = "GET",
                          .pattern = PathPattern(path),
                          .label = path,
                          .handler = std::move(handler),
                          .access = Access::open});
    };
    get(kRankings, answering(this, &HistoryEndpoints::read_rankings, &HistoryEndpoints::pages<HistoryRankingsQuery>));
    get(kBars, answering(this, &HistoryEndpoints::read_bars, &HistoryEndpoints::pages<HistoryBarsQuery>));
    return routes;
}

Handler HistoryEndpoints::as_of_handler() {
    if (ports_.history == nullptr) return {};
    return answering(this, &HistoryEndpoints::read_as_of, &HistoryEndpoints::as_of);
}

std::expected<HistoryRankingsQuery, Problem> HistoryEndpoints::read_rankings(const Call& call) const {
    return parse_history_rankings(call.params, query_context(call.request));
}
std::expected<HistoryBarsQuery, Problem> HistoryEndpoints::read_bars(const Call& call) const {
    return parse_history_bars(call.params, query_context(call.request));
}
std::expected<AsOfQuery, Problem> HistoryEndpoints::read_as_of(const Call& call) const {
    return parse_as_of(call.params, query_context(call.request));
}

template <class Query>
HistoryEndpoints::Waiting HistoryEndpoints::pages(Call call, Query query) {
    // Taken before the wait: every request made meanwhile would find it free.
    auto place = query.limit ? Places::Place() : streams_.take(0, client_of(call.request));
    if (!query.limit && !place) co_return std::unexpected(too_many_streams());
    // The first page before the status, so that a store that is away is a 503 and not half an answer.
    auto page = co_await read_page(*ports_.history, query, query.cursor);
    if (!page) co_return std::unexpected(history_problem(page.error()));
    net::ServerResponse response;
    if (query.limit || page->next.empty()) {
        Rendered rendered = render_page(query, *page);
        response = make_response(rendered, call.request, call.context);
    } else {
        response = stream(query, std::move(*page), std::move(place), call);
    }
    response.headers.push_back({.name = "Vary", .value = "Accept"});
    if (query.limit && !page->next.empty()) {
        response.headers.push_back(
            {.name = "Link",
             .value =
                 fmt::format("<{}>; rel=\"next\"", next_target(options_.base_path, call.request, query, page->next))});
        response.headers.push_back({.name = "X-Next-Cursor", .value = page->next});
    }
    co_return response;
}

template <class Query, class Page>
net::ServerResponse HistoryEndpoints::stream(Query query, Page first, Places::Place taken, const Call& call) {
    net::ServerResponse response;
    const bool csv = query.format == HistoryFormat::csv;
    response.headers = {{.name = "Content-Type", .value = std::string(csv ? kCsvType : kNdjsonType)},
                        {.name = "Cache-Control", .value = "no-cache"},
                        {.name = "X-Accel-Buffering", .value = "no"},
                        {.name = "X-Content-Type-Options", .value = "nosniff"}};
    if (call.context.simulated) response.headers.push_back({.name = "X-Market", .value = "simulated"});
    for (auto& header : cors_headers(call.context.cors_origins, call.request.header("Origin")))
        response.headers.push_back(std::move(header));
    const auto place = std::make_shared<Places::Place>(std::move(taken));
    const auto page = std::make_shared<Page>(std::move(first));
    response.stream = [history = ports_.history, query = std::move(query), page, place](net::BodyWriter& writer) {
        return send_pages(history, query, std::move(*page), place, writer);
    };
    response.min_bytes_per_sec = kLeastBytesPerSec;
    return response;
}

HistoryEndpoints::Waiting HistoryEndpoints::as_of(Call /*call*/, AsOfQuery query) {
    const auto found = co_await ports_.history->ranking_as_of(query.time, query.profile);
    if (!found) co_return std::unexpected(history_problem(found.error()));
    if (!*found) {
        Problem problem =
            plain_problem(404, fmt::format("Nothing was ranked at or before {}, as far as history reaches back.",
                                           core::format_time(query.time)));
        problem.type = "no-ranking-then";
        problem.title = "No ranking then";
        co_return std::unexpected(std::move(problem));
    }
    const auto profiles = profiles_of(**found);
    if (!profiles.empty() && !std::ranges::binary_search(profiles, query.profile)) {
        co_return std::unexpected(
            invalid_parameters({{.in = "query",
                                 .name = "profile",
                                 .message = fmt::format("{} was no profile of that cycle; it had {}",
                                                        in_quotes(query.profile), fmt::join(profiles, ", "))}}));
    }
    Rendered rendered = render_as_of(query, **found);
    co_return std::make_shared<Rendered>(ports_.replay == nullptr ? std::move(rendered)
                                                                  : told_as_replay(std::move(rendered)));
}

HistoryContext HistoryEndpoints::query_context(const net::ServerRequest& request) const {
    const ranking::RankingPtr newest = ports_.engine.current();
    HistoryContext context{.now = ports_.engine.now(), .accept = request.header("Accept")};
    context.default_top = options_.default_top;
    if (newest != nullptr) context.default_profile = newest->settings.default_profile;
    return context;
}

}  // namespace scanner::api
