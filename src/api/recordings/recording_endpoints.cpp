#include "api/recordings/recording_endpoints.hpp"

#include "api/access/cors.hpp"
#include "api/answers/envelope.hpp"
#include "api/history/history_queries.hpp"
#include "api/http/json_body.hpp"
#include "api/http/param_reader.hpp"
#include "api/operator/changes.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/symbol.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace scanner::api {
namespace {

constexpr std::string_view kType = "application/vnd.market-scanner.recording";
constexpr std::size_t kPieceBytes = 256U << 10U;
constexpr std::size_t kLeastBytesPerSec = 32U << 10U;
constexpr int kRetryAfterSec = 5;

/// `parameter`: the one that says too much where it is a cut that cannot be.
Problem recording_problem(const core::Error& error, std::string parameter = "from") {
    switch (error.code()) {
        case core::ErrorCode::not_found:
            return {
                .status = 404, .type = "unknown-recording", .title = "No such recording", .detail = error.message()};
        case core::ErrorCode::conflict: return conflicting(error.message());
        case core::ErrorCode::invalid_input:
            return invalid_parameters({{.in = "query", .name = std::move(parameter), .message = error.message()}});
        default: {
            Problem problem = plain_problem(503, error.message());
            problem.type = "recordings-unavailable";
            problem.title = "Recordings unavailable";
            problem.retry_after_sec = kRetryAfterSec;
            return problem;
        }
    }
}

void write_text_or_null(core::JsonWriter& json, std::string_view name, const std::string& text) {
    json.key(name);
    if (text.empty()) {
        json.null();
    } else {
        json.value(text);
    }
}

std::optional<core::WallTime> time_param(ParamReader& params, std::string_view name) {
    const auto text = params.text(name);
    if (!text) return std::nullopt;
    const auto time = parse_history_time(*text);
    if (!time) params.reject(name, "must be a time, as in 2026-11-22T05:24:00Z, or a date");
    return time;
}

/// A piece after the other, each when the client has taken the one before.
boost::asio::awaitable<void> send_cut(std::shared_ptr<RecordingCut> cut, net::BodyWriter& writer) {
    for (;;) {
        auto piece = co_await cut->read(kPieceBytes);
        if (!piece) break;
        if (piece->empty()) co_return;
        const auto written = co_await writer.write(std::make_shared<const std::string>(std::move(*piece)));
        if (!written) co_return;
        if (writer.stopping()) break;
    }
    writer.abort();
}

}  // namespace

std::string render_recording(const RecordingInfo& recording) {
    core::JsonWriter json(512);
    json.begin_object()
        .field("id", recording.id)
        .field("from", core::format_time(recording.from))
        .field("to", recording.to.transform(core::format_time))
        .field("bytes", recording.bytes)
        .field("segments", recording.segments)
        .key("contracts");
    if (recording.contracts) {
        json.value(*recording.contracts);
    } else {
        json.null();
    }
    json.field("running", recording.running);
    write_text_or_null(json, "state", recording.state);
    write_text_or_null(json, "error", recording.error);
    json.field("until", recording.until.transform(core::format_time)).end_object();
    return json.take();
}

std::vector<ApiRoute> RecordingEndpoints::routes() {
    std::vector<ApiRoute> routes;
    if (ports_.recordings == nullptr) return routes;
    const auto add = [&](std::string_view method, std::string_view path, auto... parse_and_answer) -> ApiRoute& {
        routes.push_back({.method = method,
                          .pattern = PathPattern(path),
                          .label = path,
                          .handler = answering(this, parse_and_answer...),
                          .access = Access::token});
        return routes.back();
    };
    add("GET", "/recordings", &RecordingEndpoints::list);
    add("POST", "/recordings", &RecordingEndpoints::begin).body = JsonBody();
    add("DELETE", "/recordings/current", &RecordingEndpoints::end);
    add("GET", "/recordings/{id}/cut", &RecordingEndpoints::read_range, &RecordingEndpoints::cut);
    return routes;
}

RecordingEndpoints::Waiting RecordingEndpoints::list(Call /*call*/) {
    const auto found = co_await ports_.recordings->list();
    if (!found) co_return std::unexpected(recording_problem(found.error()));
    core::JsonWriter json(64 + 256 * found->size());
    json.begin_object().key("recordings").begin_array();
    for (const RecordingInfo& recording : *found) json.raw(render_recording(recording));
    json.end_array().end_object();
    co_return std::make_shared<Rendered>(std::string(kJsonType), json.take(), std::nullopt);
}

RecordingEndpoints::Waiting RecordingEndpoints::begin(Call call) {
    BodyReader reader(*call.body);
    const auto seconds = reader.integer("for_sec", 1, kMaxRecordingTime.count());
    if (auto errors = reader.finish(); !errors.empty()) co_return std::unexpected(invalid_body(std::move(errors)));
    const auto begun = co_await ports_.recordings->begin(
        seconds.transform([](std::int64_t count) { return std::chrono::seconds(count); }));
    if (!begun) co_return std::unexpected(recording_problem(begun.error()));
    log_change("recording", begun->id, call.request, "null", seconds ? std::to_string(*seconds) : "true");
    co_return ActionAnswer{.json = render_recording(*begun), .etag = {}};
}

RecordingEndpoints::Waiting RecordingEndpoints::end(Call call) {
    const auto ended = co_await ports_.recordings->end();
    if (!ended) co_return std::unexpected(recording_problem(ended.error()));
    log_change("recording", ended->id, call.request, "true", "null");
    co_return ActionAnswer{.json = render_recording(*ended), .etag = {}};
}

std::expected<RecordingRange, Problem> RecordingEndpoints::read_range(const Call& call) const {
    ParamReader params(call.params);
    RecordingRange range{.from = time_param(params, "from"), .to = time_param(params, "to"), .contracts = {}};
    if (range.from && range.to && *range.from >= *range.to) params.reject("to", "must be after from");
    if (const auto symbols = params.list("symbols")) {
        for (const std::string& symbol : *symbols) {
            if (const auto code = core::parse_symbol(symbol)) {
                range.contracts.push_back(*code);
            } else {
                params.reject("symbols", fmt::format("{} is no name of a contract", in_quotes(symbol)));
            }
        }
    }
    if (auto errors = params.finish(); !errors.empty()) return std::unexpected(invalid_parameters(std::move(errors)));
    return range;
}

RecordingEndpoints::Waiting RecordingEndpoints::cut(Call call, RecordingRange range) {
    const bool of_some = !range.contracts.empty();
    const auto made = co_await ports_.recordings->cut(call.variable, std::move(range));
    if (!made) co_return std::unexpected(recording_problem(made.error(), of_some ? "symbols" : "from"));
    net::ServerResponse response;
    response.headers = {
        {.name = "Content-Type", .value = std::string(kType)},
        {.name = "Content-Disposition", .value = fmt::format("attachment; filename=\"{}\"", (*made)->name())},
        {.name = "Cache-Control", .value = "no-store"},
        {.name = "X-Content-Type-Options", .value = "nosniff"}};
    for (auto& header : cors_headers(call.context.cors_origins, call.request.header("Origin")))
        response.headers.push_back(std::move(header));
    response.declared_length = (*made)->bytes();
    response.stream = [cut = *made](net::BodyWriter& writer) { return send_cut(cut, writer); };
    response.min_bytes_per_sec = kLeastBytesPerSec;
    co_return response;
}

}  // namespace scanner::api
