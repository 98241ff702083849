#include "scanner/core/json_writer.hpp"
#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/signals/number_value.hpp"
#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <string>

namespace scanner::ranking {
namespace {

using core::JsonWriter;
using signals::FieldGroup;

constexpr std::size_t kCandlesKept = 120;

/// With all digits, and with the values that the formulas gave what is unknown: scores rest on these.
void write_numbers(JsonWriter& json, FieldGroup group, const signals::NumbersView& numbers) {
    for (const signals::NumberField& field : signals::numbers_of(group)) {
        const std::optional<double> value = field.get(numbers);
        if (!value && (group == FieldGroup::flow || group == FieldGroup::detection)) continue;  // there may be none
        json.key(field.name);
        signals::visit_value(field, value, [&json](auto value) { json.value(value); });
    }
}

void write_contract(JsonWriter& json, const market::Contract& contract) {
    json.begin_object()
        .field("contract_code", contract.contract_code)
        .field("symbol", contract.symbol)
        .field("contract_size", contract.contract_size)
        .field("price_tick", contract.price_tick)
        .field("tradfi", contract.asset_class == market::AssetClass::tradfi)
        .field("funding_interval_hours", contract.funding_interval_hours)
        .field("listed_at_ms", contract.listed_at.transform(core::to_unix_ms))
        .end_object();
}

void write_levels(JsonWriter& json, std::string_view name, const std::vector<market::Level>& levels) {
    json.key(name).begin_array();
    for (const market::Level& level : levels) json.begin_array().value(level.price).value(level.size).end_array();
    json.end_array();
}

void write_inputs(JsonWriter& json, const market::Inputs& inputs) {
    const auto unix_ms = [](const std::optional<core::WallTime>& time) {
        return time ? std::optional(core::to_unix_ms(*time)) : std::nullopt;
    };
    json.key("inputs").begin_object();
    for (const market::Input input : market::kInputs) {
        const market::InputReading& reading = inputs[input];
        json.key(market::to_string(input)).begin_object();
        json.field("state", market::to_string(reading.state))
            .field("time_ms", unix_ms(reading.time))
            .field("true_at_ms", unix_ms(reading.true_at))
            .field("limit_ms", reading.limit.count())
            .field("note", reading.note)
            .end_object();
    }
    json.end_object();
}

void write_data(JsonWriter& json, const market::MarketData& data) {
    json.begin_object().key("contract");
    write_contract(json, *data.contract);
    json.field("last", data.ticker.last)
        .field("base_volume_24h", data.ticker.base_volume_24h)
        .field("turnover_24h", data.ticker.turnover_24h)
        .field("funding_rate", data.funding_rate)
        .field("open_interest", data.open_interest)
        .field("index_price", data.index_price)
        .field("data_time_ms", core::to_unix_ms(data.data_time))
        .field("fetch_latency_ms", data.fetch_latency_ms)
        .field("book_time_ms", core::to_unix_ms(data.order_book->exchange_time));
    write_inputs(json, data.inputs);
    write_levels(json, "bids", data.order_book->bids);
    write_levels(json, "asks", data.order_book->asks);
    const auto& candles = *data.candles;
    const std::size_t skipped = candles.size() - std::min(candles.size(), kCandlesKept);
    json.field("running_candles", candles.size() - data.closed_candles).key("candles").begin_array();
    for (std::size_t i = skipped; i < candles.size(); ++i) {
        const market::Candle& candle = candles[i];
        json.begin_array().value(candle.open_time_ms).value(candle.open).value(candle.high).value(candle.low);
        json.value(candle.close).value(candle.base_volume).end_array();
    }
    json.end_array().end_object();
}

void write_manipulation(JsonWriter& json, const signals::NumbersView& view) {
    json.begin_object();
    write_numbers(json, FieldGroup::manipulation, view);
    if (view.numbers.detection.quarantined) json.field("quarantined", *view.numbers.detection.quarantined);
    json.field("probability", view.numbers.manipulation.probability).key("manip_flags").begin_array();
    for (const std::string_view flag : view.numbers.manipulation.manip_flags) json.value(flag);
    json.end_array().key("features").begin_object();
    write_numbers(json, FieldGroup::features, view);
    json.end_object().end_object();
}

void write_unknown(JsonWriter& json, const signals::NumberSet& unknown) {
    json.key("unknown").begin_array();
    for (const signals::NumberField& field : signals::kNumbers) {
        if (unknown.has(field.number)) json.value(to_string(field.number));
    }
    json.end_array();
}

void write_numbers_of(JsonWriter& json, const signals::NumbersView& view) {
    json.begin_object();
    write_unknown(json, view.unknown);
    for (const FieldGroup group : {FieldGroup::listing, FieldGroup::metrics, FieldGroup::edges, FieldGroup::momentum,
                                   FieldGroup::execution, FieldGroup::micro, FieldGroup::flow, FieldGroup::detection}) {
        write_numbers(json, group, view);
    }
    json.key("manipulation");
    write_manipulation(json, view);
    json.end_object();
}

/// A list for each component, in the order of the entries.
void write_components(JsonWriter& json, const std::vector<RankedEntry>& ranked) {
    json.key("components").begin_object();
    for (const signals::ComponentField& field : signals::component_fields()) {
        json.key(field.name).begin_array();
        for (const RankedEntry& entry : ranked) json.value(entry.components.*field.member);
        json.end_array();
    }
    json.end_object();
}

void write_ranked(JsonWriter& json, const Ranking& ranking) {
    static const std::vector<RankedEntry> kNone;
    json.key("profiles").begin_array();
    for (const signals::Profile& profile : ranking.profiles) {
        json.begin_object().field("name", profile.name).key("weights").begin_object();
        for (const auto& field : signals::weight_fields()) json.field(field.name, profile.weights.*field.member);
        json.end_object().key("ranked").begin_array();
        const auto found = ranking.ranked.find(profile.name);
        const std::vector<RankedEntry>& ranked = found == ranking.ranked.end() ? kNone : found->second;
        for (const RankedEntry& entry : ranked) {
            json.begin_array().value(entry.contract).value(entry.score).value(entry.rank_delta).end_array();
        }
        json.end_array();
        write_components(json, ranked);
        json.end_object();
    }
    json.end_array();
}

}  // namespace

std::string encode_ranking(const Ranking& ranking, const RankingOrigin& origin) {
    JsonWriter json(64 + ranking.contracts.size() * 12'000);
    json.begin_object()
        .field("format", 1)
        .field("exchange", origin.exchange)
        .field("installation", origin.installation)
        .field("seq", ranking.sequence)
        .field("time_ms", core::to_unix_ms(ranking.time))
        .field("next_scan_at_ms", core::to_unix_ms(ranking.next_scan_at))
        .field("cycle_ms", ranking.cycle_ms)
        .field("requests", ranking.requests)
        .field("default_profile", ranking.settings.default_profile)
        .field("notional_usdt", ranking.settings.notional_usdt)
        .field("min_qvol_usdt", ranking.settings.min_qvol_usdt)
        .field("max_spread_bps", ranking.settings.max_spread_bps)
        .field("min_listed_days", ranking.settings.min_listed_days)
        .field("include_carry", ranking.settings.include_carry)
        .field("simulated", ranking.settings.simulated);
    if (ranking.epoch != 0) json.field("epoch", ranking.epoch);
    if (ranking.has_flow) json.field("has_flow", true);
    if (ranking.is_measured()) {
        json.field("manip_model", core::to_string(ranking.settings.manip_model))
            .field("quarantine", ranking.settings.quarantine);
    }
    write_ranked(json, ranking);
    json.key("contracts").begin_array();
    for (std::size_t i = 0; i < ranking.contracts.size(); ++i) {
        const ContractSnapshot& snapshot = ranking.contract(i);
        json.begin_object().key("data");
        write_data(json, snapshot.data);
        json.key("numbers");
        write_numbers_of(json, ranking.numbers_view(i));
        json.key("spread_history").begin_array();
        for (const double spread : snapshot.spread_history) json.value(spread);
        json.end_array().key("notes").begin_array();
        for (const std::string& note : snapshot.notes) json.value(note);
        json.end_array().end_object();
    }
    json.end_array().key("exclusions").begin_array();
    for (const Exclusion& exclusion : ranking.exclusions) {
        json.begin_array().value(exclusion.contract_code).value(exclusion.reason).value(exclusion.detail).end_array();
    }
    json.end_array().end_object();
    return std::move(json).take();
}

std::string encode_profile_order(const Ranking& ranking, std::string_view profile) {
    JsonWriter json(4096);
    json.begin_object()
        .field("seq", ranking.sequence)
        .field("ts", core::format_time(ranking.time))
        .field("profile", profile);
    json.key("items").begin_array();
    const auto ranked = ranking.ranked.find(std::string(profile));
    if (ranked != ranking.ranked.end()) {
        for (const RankedEntry& entry : ranked->second) {
            json.begin_object()
                .field("symbol", ranking.contract(entry.contract).data.contract->symbol)
                .field("rank", entry.rank)
                .field("score", entry.score)
                .end_object();
        }
    }
    json.end_array().end_object();
    return std::move(json).take();
}

}  // namespace scanner::ranking
