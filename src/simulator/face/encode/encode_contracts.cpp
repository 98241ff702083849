// What the exchange says of itself and of its contracts: clock, heartbeat, contract_info and what they may do.
#include "simulator/face/encode/errors.hpp"
#include "simulator/face/encode/rows.hpp"
#include "simulator/face/endpoints.hpp"

#include <array>

namespace scanner::simulator::face {
namespace {

using core::JsonWriter;
using market::ContractStatus;

int status_number(ContractStatus status) {
    switch (status) {
        case ContractStatus::delisting: return 0;
        case ContractStatus::listed: return 1;
        case ContractStatus::pending: return 2;
        case ContractStatus::suspended: return 3;
        case ContractStatus::suspending: return 4;
        case ContractStatus::in_settlement: return 5;
        case ContractStatus::delivering: return 6;
        case ContractStatus::settled: return 7;
        case ContractStatus::delivered: return 8;
        case ContractStatus::unknown: return 9;
    }
    return 9;
}

void texts_field(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
    json.key(name).begin_array();
    for (const std::string& text : texts) json.value(text);
    json.end_array();
}

std::string funding_time_text(const Scene& scene, std::size_t index) {
    return std::to_string(core::to_unix_ms(funding_time(scene, index)));
}

/// Of a contract's former life: delivered, and of another size.
constexpr std::int64_t kFormerSize = 1'000;

void identity_fields(JsonWriter& json, const WireContract& wire) {
    json.field("business_type", wire.business_type).field("pair", wire.pair);
    json.field("contract_type", wire.contract_type);
}

/// {"status":"ok","data":[…],"ts":…} of the contracts that the request selects.
template <class Row>
std::string api_list(const Scene& scene, const Params& params, Row row) {
    const auto selected = select(scene, params, Listing::active, false);
    if (!selected) return selected.error();
    JsonWriter json = begin_api_answer(selected->size() * 520 + 128);
    json.begin_array();
    for (const std::size_t index : *selected) row(json, index);
    json.end_array();
    return end_answer(json, scene);
}

int may_trade(const Scene& scene, std::size_t index) {
    return scene.market.contracts()[index].contract.status == ContractStatus::listed ? 1 : 0;
}

void limits_field(JsonWriter& json, std::string_view name, std::string_view most) {
    json.key(name).begin_array().begin_object().field("instrument_type", 0);
    json.field("open", most).field("close", most).end_object().end_array();
}

}  // namespace

void contract_row(JsonWriter& json, const Scene& scene, std::size_t index, bool former) {
    const WireContract& wire = scene.directory[index];
    const SimulatedContract& simulated = scene.market.contracts()[index];
    json.begin_object().field("symbol", wire.symbol).field("contract_code", wire.code);
    steps_field(json, "contract_size", former ? kFormerSize : 1, wire.size, Print::scale18);
    steps_field(json, "price_tick", 1, wire.price, Print::scale18);
    // A suspended swap has the moment at which it stopped in delivery_time, as CYBER-USDT had.
    const std::string stopped =
        wire.suspended ? std::to_string(core::to_unix_ms(stopped_at(scene, index))) : wire.delivery_time;
    json.field("delivery_date", wire.delivery_date).field("delivery_time", stopped);
    json.field("create_date", simulated.create_date);
    json.field("contract_status", status_number(former ? ContractStatus::delivered : simulated.contract.status));
    json.key("adjust").begin_array().end_array().key("price_estimated").begin_array().end_array();
    json.field("settlement_date", wire.futures ? wire.delivery_time : funding_time_text(scene, index));
    json.field("support_margin_mode", "all").field("open_type", 0);
    json.field("settlement_period", std::to_string(simulated.contract.funding_interval_hours));
    texts_field(json, "labels", simulated.labels);
    texts_field(json, "tradfi_labels", simulated.tradfi_labels);
    json.field("enable_rpi", true).field("business_type", wire.business_type).field("pair", wire.pair);
    json.field("contract_type", wire.contract_type).field("trade_partition", "USDT").end_object();
}

std::string timestamp(const Scene& scene, const Params&) {
    JsonWriter json(64);
    json.begin_object().field("status", "ok");
    return end_answer(json, scene);
}

std::string heartbeat(const Scene&, const Params&) {
    return heartbeat_body(true, std::nullopt);
}

std::string heartbeat_body(bool alive, std::optional<std::int64_t> recovery_ms) {
    JsonWriter json(320);
    json.begin_object().field("status", "ok").key("data").begin_object();
    json.field("heartbeat", 1).field("estimated_recovery_time", nullptr);
    json.field("swap_heartbeat", 1).field("swap_estimated_recovery_time", nullptr);
    json.field("option_heartbeat", 1).field("option_estimated_recovery_time", nullptr);
    json.field("linear_swap_heartbeat", alive ? 1 : 0).field("linear_swap_estimated_recovery_time", recovery_ms);
    // The exchange's own ts here has stood still since 2019.
    json.end_object().field("ts", std::int64_t{1557714418033}).end_object();
    return json.take();
}

std::string contract_info(const Scene& scene, const Params& params) {
    return api_list(scene, params, [&](JsonWriter& json, std::size_t index) {
        if (scene.relisted && scene.relisted(index)) contract_row(json, scene, index, true);
        contract_row(json, scene, index);
    });
}

std::string api_state(const Scene& scene, const Params& params) {
    static constexpr std::array<std::string_view, 10> kTransfers{
        "transfer_in",
        "transfer_out",
        "master_transfer_sub",
        "sub_transfer_master",
        "master_transfer_sub_inner_in",
        "master_transfer_sub_inner_out",
        "sub_transfer_master_inner_in",
        "sub_transfer_master_inner_out",
        "transfer_inner_in",
        "transfer_inner_out",
    };
    return api_list(scene, params, [&](JsonWriter& json, std::size_t index) {
        const WireContract& wire = scene.directory[index];
        const int may = may_trade(scene, index);
        json.begin_object().field("symbol", wire.symbol).field("contract_code", wire.code);
        json.field("margin_mode", "isolated").field("margin_account", wire.code);
        json.field("open", may).field("close", may).field("cancel", 1);
        for (const std::string_view transfer : kTransfers) json.field(transfer, 1);
        json.end_object();
    });
}

std::string cross_trade_state(const Scene& scene, const Params& params) {
    return api_list(scene, params, [&](JsonWriter& json, std::size_t index) {
        const WireContract& wire = scene.directory[index];
        const int may = may_trade(scene, index);
        json.begin_object().field("symbol", wire.symbol).field("contract_code", wire.code);
        json.field("margin_mode", "cross").field("margin_account", "USDT");
        json.field("open", may).field("close", may).field("cancel", 1);
        identity_fields(json, wire);
        json.end_object();
    });
}

std::string price_limit(const Scene& scene, const Params& params) {
    return api_list(scene, params, [&](JsonWriter& json, std::size_t index) {
        const WireContract& wire = scene.directory[index];
        const double mark = scene.references.mark(index);
        json.begin_object().field("symbol", wire.symbol).field("contract_code", wire.code);
        steps_field(json, "high_limit", to_ticks(mark * 1.02, wire.price), wire.price, Print::number);
        steps_field(json, "low_limit", to_ticks(mark * 0.98, wire.price), wire.price, Print::number);
        identity_fields(json, wire);
        json.field("trade_partition", "USDT").end_object();
    });
}

void elements_row(JsonWriter& json, const Scene& scene, std::size_t index) {
    constexpr std::string_view kMaxContracts = "99999999.000000000000000000";
    const WireContract& wire = scene.directory[index];
    const SimulatedContract& simulated = scene.market.contracts()[index];
    const bool major = wire.symbol == "BTC" || wire.symbol == "ETH";
    json.begin_object().field("contract_code", wire.code);
    json.field("funding_rate_cap", major ? "0.003750000000000000" : "0.020000000000000000");
    json.field("funding_rate_floor", major ? "-0.003750000000000000" : "-0.020000000000000000");
    json.field("mode_type", 2).field("swap_delivery_type", 3);
    json.field("settle_period", simulated.contract.funding_interval_hours);
    json.field("instrument_index_code", wire.pair).field("min_level", "1");
    json.field("max_level", major ? "200" : "50");
    for (const std::string_view limits : {"order_limits", "normal_limits", "open_limits", "trade_limits"}) {
        limits_field(json, limits, kMaxContracts);
    }
    json.field("real_time_settlement", 1).field("transfer_profit_ratio", 1);
    json.field("cross_transfer_profit_ratio", 1).key("instrument_type").begin_array().value(0).end_array();
    steps_string_field(json, "price_tick", 1, wire.price, Print::scale18);
    steps_string_field(json, "instrument_value", 1, wire.size, Print::scale18);
    json.field("trade_partition", "USDT").field("open_order_limit", kMaxContracts);
    json.field("offset_order_limit", kMaxContracts).field("long_position_limit", "200000000.000000000000000000");
    json.field("short_position_limit", "200000000.000000000000000000").end_object();
}

std::string query_elements(const Scene& scene, const Params& params) {
    return api_list(scene, params, [&](JsonWriter& json, std::size_t index) { elements_row(json, scene, index); });
}

}  // namespace scanner::simulator::face
