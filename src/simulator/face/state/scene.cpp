#include "simulator/face/state/scene.hpp"

#include "simulator/face/encode/errors.hpp"

#include <cmath>
#include <optional>

namespace scanner::simulator::face {
namespace {

std::optional<std::size_t> find_shown(const Scene& scene, const Params& params) {
    const auto found = scene.directory.find(params.get("contract_code"));
    if (!found || scene.hidden(*found)) return std::nullopt;
    return found;
}

bool listed(const WireContract& contract, Listing listing, std::string_view business_type) {
    switch (listing) {
        case Listing::funding: return !contract.ghost;
        case Listing::index: return !contract.futures;
        case Listing::active:
        case Listing::with_ghosts:
            if (contract.ghost && listing == Listing::active) return false;
            return business_type == "all" || business_type == contract.business_type;
    }
    return false;
}

}  // namespace

Selected<std::size_t> market_contract(const Scene& scene, const Params& params) {
    if (!params.has("contract_code")) return std::unexpected(market_error(scene.now, kBadContract));
    const auto found = find_shown(scene, params);
    if (!found) return std::unexpected(market_error(scene.now, kInvalidSymbol));
    return *found;
}

Selected<std::size_t> api_contract(const Scene& scene, const Params& params) {
    if (!params.has("contract_code")) {
        return std::unexpected(api_error(scene.now, kFieldEmpty, field_empty("contract_code")));
    }
    const auto found = find_shown(scene, params);
    if (!found) return std::unexpected(api_error(scene.now, kNoSuchContractCode, kNoSuchContract));
    return *found;
}

Selected<std::vector<std::size_t>> select(const Scene& scene, const Params& params, Listing listing,
                                          bool market_errors) {
    if (params.has("contract_code")) {
        const auto one = market_errors ? market_contract(scene, params) : api_contract(scene, params);
        if (!one) return std::unexpected(one.error());
        return std::vector<std::size_t>{*one};
    }
    std::string_view business_type = params.get("business_type");
    if (business_type.empty()) business_type = "swap";
    if (business_type != "swap" && business_type != "futures" && business_type != "all") {
        return std::unexpected(market_errors ? market_error(scene.now, "invalid business_type")
                                             : api_error(scene.now, kFieldInvalid, field_invalid("business_type")));
    }
    const std::string pair = upper_ascii(params.get("pair"));
    const std::string_view type = params.get("contract_type");
    std::vector<std::size_t> selected;
    for (std::size_t i = 0; i < scene.directory.size(); ++i) {
        const WireContract& contract = scene.directory[i];
        if (!listed(contract, listing, business_type) || scene.hidden(i)) continue;
        if (!pair.empty() && pair != contract.pair) continue;
        if (!type.empty() && type != contract.contract_type) continue;
        selected.push_back(i);
    }
    return selected;
}

void decimal_field(core::JsonWriter& json, std::string_view name, double value, Print print) {
    json.key(name).raw(decimal_text(value, print));
}

void decimal_string_field(core::JsonWriter& json, std::string_view name, double value, Print print) {
    json.field(name, decimal_text(value, print));
}

void steps_field(core::JsonWriter& json, std::string_view name, std::int64_t count, Step step, Print print) {
    json.key(name).raw(steps_text(count, step, print));
}

void steps_string_field(core::JsonWriter& json, std::string_view name, std::int64_t count, Step step, Print print) {
    json.field(name, steps_text(count, step, print));
}

double step_value(Step step) {
    return static_cast<double>(step.mantissa) / std::pow(10.0, step.scale);
}

std::int64_t to_ticks(double price, Step tick) {
    return std::llround(price / step_value(tick));
}

double base_units(const WireContract& contract, std::int64_t contracts) {
    return tidy(static_cast<double>(contracts) * step_value(contract.size), contract.size.scale);
}

WallTime funding_time(const Scene& scene, std::size_t contract) {
    return std::chrono::floor<std::chrono::hours>(scene.market.funding(contract).funding_time);
}

WallTime stopped_at(const Scene& scene, std::size_t contract) {
    return std::chrono::floor<std::chrono::hours>(scene.books.book(contract).time);
}

core::JsonWriter begin_api_answer(std::size_t reserve) {
    core::JsonWriter json(reserve);
    json.begin_object().field("status", "ok").key("data");
    return json;
}

std::string end_answer(core::JsonWriter& json, const Scene& scene) {
    json.field("ts", scene.ts()).end_object();
    return json.take();
}

}  // namespace scanner::simulator::face
