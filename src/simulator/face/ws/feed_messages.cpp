#include "simulator/face/ws/feed_messages.hpp"

#include "simulator/face/encode/rows.hpp"

#include <algorithm>
#include <map>

namespace scanner::simulator::face {
namespace {

using core::JsonWriter;

constexpr std::size_t kMaxCandles = 2'000;
/// What the market keeps of candles, with some to spare.
constexpr std::size_t kAllMinutes = 2'200;

void append_side(std::string& out, std::span<const BookLevel> levels, Step tick) {
    out += '[';
    for (const BookLevel& level : levels) {
        out += out.back() == '[' ? "[" : ",[";
        append_steps(out, level.price_ticks, tick, Print::number);
        out += ',';
        out += std::to_string(level.contracts);
        out += ']';
    }
    out += ']';
}

void wire_side(JsonWriter& json, std::string_view name, const std::vector<WireLevel>& levels) {
    json.key(name).begin_array();
    for (const WireLevel& level : levels) {
        json.begin_array().raw(decimal_text(level.unscaled, level.scale, Print::number)).value(level.contracts);
        json.end_array();
    }
    json.end_array();
}

void quote_field(JsonWriter& json, std::string_view name, const WireContract& contract, const BookLevel& level) {
    json.key(name).begin_array().raw(steps_text(level.price_ticks, contract.price, Print::number));
    json.value(level.contracts).end_array();
}

JsonWriter begin_push(const Scene& scene, const Topic& topic, std::size_t reserve) {
    JsonWriter json(reserve);
    json.begin_object().field("ch", topic.channel).field("ts", scene.ts()).key("tick").begin_object();
    return json;
}

std::string end_push(JsonWriter& json) {
    json.end_object().end_object();
    return json.take();
}

void fill_object(JsonWriter& json, const WireContract& contract, const SimulatedTrade& fill) {
    json.begin_object().field("amount", fill.doubled_contracts);
    steps_field(json, "quantity", fill.doubled_contracts, contract.size, Print::plain);
    json.key("trade_turnover").raw(trade_turnover_text(fill, contract));
    json.field("ts", core::to_unix_ms(fill.time)).field("id", trade_id(fill));
    steps_field(json, "price", fill.price_ticks, contract.price, Print::number);
    json.field("direction", trade_direction(fill)).end_object();
}

/// What an index topic's candle is of.
Ohlc reference_values(const Scene& scene, const Topic& topic, const ReferenceCandle& candle) {
    switch (topic.kind) {
        case TopicKind::mark_price: return mark_price_values(scene.directory[topic.contract], candle);
        case TopicKind::premium_index: return premium_index_values(candle);
        case TopicKind::estimated_rate:
            return Ohlc::flat(FundingRates(scene.market, topic.contract).at(candle.open_time_sec));
        default: return candle.index;
    }
}

void reference_fields(JsonWriter& json, const Ohlc& values) {
    decimal_string_field(json, "open", values.open, Print::plain);
    decimal_string_field(json, "close", values.close, Print::plain);
    decimal_string_field(json, "high", values.high, Print::plain);
    decimal_string_field(json, "low", values.low, Print::plain);
    json.field("amount", "0").field("vol", "0").field("count", "0").field("trade_turnover", "0");
}

JsonWriter begin_reply(const Topic& topic, std::string_view id, std::int64_t wsid, std::size_t reserve) {
    JsonWriter json(reserve);
    json.begin_object().key("id").raw(id).field("rep", topic.channel).field("status", "ok").field("wsid", wsid);
    json.key("data").begin_array();
    return json;
}

}  // namespace

std::string high_freq_beginning(const Scene& scene, const Topic& topic, const BookState& book, const BookSides& sides,
                                bool snapshot) {
    const Step tick = scene.directory[topic.contract].price;
    std::string out;
    out.reserve(256 + 2 * topic.channel.size() + 24 * (sides.asks.size() + sides.bids.size()));
    out.append(R"({"ch":")").append(topic.channel).append(R"(","ts":)").append(std::to_string(scene.ts()));
    out += R"(,"tick":{"asks":)";
    append_side(out, sides.asks, tick);
    out += R"(,"bids":)";
    append_side(out, sides.bids, tick);
    out.append(R"(,"ch":")").append(topic.channel).append(R"(","event":")").append(snapshot ? "snapshot" : "update");
    const std::string id = std::to_string(book.matching_id);
    out.append(R"(","id":)").append(id).append(R"(,"mrid":)").append(id);
    out.append(R"(,"ts":)").append(std::to_string(core::to_unix_ms(book.time + scene.skew)));
    out += R"(,"version":)";
    return out;
}

std::string high_freq_rest(std::int64_t version) {
    return std::to_string(version) + "}}";
}

std::string depth_step_message(const Scene& scene, const Topic& topic, const BookState& book) {
    const WireContract& contract = scene.directory[topic.contract];
    const auto asks = wire_levels(book.asks, false, contract.price, topic.step);
    const auto bids = wire_levels(book.bids, true, contract.price, topic.step);
    const std::int64_t book_ms = core::to_unix_ms(book.time + scene.skew);
    JsonWriter json = begin_push(scene, topic, 256 + 24 * (asks.size() + bids.size()));
    json.field("mrid", book.matching_id).field("id", book_ms / 1'000);
    if (!bids.empty()) wire_side(json, "bids", bids);
    if (!asks.empty()) wire_side(json, "asks", asks);
    json.field("ts", book_ms).field("version", book_ms / 1'000).field("ch", topic.channel);
    return end_push(json);
}

std::string bbo_message(const Scene& scene, const Topic& topic, const BookState& book) {
    const WireContract& contract = scene.directory[topic.contract];
    const std::int64_t book_ms = core::to_unix_ms(book.time + scene.skew);
    JsonWriter json = begin_push(scene, topic, 256);
    json.field("mrid", book.matching_id).field("id", book_ms / 1'000);
    if (!book.bids.empty()) quote_field(json, "bid", contract, book.bids.front());
    if (!book.asks.empty()) quote_field(json, "ask", contract, book.asks.front());
    json.field("ts", book_ms).field("version", book.matching_id).field("ch", topic.channel);
    return end_push(json);
}

std::string detail_message(const Scene& scene, const Topic& topic, const TickerState& ticker,
                           std::int64_t matching_id) {
    const WireContract& contract = scene.directory[topic.contract];
    const auto price = [&](JsonWriter& json, std::string_view name, double value) {
        steps_field(json, name, to_ticks(value, contract.price), contract.price, Print::number);
    };
    JsonWriter json = begin_push(scene, topic, 512);
    json.field("id", scene.ts() / 60'000 * 60).field("mrid", matching_id);
    price(json, "open", ticker.open);
    price(json, "close", ticker.last);
    price(json, "high", ticker.high);
    price(json, "low", ticker.low);
    steps_field(json, "amount", ticker.doubled_contracts_24h, contract.size, Print::plain);
    json.field("vol", ticker.doubled_contracts_24h);
    decimal_field(json, "trade_turnover", tidy(ticker.doubled_turnover_24h, contract.turnover_scale), Print::plain);
    json.field("count", ticker.doubled_count_24h);
    if (ticker.ask) quote_field(json, "ask", contract, *ticker.ask);
    if (ticker.bid) quote_field(json, "bid", contract, *ticker.bid);
    return end_push(json);
}

std::string trades_message(const Scene& scene, const Topic& topic, std::span<const SimulatedTrade> fills) {
    const WireContract& contract = scene.directory[topic.contract];
    const SimulatedTrade& first = fills.front();
    JsonWriter json = begin_push(scene, topic, 128 + 180 * fills.size());
    json.field("id", first.match_id).field("ts", core::to_unix_ms(first.time)).key("data").begin_array();
    for (const SimulatedTrade& fill : fills) fill_object(json, contract, fill);
    json.end_array();
    return end_push(json);
}

std::string kline_message(const Scene& scene, const Topic& topic, std::int64_t matching_id) {
    const auto candles = trade_candles(scene, topic.contract, topic.period, minutes_for(topic.period, 1));
    if (candles.empty()) return {};
    JsonWriter json = begin_push(scene, topic, 384);
    json.field("id", candles.back().open_time_sec).field("mrid", matching_id);
    candle_fields(json, scene.directory[topic.contract], candles.back());
    return end_push(json);
}

std::string reference_message(const Scene& scene, const Topic& topic) {
    const std::size_t minutes = minutes_for(topic.period, 1);
    const auto references = reference_candles(scene, topic.contract, topic.period, minutes);
    if (references.empty()) return {};
    const ReferenceCandle& running = references.back();
    JsonWriter json(384);
    json.begin_object().field("ch", topic.channel).key("tick").begin_object().field("id", running.open_time_sec);
    if (topic.kind == TopicKind::basis) {
        const auto candles = trade_candles(scene, topic.contract, topic.period, minutes);
        if (candles.empty()) return {};
        const SimulatedCandle& traded = candles.back();
        const double index = price_of_type(running.index, topic.price_type);
        decimal_string_field(json, "index_price", index, Print::plain);
        basis_fields(json, scene.directory[topic.contract],
                     price_of_type({traded.open, traded.high, traded.low, traded.close}, topic.price_type), index);
    } else {
        reference_fields(json, reference_values(scene, topic, running));
    }
    json.end_object().field("ts", scene.ts()).end_object();
    return json.take();
}

std::string ping_message(std::int64_t ms) {
    return R"({"ping":)" + std::to_string(ms) + "}";
}

std::string done_message(std::string_view id, std::string_view what, std::string_view channel, std::int64_t ts) {
    JsonWriter json(160);
    json.begin_object().key("id").raw(id).field("status", "ok").field(what, channel).field("ts", ts).end_object();
    return json.take();
}

std::string refusal_message(std::string_view id, std::string_view why, std::int64_t ts) {
    JsonWriter json(192);
    json.begin_object().field("status", "error").field("ts", ts).key("id").raw(id);
    json.field("err-code", "bad-request").field("err-msg", why).end_object();
    return json.take();
}

std::string requested_klines(const Scene& scene, const Topic& topic, std::string_view id, std::int64_t wsid,
                             std::optional<std::int64_t> from, std::optional<std::int64_t> to) {
    auto candles = trade_candles(scene, topic.contract, topic.period, kAllMinutes);
    std::erase_if(candles, [&](const SimulatedCandle& candle) {
        return (from && candle.open_time_sec < *from) || (to && candle.open_time_sec > *to);
    });
    const std::size_t skipped = candles.size() - std::min(candles.size(), kMaxCandles);
    JsonWriter json = begin_reply(topic, id, wsid, 128 + 160 * candles.size());
    for (const SimulatedCandle& candle : std::span(candles).subspan(skipped)) {
        json.begin_object().field("id", candle.open_time_sec);
        candle_fields(json, scene.directory[topic.contract], candle);
        json.end_object();
    }
    json.end_array().end_object();
    return json.take();
}

std::string requested_trades(const Scene& scene, const Topic& topic, std::string_view id, std::int64_t wsid,
                             std::size_t size) {
    const WireContract& contract = scene.directory[topic.contract];
    const auto fills = scene.market.trades(topic.contract, size);
    JsonWriter json = begin_reply(topic, id, wsid, 128 + 180 * fills.size());
    for (const SimulatedTrade& fill : fills) {
        json.begin_object().field("id", std::to_string(trade_id(fill)));
        steps_string_field(json, "price", fill.price_ticks, contract.price, Print::plain);
        json.field("amount", std::to_string(fill.doubled_contracts)).field("direction", trade_direction(fill));
        json.field("ts", std::to_string(core::to_unix_ms(fill.time)));
        steps_string_field(json, "quantity", fill.doubled_contracts, contract.size, Print::plain);
        json.field("trade_turnover", trade_turnover_text(fill, contract)).end_object();
    }
    json.end_array().end_object();
    return json.take();
}

}  // namespace scanner::simulator::face
