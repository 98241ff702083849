#include "api/manipulation/manipulation_endpoints.hpp"

#include "api/access/change_guard.hpp"
#include "api/access/cors.hpp"
#include "api/answers/envelope.hpp"
#include "api/history/history_queries.hpp"
#include "api/history/history_views.hpp"
#include "api/http/json_body.hpp"
#include "api/http/param_reader.hpp"
#include "api/manipulation/manipulation_views.hpp"
#include "api/operator/changes.hpp"

#include "scanner/core/symbol.hpp"
#include "scanner/signals/detect/flags.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <memory>
#include <string>
#include <utility>

namespace scanner::api {
namespace {

constexpr std::int64_t kDefaultPage = 100;
/// Rows that a stream reads, holds and sends at a time.
constexpr std::size_t kStreamRows = 200;
constexpr int kRetryAfterSec = 5;
constexpr auto kMaxPage = static_cast<std::int64_t>(storage::kMaxEpisodeRows);
constexpr std::chrono::days kPrecisionWindow{7};
constexpr std::size_t kMaxNoteBytes = 2'000;

std::optional<core::WallTime> time_param(ParamReader& params, std::string_view name) {
    const auto text = params.text(name);
    if (!text) return std::nullopt;
    const auto time = parse_history_time(*text);
    if (!time) params.reject(name, "must be a time, as in 2026-11-22T05:24:00Z, or a date");
    return time;
}

void read_names(ParamReader& params, storage::EpisodesQuery& query) {
    if (const auto symbol = params.text("symbol")) {
        if (const auto code = core::parse_symbol(*symbol)) {
            query.symbol = core::unified_symbol(*code);
        } else {
            params.reject("symbol", "must be the name of a contract, as in BTC-USDT");
        }
    }
    if (const auto flag = params.text("flag")) {
        if (const auto known = signals::find_detector_flag(*flag)) {
            query.flag = std::string(to_string(*known));
        } else {
            params.reject("flag", fmt::format("unknown flag {}; /manipulation/flags has them", in_quotes(*flag)));
        }
    }
}

Problem unknown_episode(const std::string& id) {
    return {.status = 404,
            .type = "unknown-episode",
            .title = "Unknown episode",
            .detail = fmt::format("There is no episode {}, as far as history reaches back.", in_quotes(id))};
}

Problem too_many_streams() {
    Problem problem = plain_problem(429, "Too many streams of episodes at once; ask with limit and cursor, or later.");
    problem.retry_after_sec = kRetryAfterSec;
    return problem;
}

boost::asio::awaitable<void> send_pages(storage::EpisodeLedger* ledger, storage::EpisodesQuery query,
                                        storage::EpisodesPage page, std::shared_ptr<Places::Place> /*place*/,
                                        net::BodyWriter& writer) {
    for (;;) {
        const auto written = co_await writer.write(std::make_shared<const std::string>(ndjson_of(page.rows)));
        if (!written || page.next.empty()) co_return;
        if (writer.stopping()) break;
        query.cursor = std::exchange(page.next, {});
        page.rows = {};  // not two pages at a time
        auto next = co_await ledger->episodes(query);
        if (!next) {
            static_cast<void>(co_await writer.write(
                std::make_shared<const std::string>(ndjson_failure(store_problem(next.error()), query.cursor))));
            break;
        }
        page = std::move(*next);
    }
    // A body without its end: no client takes half of it for the whole.
    writer.abort();
}

Problem ledger_problem(const core::Error& error, const std::string& id) {
    return error.code() == core::ErrorCode::not_found ? unknown_episode(id) : store_problem(error);
}

}  // namespace

std::vector<ApiRoute> ManipulationEndpoints::routes() {
    std::vector<ApiRoute> routes;
    if (ports_.episodes == nullptr) return routes;
    const auto add = [&](std::string_view method, std::string_view path, Access access,
                         auto... parse_and_answer) -> ApiRoute& {
        routes.push_back({.method = method,
                          .pattern = PathPattern(path),
                          .label = path,
                          .handler = answering(this, parse_and_answer...),
                          .access = access});
        return routes.back();
    };
    add("GET", "/manipulation/flags", Access::open, &ManipulationEndpoints::flags);
    add("GET", "/manipulation/episodes", Access::open, &ManipulationEndpoints::read_query,
        &ManipulationEndpoints::episodes);
    ApiRoute& judge =
        add("POST", "/manipulation/episodes/{id}/disposition", Access::token, &ManipulationEndpoints::judge);
    judge.body = JsonBody();
    judge.versions = true;
    add("GET", "/manipulation/episodes/{id}", Access::open, &ManipulationEndpoints::episode);
    return routes;
}

ManipulationEndpoints::Waiting ManipulationEndpoints::flags(Call /*call*/) {
    const core::WallTime now = ports_.clock.now();
    const auto judged = co_await ports_.episodes->dispositions(now - kPrecisionWindow, now + std::chrono::minutes(1));
    co_return std::make_shared<Rendered>(
        render_flags(options_.manip_model, judged ? std::optional(*judged) : std::nullopt));
}

std::expected<LedgerQuery, Problem> ManipulationEndpoints::read_query(const Call& call) const {
    ParamReader params(call.params);
    LedgerQuery query;
    read_names(params, query.episodes);
    constexpr std::array<std::string_view, 2> kStatuses{"open", "ended"};
    if (const auto status = params.choice("status", kStatuses)) {
        query.episodes.status = *status == "open" ? storage::EpisodeStatus::open : storage::EpisodeStatus::ended;
    }
    query.episodes.from = time_param(params, "from");
    query.episodes.to = time_param(params, "to");
    constexpr std::array<std::string_view, 2> kFormats{"json", "ndjson"};
    const auto format = params.choice("format", kFormats);
    query.ndjson =
        format ? *format == "ndjson" : preferred_format(call.request.header("Accept")) == HistoryFormat::ndjson;
    const auto limit = params.integer("limit", 1, kMaxPage);
    query.whole = query.ndjson && !limit;
    query.episodes.limit = query.whole ? kStreamRows : static_cast<std::size_t>(limit.value_or(kDefaultPage));
    query.episodes.cursor = params.text("cursor").value_or("");
    if (auto errors = params.finish(); !errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return query;
}

ManipulationEndpoints::Waiting ManipulationEndpoints::episodes(Call call, LedgerQuery query) {
    // Taken before the wait: every request made meanwhile would find it free.
    auto place = query.whole ? streams_.take(0, client_of(call.request)) : Places::Place();
    if (query.whole && !place) co_return std::unexpected(too_many_streams());
    auto page = co_await ports_.episodes->episodes(query.episodes);
    if (!page && page.error().code() == core::ErrorCode::invalid_input) {
        co_return std::unexpected(
            invalid_parameters({{.in = "query", .name = "cursor", .message = page.error().message()}}));
    }
    if (!page) co_return std::unexpected(store_problem(page.error()));
    if (query.whole && !page->next.empty()) {
        net::ServerResponse all = stream(std::move(query.episodes), std::move(*page), std::move(place), call);
        all.headers.push_back({.name = "Vary", .value = "Accept"});
        co_return all;
    }
    Rendered rendered =
        query.ndjson ? Rendered(std::string(kNdjsonType), ndjson_of(page->rows), std::nullopt) : render_episodes(*page);
    net::ServerResponse response = make_response(rendered, call.request, call.context);
    response.headers.push_back({.name = "Vary", .value = "Accept"});
    if (!page->next.empty()) response.headers.push_back({.name = "X-Next-Cursor", .value = page->next});
    co_return response;
}

net::ServerResponse ManipulationEndpoints::stream(storage::EpisodesQuery query, storage::EpisodesPage first,
                                                  Places::Place taken, const Call& call) {
    net::ServerResponse response;
    response.headers = {{.name = "Content-Type", .value = std::string(kNdjsonType)},
                        {.name = "Cache-Control", .value = "no-cache"},
                        {.name = "X-Accel-Buffering", .value = "no"},
                        {.name = "X-Content-Type-Options", .value = "nosniff"}};
    if (call.context.simulated) response.headers.push_back({.name = "X-Market", .value = "simulated"});
    for (auto& header : cors_headers(call.context.cors_origins, call.request.header("Origin")))
        response.headers.push_back(std::move(header));
    const auto place = std::make_shared<Places::Place>(std::move(taken));
    const auto page = std::make_shared<storage::EpisodesPage>(std::move(first));
    response.stream = [ledger = ports_.episodes, query = std::move(query), page, place](net::BodyWriter& writer) {
        return send_pages(ledger, query, std::move(*page), place, writer);
    };
    response.min_bytes_per_sec = HistoryEndpoints::kLeastBytesPerSec;
    return response;
}

ManipulationEndpoints::Waiting ManipulationEndpoints::episode(Call call) {
    const auto found = co_await ports_.episodes->episode(call.variable);
    if (!found) co_return std::unexpected(ledger_problem(found.error(), call.variable));
    co_return std::make_shared<Rendered>(render_episode(*found));
}

ManipulationEndpoints::Waiting ManipulationEndpoints::judge(Call call) {
    BodyReader reader(*call.body);
    storage::Disposition disposition;
    const auto verdict = reader.text("verdict");
    if (verdict) {
        if (const auto known = storage::find_episode_verdict(*verdict)) {
            disposition.verdict = *known;
        } else {
            reader.reject("verdict", "must be manipulation, benign or unsure");
        }
    } else if (!call.body->contains("verdict")) {
        reader.reject("verdict", "is required: manipulation, benign or unsure");
    }
    disposition.note = reader.text("note").value_or("");
    if (disposition.note.size() > kMaxNoteBytes) reader.reject("note", fmt::format("at most {} bytes", kMaxNoteBytes));
    if (disposition.note.contains('\0')) reader.reject("note", "must not contain a null character");
    if (auto errors = reader.finish(); !errors.empty()) co_return std::unexpected(invalid_body(std::move(errors)));

    const std::string& id = call.variable;
    const auto known = co_await ports_.episodes->episode(id);
    if (!known) co_return std::unexpected(ledger_problem(known.error(), id));
    const storage::Episode& episode = *known;
    const std::int64_t version = episode.disposition ? episode.disposition->version : 0;
    const auto expected =
        call.precondition.expect(version, [&episode](const auto& names) { return names(render_episode(episode)); });
    if (!expected) co_return std::unexpected(expected.error());
    disposition.at = ports_.clock.now();
    const auto judged = co_await ports_.episodes->judge(id, std::move(disposition), *expected);
    if (!judged) co_return std::unexpected(ledger_problem(judged.error(), id));
    const Rendered now = render_episode(*judged);
    const auto said = [](const storage::Episode& episode) {
        return episode.disposition ? fmt::format("\"{}\"", to_string(episode.disposition->verdict))
                                   : std::string("null");
    };
    log_change("manipulation_episode", id, call.request, said(*known), said(*judged));
    co_return ActionAnswer{.json = *now.body(), .etag = now.etag()};
}

}  // namespace scanner::api
