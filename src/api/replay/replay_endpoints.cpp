#include "api/replay/replay_endpoints.hpp"

#include "api/answers/envelope.hpp"
#include "api/http/json_body.hpp"

#include "scanner/api/replay_control.hpp"
#include "scanner/core/json_writer.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace scanner::api {
namespace {

Outcome changed(const ReplayControl& replay) {
    return ActionAnswer{.json = render_replay(replay.state()), .etag = {}};
}

Problem cannot_go_on(const core::Error& error) {
    return {.status = 503,
            .type = "replay-stopped",
            .title = "Replay stopped",
            .detail = "The recording cannot be read on: " + error.message()};
}

}  // namespace

std::string render_replay(const ReplayState& state) {
    core::JsonWriter json(512 + 128 * state.marks.size());
    json.begin_object()
        .field("replay", true)
        .field("from", core::format_time(state.from))
        .field("to", core::format_time(state.to))
        .field("at", core::format_time(state.at))
        .key("speed");
    if (state.speed) {
        json.value(*state.speed);
    } else {
        json.value("max");
    }
    json.field("playing", state.playing)
        .field("seeking", state.seeking)
        .field("ended", state.ended)
        .field("seq", state.sequence)
        .key("error");
    if (state.error.empty()) {
        json.null();
    } else {
        json.value(state.error);
    }
    json.field("marks_complete", state.marks_complete).key("marks").begin_array();
    for (const ReplayMark& mark : state.marks) {
        json.begin_object()
            .field("at", core::format_time(mark.at))
            .field("kind", mark.kind)
            .field("symbol", mark.symbol)
            .field("label", mark.label)
            .field("manip_score", mark.manip_score)
            .end_object();
    }
    json.end_array().end_object();
    return json.take();
}

std::vector<ApiRoute> ReplayEndpoints::routes() {
    std::vector<ApiRoute> routes;
    if (ports_.replay == nullptr) return routes;
    const auto add = [&](std::string_view method, std::string_view path, Access access, auto answer) -> ApiRoute& {
        routes.push_back({.method = method,
                          .pattern = PathPattern(path),
                          .label = path,
                          .handler = answering(this, answer),
                          .access = access});
        return routes.back();
    };
    add("GET", "/replay", Access::open, &ReplayEndpoints::state);
    add("POST", "/replay/seek", Access::token, &ReplayEndpoints::seek).body = JsonBody();
    add("POST", "/replay/speed", Access::token, &ReplayEndpoints::set_speed).body = JsonBody();
    add("POST", "/replay/play", Access::token, &ReplayEndpoints::play);
    add("POST", "/replay/pause", Access::token, &ReplayEndpoints::pause);
    add("POST", "/replay/step", Access::token, &ReplayEndpoints::step);
    return routes;
}

Outcome ReplayEndpoints::state(const Call& /*call*/) {
    return std::make_shared<Rendered>(std::string(kJsonType), render_replay(ports_.replay->state()), std::nullopt);
}

ReplayEndpoints::Waiting ReplayEndpoints::seek(Call call) {
    BodyReader reader(*call.body);
    std::optional<core::WallTime> at;
    if (const auto text = reader.text("at")) {
        at = core::parse_time(*text);
        if (!at) reader.reject("at", "must be a time, as in 2026-11-22T05:24:00Z");
    } else if (!call.body->contains("at")) {
        reader.reject("at", "is required: a time, as in 2026-11-22T05:24:00Z");
    }
    if (auto errors = reader.finish(); !errors.empty() || !at)
        co_return std::unexpected(invalid_body(std::move(errors)));
    const auto done = co_await ports_.replay->seek(*at);
    if (!done) co_return std::unexpected(cannot_go_on(done.error()));
    co_return changed(*ports_.replay);
}

Outcome ReplayEndpoints::set_speed(const Call& call) {
    BodyReader reader(*call.body);
    const nlohmann::json* const given = reader.member("speed");
    std::optional<double> speed;
    if (given == nullptr || (given->is_string() && *given != "max") || !(given->is_string() || given->is_number())) {
        reader.reject("speed", R"(must be a number (1: as fast as it was), or "max")");
    } else if (given->is_number()) {
        speed = reader.number("speed", kMinReplaySpeed, kMaxReplaySpeed);
    }
    if (auto errors = reader.finish(); !errors.empty()) return std::unexpected(invalid_body(std::move(errors)));
    ports_.replay->set_speed(speed);
    return changed(*ports_.replay);
}

Outcome ReplayEndpoints::play(const Call& /*call*/) {
    ports_.replay->play();
    return changed(*ports_.replay);
}

Outcome ReplayEndpoints::pause(const Call& /*call*/) {
    ports_.replay->pause();
    return changed(*ports_.replay);
}

ReplayEndpoints::Waiting ReplayEndpoints::step(Call /*call*/) {
    const auto done = co_await ports_.replay->step();
    if (!done) co_return std::unexpected(cannot_go_on(done.error()));
    co_return changed(*ports_.replay);
}

}  // namespace scanner::api
