#include "simulator/face/control.hpp"

#include "simulator/face/encode/duration.hpp"
#include "simulator/face/encode/rows.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/numeric.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <optional>
#include <utility>

namespace scanner::simulator::face {
namespace {

using core::ErrorCode;
using core::JsonWriter;

constexpr std::array<std::string_view, 9> kOptions{"rate", "on",    "off",    "after", "contract",
                                                   "path", "delay", "offset", "status"};

/// {"kind":"slow","delay":"2s"} as "slow:delay=2s"; nothing when a value is neither text nor number.
std::optional<std::string> text_of(const nlohmann::json& object) {
    const auto kind = object.find("kind");
    if (kind == object.end() || !kind->is_string()) return std::nullopt;
    std::string text = kind->get<std::string>();
    for (const std::string_view option : kOptions) {
        const auto value = object.find(option);
        if (value == object.end() || value->is_null()) continue;
        if (!value->is_string() && !value->is_number()) return std::nullopt;
        text += ':' + std::string(option) + '=' + (value->is_string() ? value->get<std::string>() : value->dump());
    }
    return text;
}

void fault_object(JsonWriter& json, const FaultSet::State& state) {
    const FaultSpec& fault = state.fault;
    json.begin_object().field("kind", to_string(fault.kind)).field("rate", fault.rate);
    if (fault.on) json.field("on", duration_text(*fault.on));
    if (fault.off) json.field("off", duration_text(*fault.off));
    if (fault.after.count() > 0) json.field("after", duration_text(fault.after));
    if (!fault.contract.empty()) json.field("contract", fault.contract);
    if (!fault.path.empty()) json.field("path", fault.path);
    if (fault.kind == FaultKind::slow || fault.kind == FaultKind::ws_slow)
        json.field("delay", duration_text(fault.delay));
    if (fault.kind == FaultKind::clock_skew) json.field("offset", duration_text(fault.offset));
    if (fault.kind == FaultKind::http_5xx || fault.kind == FaultKind::ws_refuse) json.field("status", fault.status);
    json.field("text", to_text(fault)).field("active", state.on).field("hits", state.hits).end_object();
}

void side_field(JsonWriter& json, std::string_view name, const std::vector<BookLevel>& levels, Step tick) {
    json.key(name).begin_array();
    for (const BookLevel& level : levels) {
        json.begin_array().raw(steps_text(level.price_ticks, tick, Print::number)).value(level.contracts).end_array();
    }
    json.end_array();
}

}  // namespace

std::expected<std::string, std::string> book_json(const World& world, std::size_t contract,
                                                  std::optional<std::int64_t> matching_id) {
    const WireContract& wire = world.directory()[contract];
    const BookRecord& record = world.record(contract);
    const BookState& newest = record.newest();
    const auto book = matching_id ? record.at(*matching_id) : std::optional(newest);
    if (!book) {
        return std::unexpected("no book with this mrid was shown lately; the newest is " +
                               std::to_string(newest.matching_id));
    }
    const auto trades = world.market().trades(contract, 1);
    JsonWriter json(512 + 24 * (book->bids.size() + book->asks.size()));
    json.begin_object().field("contract_code", wire.code).field("now", core::to_unix_ms(world.market().now()));
    json.key("newest").begin_object().field("mrid", newest.matching_id).field("ts", core::to_unix_ms(newest.time));
    json.end_object().key("last_trade").begin_object();
    if (!trades.empty()) {
        json.field("id", trade_id(trades.back())).field("ts", core::to_unix_ms(trades.back().time));
    }
    json.end_object().field("mrid", book->matching_id).field("ts", core::to_unix_ms(book->time));
    json.key("superseded");
    if (const auto superseded = record.superseded(book->matching_id)) {
        json.value(core::to_unix_ms(*superseded));
    } else {
        json.null();
    }
    side_field(json, "bids", book->bids, wire.price);
    side_field(json, "asks", book->asks, wire.price);
    json.end_object();
    return json.take();
}

std::string status_json(const Status& status) {
    JsonWriter json(512);
    json.begin_object().field("simulated", true).field("program", "htx-simulator").field("version", status.version);
    json.field("time", core::format_time(status.time)).field("start", core::format_time(status.start));
    json.field("uptime_ms", status.uptime.count()).field("lag_ms", status.lag.count());
    json.field("speed", status.speed).field("seed", status.seed).field("market", status.market);
    json.key("scenarios").begin_array();
    for (const std::string& scenario : status.scenarios) json.value(scenario);
    json.end_array().field("prevalence", status.prevalence).field("contracts", status.contracts);
    json.field("requests", status.requests).field("over_limit", status.over_limit);
    json.field("faults", status.faults).field("feed_connections", status.feed_connections);
    json.field("feed_topics", status.feed_topics).field("feed_opened", status.feed_opened).end_object();
    return json.take();
}

std::string faults_json(const std::vector<FaultSet::State>& states) {
    JsonWriter json(256);
    json.begin_array();
    for (const FaultSet::State& state : states) fault_object(json, state);
    json.end_array();
    return json.take();
}

core::Result<std::vector<FaultSpec>> parse_fault_list(std::string_view text) {
    const auto list = nlohmann::json::parse(text, nullptr, false);
    if (!list.is_array()) return core::fail(ErrorCode::invalid_input, "the body must be a JSON list of faults");
    std::vector<FaultSpec> faults;
    std::string problems;
    for (const auto& item : list) {
        const auto fault_text = item.is_string()   ? std::optional(item.get<std::string>())
                                : item.is_object() ? text_of(item)
                                                   : std::nullopt;
        auto fault = fault_text
                         ? parse_fault(*fault_text)
                         : core::fail(ErrorCode::invalid_input, "a fault is a text or an object with a \"kind\"");
        if (fault) {
            faults.push_back(std::move(*fault));
        } else {
            problems += (problems.empty() ? "" : "; ") + fault.error().message();
        }
    }
    if (!problems.empty()) return core::fail(ErrorCode::invalid_input, problems);
    return faults;
}

core::Result<double> parse_speed(std::string_view text) {
    constexpr double kMaxSpeed = 1'000.0;
    const auto body = nlohmann::json::parse(text, nullptr, false);
    const auto speed = body.is_object() ? body.find("speed") : body.end();
    if (!body.is_object() || speed == body.end() || !speed->is_number() || !(speed->get<double>() > 0.0) ||
        speed->get<double>() > kMaxSpeed) {
        return core::fail(ErrorCode::invalid_input, R"(the body must be {"speed":X}, over 0 to 1000)");
    }
    return speed->get<double>();
}

std::string label_lines(const std::vector<Label>& labels) {
    std::string lines;
    for (const Label& label : labels) {
        JsonWriter json(256);
        json.begin_object().field("time", core::format_time(label.time)).field("ts", core::to_unix_ms(label.time));
        json.field("contract_code", label.contract_code).field("kind", label.kind);
        json.field("manipulation", label.manipulation).field("phase", label.phase);
        json.field("intensity", label.intensity).field("episode", label.episode).end_object();
        lines += json.take();
        lines += '\n';
    }
    return lines;
}

std::optional<WallTime> parse_since(std::string_view text) {
    if (const auto ms = core::parse_int(text)) return core::from_unix_ms(*ms);
    return core::parse_time(text);
}

std::string control_error(std::string_view message) {
    JsonWriter json(128);
    json.begin_object().field("error", message).end_object();
    return json.take();
}

}  // namespace scanner::simulator::face
