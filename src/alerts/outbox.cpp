#include "alerts/outbox.hpp"

#include "alerts/saved_numbers.hpp"

#include "scanner/core/json_writer.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace scanner::alerts {
namespace {

using nlohmann::json;

void write_alert(core::JsonWriter& out, const Alert& alert) {
    out.field("rule", alert.rule)
        .field("symbol", alert.symbol)
        .field("time_ms", core::to_unix_ms(alert.time))
        .field("sequence", alert.sequence)
        .field("payload", alert.payload_json);
}

/// Throws json::exception.
Alert read_alert(const json& from) {
    return {.rule = from.at("rule").get<std::string>(),
            .symbol = from.at("symbol").get<std::string>(),
            .time = saved_time(from.at("time_ms")),
            .sequence = saved_number<std::uint64_t>(from.at("sequence")),
            .payload_json = from.at("payload").get<std::string>()};
}

}  // namespace

std::string encode_state(const SavedState& state) {
    core::JsonWriter out(1'024);
    out.begin_object().key("edges").raw(state.edges.save()).key("waiting").begin_array();
    for (const SavedState::Waiting& waiting : state.waiting) {
        out.begin_object();
        write_alert(out, waiting.alert);
        out.field("attempts", waiting.attempts).field("announced", waiting.announced).end_object();
    }
    out.end_array().key("given_up").begin_array();
    for (const GivenUp& given_up : state.given_up) {
        out.begin_object();
        write_alert(out, given_up.alert);
        out.field("attempts", given_up.attempts).field("error", given_up.error).end_object();
    }
    return out.end_array().end_object().take();
}

core::Result<SavedState> decode_state(std::string_view text, EdgeOptions options) {
    SavedState state;
    try {
        const json document = json::parse(text);
        auto edges = AlertEdges::load(document.at("edges").dump(), options);
        if (!edges) return std::unexpected(std::move(edges.error()));
        state.edges = std::move(*edges);
        for (const json& from : document.at("waiting")) {
            state.waiting.push_back({.alert = read_alert(from),
                                     .attempts = saved_number<int>(from.at("attempts"), 0),
                                     .announced = from.at("announced").get<bool>()});
        }
        for (const json& from : document.at("given_up")) {
            state.given_up.push_back({.alert = read_alert(from),
                                      .attempts = saved_number<int>(from.at("attempts"), 0),
                                      .error = from.at("error").get<std::string>()});
        }
    } catch (const json::exception& error) {
        return core::fail(core::ErrorCode::malformed, std::string("alert state: ") + error.what());
    }
    return state;
}

}  // namespace scanner::alerts
