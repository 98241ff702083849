// What else the exchange publishes: sentiment, liquidations, settlements, its insurance fund.
#include "simulator/face/encode/errors.hpp"
#include "simulator/face/endpoints.hpp"
#include "simulator/face/random.hpp"
#include "simulator/face/state/candle_series.hpp"
#include "simulator/face/state/liquidations.hpp"

#include <algorithm>
#include <chrono>

namespace scanner::simulator::face {
namespace {

using core::JsonWriter;
using namespace std::chrono_literals;

std::string elite_ratio(const Scene& scene, const Params& params, std::uint64_t salt) {
    const auto index = api_contract(scene, params);
    if (!index) return index.error();
    const auto period = parse_period(params.get("period"));
    if (!period || *period == Period::min1 || *period > Period::day1) {
        return api_error(scene.now, kFieldInvalid, field_invalid("period"));
    }
    const WireContract& contract = scene.directory[*index];
    JsonWriter json = begin_api_answer(4'096);
    json.begin_object().key("list").begin_array();
    const auto length = static_cast<std::int64_t>(minutes_for(*period, 1)) * 60;
    const std::int64_t last = bucket_start(*period, core::to_unix_ms(scene.market.now()) / 1'000);
    for (std::int64_t start = last - 29 * length; start <= last; start += length) {
        const auto draw = mix(mix(salt, hash_text(contract.code)), static_cast<std::uint64_t>(start));
        const auto buy = static_cast<std::int64_t>(3'500 + mix(draw) % 3'000);  // of 10 000
        json.begin_object();
        steps_field(json, "buy_ratio", buy, Step{.mantissa = 1, .scale = 4}, Print::plain);
        steps_field(json, "sell_ratio", 10'000 - buy, Step{.mantissa = 1, .scale = 4}, Print::plain);
        json.field("locked_ratio", 0).field("ts", start * 1'000).end_object();
    }
    json.end_array().field("symbol", contract.symbol).field("contract_code", contract.code);
    json.field("business_type", contract.business_type).field("pair", contract.pair).end_object();
    return end_answer(json, scene);
}

std::string v3_error(const Scene& scene, int code, const std::string& message) {
    JsonWriter json(128);
    json.begin_object().field("code", code).field("msg", message).field("data", nullptr);
    return end_answer(json, scene);
}

bool wanted(const Liquidation& liquidation, std::int64_t trade_type) {
    if (trade_type == 5) return liquidation.side == market::Side::sell;  // longs
    if (trade_type == 6) return liquidation.side == market::Side::buy;   // shorts
    return true;
}

void liquidation_row(JsonWriter& json, const WireContract& contract, const Liquidation& liquidation) {
    const double amount = base_units(contract, liquidation.contracts);
    const double price = static_cast<double>(liquidation.price_ticks) * step_value(contract.price);
    json.begin_object().field("query_id", liquidation.id).field("contract_code", contract.code);
    json.field("symbol", "USDT").field("direction", market::to_string(liquidation.side)).field("offset", "close");
    steps_field(json, "volume", liquidation.contracts, Step{}, Print::scale18);
    steps_field(json, "price", liquidation.price_ticks, contract.price, Print::scale18);
    json.field("created_at", core::to_unix_ms(liquidation.time));
    steps_field(json, "amount", liquidation.contracts, contract.size, Print::scale18);
    decimal_field(json, "trade_turnover", tidy(amount * price, contract.turnover_scale), Print::scale18);
    json.field("business_type", contract.business_type).field("pair", contract.pair).end_object();
}

}  // namespace

std::string elite_account_ratio(const Scene& scene, const Params& params) {
    return elite_ratio(scene, params, 1);
}

std::string elite_position_ratio(const Scene& scene, const Params& params) {
    return elite_ratio(scene, params, 2);
}

std::string liquidation_orders(const Scene& scene, const Params& params) {
    if (!params.has("contract")) return v3_error(scene, kFieldEmpty, field_empty("contract"));
    const auto trade_type = params.get_int("trade_type");
    if (!trade_type) return v3_error(scene, kFieldEmpty, field_empty("trade_type"));
    if (*trade_type != 0 && *trade_type != 5 && *trade_type != 6) {
        return v3_error(scene, kFieldInvalid, field_invalid("trade_type"));
    }
    const auto index = scene.directory.find(params.get("contract"));
    if (!index || scene.hidden(*index)) {
        return v3_error(scene, kNoSuchContractCode, std::string(kNoSuchContract));
    }
    const std::int64_t now = core::to_unix_ms(scene.market.now());
    const std::int64_t to = params.get_int("end_time").value_or(now);
    const std::int64_t from = params.get_int("start_time").value_or(to - std::chrono::milliseconds(2h).count());
    JsonWriter json(4'096);
    json.begin_object().field("code", 200).field("msg", "").key("data").begin_array();
    for (const Liquidation& liquidation : liquidations(scene.market, *index)) {
        const std::int64_t at = core::to_unix_ms(liquidation.time);
        if (at < from || at > to || !wanted(liquidation, *trade_type)) continue;
        liquidation_row(json, scene.directory[*index], liquidation);
    }
    json.end_array();
    return end_answer(json, scene);
}

std::string settlement_records(const Scene& scene, const Params& params) {
    const auto index = api_contract(scene, params);
    if (!index) return index.error();
    const WireContract& contract = scene.directory[*index];
    const auto settled = settlements(scene, *index);
    JsonWriter json = begin_api_answer(2'048);
    json.begin_object().field("total_page", settled.empty() ? 0 : 1).field("current_page", 1);
    json.field("total_size", settled.size()).key("settlement_record").begin_array();
    for (const Settlement& settlement : settled) {
        json.begin_object().field("symbol", contract.symbol).field("contract_code", contract.code);
        json.field("settlement_time", core::to_unix_ms(settlement.time)).field("clawback_ratio", 0);
        decimal_field(json, "settlement_price", settlement.price, Print::number);
        json.field("settlement_type", "settlement").field("business_type", contract.business_type);
        json.field("pair", contract.pair).end_object();
    }
    json.end_array().end_object();
    return end_answer(json, scene);
}

std::vector<Settlement> settlements(const Scene& scene, std::size_t contract) {
    const auto candles = scene.market.minute_candles(contract, 2'000);
    std::vector<Settlement> settled;
    for (const FundingPoint& point : scene.market.funding_history(contract, 100)) {
        const std::int64_t second = core::to_unix_ms(point.funding_time) / 1'000;
        const auto candle = std::ranges::find(candles, second, &SimulatedCandle::open_time_sec);
        if (candle == candles.end()) break;  // older than the record of prices
        settled.push_back({.time = point.funding_time, .price = candle->open});
    }
    return settled;
}

std::string estimated_settlement_price(const Scene& scene, const Params& params) {
    const auto selected = select(scene, params, Listing::active, false);
    if (!selected) return selected.error();
    JsonWriter json = begin_api_answer(selected->size() * 180 + 128);
    json.begin_array();
    for (const std::size_t index : *selected) {
        const WireContract& contract = scene.directory[index];
        json.begin_object().field("contract_code", contract.code).field("estimated_settlement_price", nullptr);
        json.field("settlement_type", "settlement").field("business_type", contract.business_type);
        json.field("pair", contract.pair).field("contract_type", contract.contract_type).end_object();
    }
    json.end_array();
    return end_answer(json, scene);
}

std::string risk_info(const Scene& scene, const Params& params) {
    const auto selected = select(scene, params, Listing::active, false);
    if (!selected) return selected.error();
    JsonWriter json = begin_api_answer(selected->size() * 150 + 128);
    json.begin_array();
    for (const std::size_t index : *selected) {
        const WireContract& contract = scene.directory[index];
        json.begin_object().field("contract_code", contract.code);
        json.key("insurance_fund").raw("16174.621898868114").field("estimated_clawback", 0);  // one fund for all
        json.field("business_type", contract.business_type).field("pair", contract.pair).end_object();
    }
    json.end_array();
    return end_answer(json, scene);
}

}  // namespace scanner::simulator::face
