#include "simulator/face/ws/notice_messages.hpp"

#include "simulator/face/encode/rows.hpp"
#include "simulator/face/random.hpp"

namespace scanner::simulator::face {
namespace {

using core::JsonWriter;

std::string_view error_text(NoticeError error) {
    switch (error) {
        case NoticeError::authentication: return "Authentication failed.";
        case NoticeError::not_logged_in: return "Verification required.";
        case NoticeError::too_much: return "The number of visits exceeds limit.";
        case NoticeError::topic: return "Topic error.";
        case NoticeError::contract: return "Contract doesnt exist.";
        case NoticeError::not_subscribed: return "Topic not subscribed.";
        case NoticeError::repeated: return "Repeated subscription.";
        case NoticeError::missing: return "Missing required parameter.";
    }
    return "";
}

JsonWriter begin_reply(std::string_view op, std::string_view cid, std::string_view topic) {
    JsonWriter json(192);
    json.begin_object().field("op", op);
    if (!cid.empty()) json.key("cid").raw(cid);
    json.field("topic", topic);
    return json;
}

/// Here funding_time is when the rate was worked out, and settlement_time when it is paid.
void funding_notice(JsonWriter& json, const Scene& scene, std::size_t index) {
    const WireContract& contract = scene.directory[index];
    json.begin_object().field("symbol", contract.symbol).field("contract_code", contract.code);
    json.field("fee_asset", "USDT").field("funding_time", std::to_string(scene.ts()));
    decimal_string_field(json, "funding_rate", scene.market.funding(index).rate, Print::scale18);
    json.field("estimated_rate", nullptr);
    json.field("settlement_time", std::to_string(core::to_unix_ms(funding_time(scene, index))));
    json.field("trade_partition", "USDT").end_object();
}

void row(JsonWriter& json, const Scene& scene, NoticeKind kind, std::size_t contract) {
    switch (kind) {
        case NoticeKind::contract_info: return contract_row(json, scene, contract);
        case NoticeKind::contract_elements: return elements_row(json, scene, contract);
        default: return funding_notice(json, scene, contract);
    }
}

}  // namespace

std::string notice_done(std::string_view op, std::string_view cid, std::string_view topic, std::int64_t ts) {
    JsonWriter json = begin_reply(op, cid, topic);
    json.field("ts", ts).field("err-code", 0).end_object();
    return json.take();
}

std::string notice_refused(std::string_view op, std::string_view cid, std::string_view topic, NoticeError error,
                           std::int64_t ts) {
    JsonWriter json = begin_reply(op, cid, topic);
    json.field("err-code", static_cast<int>(error)).field("err-msg", error_text(error)).field("ts", ts).end_object();
    return json.take();
}

std::string notice_signal(std::string_view op, std::int64_t ts) {
    JsonWriter json(64);
    json.begin_object().field("op", op).field("ts", ts).end_object();
    return json.take();
}

std::string notice_name(NoticeKind kind, std::string_view code) {
    return "public." + std::string(code) + "." + std::string(to_string(kind));
}

std::string notice_message(const Scene& scene, NoticeKind kind, std::string_view topic, std::string_view event,
                           std::span<const std::size_t> contracts) {
    JsonWriter json(192 + 640 * contracts.size());
    json.begin_object().field("op", "notify").field("topic", topic).field("ts", scene.ts());
    if (!event.empty()) json.field("event", event);
    json.key("data").begin_array();
    for (const std::size_t contract : contracts) row(json, scene, kind, contract);
    json.end_array().end_object();
    return json.take();
}

std::string liquidation_message(const Scene& scene, std::size_t contract, std::span<const SimulatedTrade> fills) {
    const WireContract& wire = scene.directory[contract];
    JsonWriter json(192 + 320 * fills.size());
    json.begin_object().field("op", "notify").field("topic", notice_name(NoticeKind::liquidation_orders, wire.code));
    json.field("ts", scene.ts()).key("data").begin_array();
    for (const SimulatedTrade& fill : fills) {
        // One side counted, unlike the tape.
        const std::int64_t contracts = fill.doubled_contracts / 2;
        const double price = static_cast<double>(fill.price_ticks) * step_value(wire.price);
        json.begin_object().field("symbol", wire.symbol).field("contract_code", wire.code);
        json.field("direction", market::to_string(fill.taker_side)).field("offset", "close");
        json.field("volume", contracts);
        steps_field(json, "price", fill.price_ticks, wire.price, Print::number);
        json.field("created_at", core::to_unix_ms(fill.time));
        steps_field(json, "amount", contracts, wire.size, Print::plain);
        decimal_field(json, "trade_turnover", tidy(base_units(wire, contracts) * price, wire.turnover_scale),
                      Print::plain);
        json.field("contract_type", wire.contract_type).field("pair", wire.pair);
        json.field("business_type", wire.business_type).field("trade_partition", "USDT").end_object();
    }
    json.end_array().end_object();
    return json.take();
}

std::uint64_t notice_state(const Scene& scene, NoticeKind kind, std::size_t contract) {
    JsonWriter json(640);
    row(json, scene, kind, contract);
    return hash_text(json.view());
}

}  // namespace scanner::simulator::face
