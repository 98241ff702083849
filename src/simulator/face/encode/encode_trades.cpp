// Trades: the tape of one contract, the last trade of all.
#include "simulator/face/encode/errors.hpp"
#include "simulator/face/encode/rows.hpp"
#include "simulator/face/endpoints.hpp"
#include "simulator/face/random.hpp"

#include <algorithm>
#include <ranges>
#include <span>

namespace scanner::simulator::face {
namespace {

using core::JsonWriter;

constexpr std::size_t kMaxTrades = 2'000;

std::string quantity_text(const SimulatedTrade& trade, const WireContract& contract) {
    // Whole numbers of base units have been seen with 18 decimals: 3080.000000000000000000.
    return steps_text(trade.doubled_contracts, contract.size, contract.size.scale == 0 ? Print::scale18 : Print::plain);
}

void fill_row(JsonWriter& json, const WireContract& contract, const SimulatedTrade& trade) {
    json.begin_object().field("amount", trade.doubled_contracts).field("direction", trade_direction(trade));
    json.field("id", trade_id(trade));
    steps_field(json, "price", trade.price_ticks, contract.price, Print::number);
    json.field("ts", core::to_unix_ms(trade.time)).key("quantity").raw(quantity_text(trade, contract));
    json.key("trade_turnover").raw(trade_turnover_text(trade, contract)).end_object();
}

void match_row(JsonWriter& json, const WireContract& contract, std::span<const SimulatedTrade> fills) {
    json.begin_object().key("data").begin_array();
    for (const SimulatedTrade& fill : fills) fill_row(json, contract, fill);
    json.end_array().field("id", fills.front().match_id).field("ts", core::to_unix_ms(fills.front().time)).end_object();
}

void last_trade_row(JsonWriter& json, const WireContract& contract, const SimulatedTrade& trade) {
    json.begin_object().field("amount", std::to_string(trade.doubled_contracts));
    json.field("quantity", steps_text(trade.doubled_contracts, contract.size, Print::plain));
    json.field("trade_turnover", trade_turnover_text(trade, contract)).field("ts", core::to_unix_ms(trade.time));
    json.field("id", trade_id(trade));
    steps_string_field(json, "price", trade.price_ticks, contract.price, Print::plain);
    json.field("direction", trade_direction(trade)).field("contract_code", contract.code);
    json.field("business_type", contract.business_type).field("trade_partition", "USDT").end_object();
}

}  // namespace

std::string_view trade_direction(const SimulatedTrade& trade) {
    if (mix(static_cast<std::uint64_t>(trade.match_id)) % 256 == 0) return "";
    if (trade.taker_side == market::Side::buy) return "buy";
    return trade.taker_side == market::Side::sell ? "sell" : "";
}

std::string trade_turnover_text(const SimulatedTrade& trade, const WireContract& contract) {
    const Step unit{.mantissa = contract.price.mantissa * contract.size.mantissa,
                    .scale = contract.price.scale + contract.size.scale};
    std::int64_t tick_contracts = 0;
    if (!__builtin_mul_overflow(trade.price_ticks, trade.doubled_contracts, &tick_contracts)) {
        return steps_text(tick_contracts, unit, Print::plain);
    }
    return decimal_text(
        static_cast<double>(trade.price_ticks) * static_cast<double>(trade.doubled_contracts) * step_value(unit),
        Print::plain);
}

std::vector<std::span<const SimulatedTrade>> split_matches(std::span<const SimulatedTrade> trades) {
    std::vector<std::span<const SimulatedTrade>> matches;
    for (std::size_t begin = 0; begin < trades.size();) {
        std::size_t end = begin + 1;
        while (end < trades.size() && trades[end].match_id == trades[begin].match_id) ++end;
        matches.push_back(trades.subspan(begin, end - begin));
        begin = end;
    }
    return matches;
}

std::string history_trade(const Scene& scene, const Params& params) {
    const auto index = market_contract(scene, params);
    if (!index) return index.error();
    const auto size = params.get_int("size");
    if (!size || *size < 1 || *size > static_cast<std::int64_t>(kMaxTrades)) {
        return market_error(scene.now, "invalid size");
    }
    const WireContract& contract = scene.directory[*index];
    const auto wanted = static_cast<std::size_t>(*size);
    const auto trades = scene.market.trades(*index, std::min(kMaxTrades, wanted * 8));
    JsonWriter json(trades.size() * 170 + 128);
    json.begin_object().field("ch", "market." + contract.code + ".trade.detail").key("data").begin_array();
    const auto matches = split_matches(trades);
    for (const auto fills : matches | std::views::reverse | std::views::take(wanted)) match_row(json, contract, fills);
    json.end_array().field("status", "ok");
    return end_answer(json, scene);
}

std::string last_trades(const Scene& scene, const Params& params) {
    const auto selected = select(scene, params, Listing::active, true);
    if (!selected) return selected.error();
    const std::string which = params.has("contract_code") ? scene.directory[selected->front()].code : "*";
    JsonWriter json(selected->size() * 240 + 128);
    json.begin_object().field("ch", "market." + which + ".trade.detail").field("status", "ok");
    json.key("tick").begin_object().key("data").begin_array();
    for (const std::size_t index : *selected) {
        const auto trades = scene.market.trades(index, 1);
        if (!trades.empty()) last_trade_row(json, scene.directory[index], trades.back());
    }
    json.end_array().field("id", scene.ts()).field("ts", scene.ts()).end_object();
    return end_answer(json, scene);
}

}  // namespace scanner::simulator::face
