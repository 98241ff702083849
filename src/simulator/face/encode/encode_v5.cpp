// The /v5/market interface: everything is a string except `code` and `ts`.
#include "simulator/face/encode/errors.hpp"
#include "simulator/face/endpoints.hpp"
#include "simulator/face/state/liquidations.hpp"

#include <algorithm>
#include <chrono>

namespace scanner::simulator::face {
namespace {

using core::JsonWriter;

JsonWriter begin_v5(std::size_t reserve) {
    JsonWriter json(reserve);
    json.begin_object().field("code", 200).field("message", "Success").key("data");
    return json;
}

std::string ms_text(WallTime time) {
    return std::to_string(core::to_unix_ms(time));
}

Selected<std::size_t> v5_contract(const Scene& scene, std::string_view code) {
    if (code.empty()) return std::unexpected(v5_error(scene.now, kFieldEmpty, field_empty("contract_code")));
    const auto found = scene.directory.find(code);
    if (!found || scene.hidden(*found)) {
        return std::unexpected(v5_error(scene.now, kFieldInvalid, field_invalid("contract_code")));
    }
    return *found;
}

/// Comma-separated, 1 to 10.
Selected<std::vector<std::size_t>> v5_contracts(const Scene& scene, std::string_view codes) {
    constexpr std::size_t kMaxListed = 10;
    std::vector<std::size_t> contracts;
    do {
        const std::string_view code = codes.substr(0, codes.find(','));
        codes.remove_prefix(std::min(codes.size(), code.size() + 1));
        const auto contract = v5_contract(scene, code);
        if (!contract) return std::unexpected(contract.error());
        contracts.push_back(*contract);
    } while (!codes.empty() && contracts.size() <= kMaxListed);
    if (contracts.size() > kMaxListed) {
        return std::unexpected(v5_error(scene.now, kFieldInvalid, field_invalid("contract_code")));
    }
    return contracts;
}

/// 1..100, 20 by default.
Selected<std::size_t> v5_limit(const Scene& scene, const Params& params) {
    if (!params.has("limit")) return std::size_t{20};
    const auto limit = params.get_int("limit");
    if (!limit || *limit < 1 || *limit > 100) {
        return std::unexpected(v5_error(scene.now, kFieldInvalid, field_invalid("limit")));
    }
    return static_cast<std::size_t>(*limit);
}

/// Whether a moment lies between start_time and end_time, each optional (Unix ms).
bool in_window(const Params& params, WallTime time) {
    const std::int64_t at = core::to_unix_ms(time);
    return at >= params.get_int("start_time").value_or(at) && at <= params.get_int("end_time").value_or(at);
}

void funding_row(JsonWriter& json, const Scene& scene, std::size_t index) {
    const WireContract& contract = scene.directory[index];
    const bool major = contract.symbol == "BTC" || contract.symbol == "ETH";
    json.begin_object().field("contract_code", contract.code);
    if (contract.futures) {
        json.field("funding_rate", nullptr).field("funding_time", nullptr).field("next_funding_time", nullptr);
    } else {
        const std::chrono::hours interval(scene.market.contracts()[index].contract.funding_interval_hours);
        decimal_string_field(json, "funding_rate", scene.market.funding(index).rate, Print::scale18);
        json.field("funding_time", ms_text(funding_time(scene, index)));
        json.field("next_funding_time", ms_text(funding_time(scene, index) + interval));
    }
    json.field("min_funding_rate", major ? "-0.003750000000000000" : "-0.020000000000000000");
    json.field("max_funding_rate", major ? "0.003750000000000000" : "0.020000000000000000").end_object();
}

}  // namespace

std::string v5_funding_rate(const Scene& scene, const Params& params) {
    const auto contracts = v5_contracts(scene, params.get("contract_code"));
    if (!contracts) return contracts.error();
    JsonWriter json = begin_v5(contracts->size() * 260 + 128);
    json.begin_array();
    for (const std::size_t index : *contracts) funding_row(json, scene, index);
    json.end_array();
    return end_answer(json, scene);
}

std::string v5_funding_rate_history(const Scene& scene, const Params& params) {
    const auto index = v5_contract(scene, params.get("contract_code"));
    if (!index) return index.error();
    const auto limit = v5_limit(scene, params);
    if (!limit) return limit.error();
    JsonWriter json = begin_v5(*limit * 130 + 128);
    json.begin_array();
    std::size_t rows = 0;
    for (const FundingPoint& point : scene.market.funding_history(*index, 2'000)) {
        if (!in_window(params, point.funding_time)) continue;
        if (rows++ == *limit) break;
        // Counted in hours since the epoch: newer settlements have higher ids, as on the wire.
        json.begin_object().field("id", std::to_string(core::to_unix_ms(point.funding_time) / 3'600'000));
        json.field("contract_code", scene.directory[*index].code);
        decimal_string_field(json, "funding_rate", point.rate, Print::scale18);
        json.field("funding_time", ms_text(point.funding_time)).end_object();
    }
    json.end_array();
    return end_answer(json, scene);
}

std::string v5_open_interest(const Scene& scene, const Params& params) {
    const auto index = v5_contract(scene, params.get("contract_code"));
    if (!index) return index.error();
    const WireContract& contract = scene.directory[*index];
    const std::int64_t contracts = scene.market.open_interest_contracts(*index);
    const TickerState ticker = scene.market.ticker(*index);
    JsonWriter json = begin_v5(384);
    json.begin_object();
    steps_string_field(json, "amount", contracts, contract.size, Print::plain);
    json.field("volume", std::to_string(contracts));
    decimal_string_field(json, "value", tidy(base_units(contract, contracts) * ticker.last, contract.turnover_scale),
                         Print::plain);
    json.field("contract_code", contract.code);
    steps_string_field(json, "trade_amount", ticker.doubled_contracts_24h, contract.size, Print::plain);
    json.field("trade_volume", std::to_string(ticker.doubled_contracts_24h));
    decimal_string_field(json, "trade_turnover", tidy(ticker.doubled_turnover_24h, contract.turnover_scale),
                         Print::plain);
    json.end_object();
    return end_answer(json, scene);
}

std::string v5_liquidation_orders(const Scene& scene, const Params& params) {
    const auto index = v5_contract(scene, params.get("contract_code"));
    if (!index) return index.error();
    const auto limit = v5_limit(scene, params);
    if (!limit) return limit.error();
    const WireContract& contract = scene.directory[*index];
    JsonWriter json = begin_v5(*limit * 220 + 128);
    json.begin_array();
    std::size_t rows = 0;
    for (const Liquidation& liquidation : liquidations(scene.market, *index)) {
        if (!in_window(params, liquidation.time)) continue;
        if (rows++ == *limit) break;
        const double price = static_cast<double>(liquidation.price_ticks) * step_value(contract.price);
        json.begin_object().field("id", std::to_string(liquidation.id)).field("contract_code", contract.code);
        json.field("liquidation_time", ms_text(liquidation.time)).field("side", market::to_string(liquidation.side));
        json.field("position_side", liquidation.side == market::Side::buy ? "short" : "long");
        json.field("volume", std::to_string(liquidation.contracts));
        steps_string_field(json, "amount", liquidation.contracts, contract.size, Print::plain);
        steps_string_field(json, "bankrupt_price", liquidation.price_ticks, contract.price, Print::plain);
        decimal_string_field(json, "trade_turnover",
                             tidy(base_units(contract, liquidation.contracts) * price, contract.turnover_scale),
                             Print::plain);
        json.end_object();
    }
    json.end_array();
    return end_answer(json, scene);
}

std::string v5_settlement_history(const Scene& scene, const Params& params) {
    const auto index = v5_contract(scene, params.get("contract_code"));
    if (!index) return index.error();
    const auto limit = v5_limit(scene, params);
    if (!limit) return limit.error();
    JsonWriter json = begin_v5(1'024);
    json.begin_array();
    std::size_t rows = 0;
    for (const Settlement& settlement : settlements(scene, *index)) {
        if (!in_window(params, settlement.time)) continue;
        if (rows++ == *limit) break;
        json.begin_object().field("id", std::to_string(core::to_unix_ms(settlement.time) / 3'600'000));
        json.field("contract_code", scene.directory[*index].code);
        json.field("settlement_time", ms_text(settlement.time)).field("clawback_ratio", "0");
        decimal_string_field(json, "settlement_price", settlement.price, Print::plain);
        json.end_object();
    }
    json.end_array();
    return end_answer(json, scene);
}

std::string v5_price_limit(const Scene& scene, const Params& params) {
    std::vector<std::size_t> contracts;
    if (params.has("contract_code")) {
        const auto one = v5_contract(scene, params.get("contract_code"));
        if (!one) return one.error();
        contracts.push_back(*one);
    } else {
        contracts = select(scene, params, Listing::active, false).value_or(contracts);
    }
    JsonWriter json = begin_v5(contracts.size() * 90 + 128);
    json.begin_array();
    for (const std::size_t index : contracts) {
        const WireContract& contract = scene.directory[index];
        const double mark = scene.references.mark(index);
        json.begin_object().field("contract_code", contract.code);
        steps_string_field(json, "high_limit", to_ticks(mark * 1.02, contract.price), contract.price, Print::plain);
        steps_string_field(json, "low_limit", to_ticks(mark * 0.98, contract.price), contract.price, Print::plain);
        json.end_object();
    }
    json.end_array();
    return end_answer(json, scene);
}

}  // namespace scanner::simulator::face
