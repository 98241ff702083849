// Index prices, funding and open interest.
#include "simulator/face/encode/errors.hpp"
#include "simulator/face/endpoints.hpp"
#include "simulator/face/random.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace scanner::simulator::face {
namespace {

using core::JsonWriter;
using namespace std::chrono_literals;

std::string ms_text(WallTime time) {
    return std::to_string(core::to_unix_ms(time));
}

/// The ts of a price that is not computed any more: a delisted contract's, months ago and always the same.
std::int64_t frozen_index_ms(const Scene& scene, std::size_t index) {
    const WireContract& contract = scene.directory[index];
    if (contract.suspended) return core::to_unix_ms(scene.books.book(index).time);
    constexpr std::int64_t kMay2025 = 1'746'057'600'000;
    return kMay2025 + static_cast<std::int64_t>(hash_text(contract.code) % 15'552'000) * 1'000;
}

void funding_row(JsonWriter& json, const Scene& scene, std::size_t index) {
    const WireContract& contract = scene.directory[index];
    json.begin_object().field("estimated_rate", nullptr);
    if (contract.futures) {
        json.field("funding_rate", nullptr);
    } else {
        decimal_string_field(json, "funding_rate", scene.market.funding(index).rate, Print::scale18);
    }
    json.field("contract_code", contract.code).field("symbol", contract.symbol).field("fee_asset", "USDT");
    if (contract.futures) {
        json.field("funding_time", nullptr);
    } else {
        json.field("funding_time", ms_text(funding_time(scene, index)));
    }
    json.field("next_funding_time", nullptr).field("trade_partition", "USDT").end_object();
}

/// A premium that gives `rate` by rate = premium + clamp(interest - premium, -0.05 %, 0.05 %), interest 0.01 %.
double premium_behind(double rate, std::uint64_t draw) {
    constexpr double kInterest = 0.0001;
    constexpr double kClamp = 0.0005;
    if (rate > kInterest) return rate + kClamp;
    if (rate < kInterest) return rate - kClamp;
    return kInterest + kClamp * (2.0 * unit(draw) - 1.0);  // anything within the clamp comes to the interest
}

struct Page {
    std::size_t number = 1;  ///< from 1
    std::size_t size = 20;
};

Page parse_page(const Params& params, std::int64_t most) {
    Page page;
    page.number = static_cast<std::size_t>(std::max<std::int64_t>(1, params.get_int("page_index").value_or(1)));
    page.size = static_cast<std::size_t>(std::clamp<std::int64_t>(params.get_int("page_size").value_or(20), 1, most));
    return page;
}

void open_interest_row(JsonWriter& json, const Scene& scene, std::size_t index) {
    const WireContract& contract = scene.directory[index];
    const std::int64_t contracts = scene.market.open_interest_contracts(index);
    const TickerState ticker = scene.market.ticker(index);
    json.begin_object();
    steps_field(json, "volume", contracts, Step{}, Print::scale18);
    steps_field(json, "amount", contracts, contract.size, Print::scale18);
    json.field("symbol", contract.symbol);
    decimal_field(json, "value", tidy(base_units(contract, contracts) * ticker.last, contract.turnover_scale),
                  Print::scale18);
    json.field("contract_code", contract.code);
    steps_field(json, "trade_amount", ticker.doubled_contracts_24h, contract.size, Print::plain);
    json.field("trade_volume", ticker.doubled_contracts_24h);
    decimal_field(json, "trade_turnover", tidy(ticker.doubled_turnover_24h, contract.turnover_scale), Print::plain);
    json.field("business_type", contract.business_type).field("pair", contract.pair);
    json.field("contract_type", contract.contract_type).field("trade_partition", "USDT").end_object();
}

std::optional<std::chrono::milliseconds> interest_period(std::string_view name) {
    if (name == "60min") return 1h;
    if (name == "4hour") return 4h;
    if (name == "12hour") return 12h;
    if (name == "1day") return 24h;
    return std::nullopt;
}

}  // namespace

std::string index_prices(const Scene& scene, const Params& params) {
    const auto selected = select(scene, params, Listing::index, false);
    if (!selected) return selected.error();
    JsonWriter json = begin_api_answer(selected->size() * 130 + 128);
    json.begin_array();
    for (const std::size_t index : *selected) {
        const WireContract& contract = scene.directory[index];
        const bool frozen = contract.ghost || contract.suspended;
        json.begin_object();
        decimal_field(json, "index_price", scene.references.index(index), Print::number);
        json.field("index_ts",
                   frozen ? frozen_index_ms(scene, index) : core::to_unix_ms(scene.references.time() + scene.skew));
        json.field("contract_code", contract.code).field("trade_partition", "USDT").end_object();
    }
    json.end_array();
    return end_answer(json, scene);
}

std::string batch_funding_rate(const Scene& scene, const Params& params) {
    const auto selected = select(scene, params, Listing::funding, false);
    if (!selected) return selected.error();
    JsonWriter json = begin_api_answer(selected->size() * 220 + 128);
    json.begin_array();
    for (const std::size_t index : *selected) funding_row(json, scene, index);
    json.end_array();
    return end_answer(json, scene);
}

std::string funding_rate(const Scene& scene, const Params& params) {
    const auto index = api_contract(scene, params);
    if (!index) return index.error();
    JsonWriter json = begin_api_answer();
    funding_row(json, scene, *index);
    return end_answer(json, scene);
}

std::string historical_funding_rate(const Scene& scene, const Params& params) {
    const auto index = api_contract(scene, params);
    if (!index) return index.error();
    const WireContract& contract = scene.directory[*index];
    const Page page = parse_page(params, 100);  // more is silently 100 on the wire
    const auto points = scene.market.funding_history(*index, 2'000);
    JsonWriter json = begin_api_answer(page.size * 260 + 128);
    json.begin_object().field("total_page", (points.size() + page.size - 1) / page.size);
    json.field("current_page", page.number).field("total_size", points.size()).key("data").begin_array();
    for (std::size_t i = (page.number - 1) * page.size; i < std::min(points.size(), page.number * page.size); ++i) {
        const FundingPoint& point = points[i];
        const auto draw =
            mix(hash_text(contract.code), static_cast<std::uint64_t>(core::to_unix_ms(point.funding_time)));
        json.begin_object();
        decimal_string_field(json, "avg_premium_index", premium_behind(point.rate, draw), Print::scale18);
        json.field("trade_partition", "USDT");
        decimal_string_field(json, "funding_rate", point.rate, Print::scale18);
        json.field("realized_rate", nullptr).field("funding_time", ms_text(point.funding_time));
        json.field("contract_code", contract.code).field("symbol", contract.symbol).field("fee_asset", "USDT");
        json.end_object();
    }
    json.end_array().end_object();
    return end_answer(json, scene);
}

std::string open_interest(const Scene& scene, const Params& params) {
    const auto selected = select(scene, params, Listing::with_ghosts, false);
    if (!selected) return selected.error();
    JsonWriter json = begin_api_answer(selected->size() * 380 + 128);
    json.begin_array();
    for (const std::size_t index : *selected) open_interest_row(json, scene, index);
    json.end_array();
    return end_answer(json, scene);
}

std::string open_interest_history(const Scene& scene, const Params& params) {
    const auto index = api_contract(scene, params);
    if (!index) return index.error();
    const auto period = interest_period(params.get("period"));
    if (!period) return api_error(scene.now, kFieldInvalid, field_invalid("period"));
    const auto type = params.get_int("amount_type");
    if (type != 1 && type != 2) return api_error(scene.now, kFieldInvalid, field_invalid("amount_type"));
    const auto size = params.has("size") ? params.get_int("size") : 48;
    if (!size || *size < 1 || *size > 200) return api_error(scene.now, kFieldInvalid, field_invalid("size"));

    const WireContract& contract = scene.directory[*index];
    JsonWriter json = begin_api_answer(static_cast<std::size_t>(*size) * 90 + 256);
    json.begin_object().field("symbol", contract.symbol).key("tick").begin_array();
    const double price = scene.market.ticker(*index).last;
    double contracts = static_cast<double>(scene.market.open_interest_contracts(*index));
    const std::int64_t length = period->count();
    std::int64_t bucket = core::to_unix_ms(scene.market.now()) / length * length;
    for (std::int64_t i = 0; i < *size; ++i, bucket -= length) {
        const auto whole = static_cast<std::int64_t>(contracts);
        json.begin_object();
        steps_field(json, "volume", whole, *type == 1 ? Step{} : contract.size, Print::plain);
        json.field("amount_type", *type).field("ts", bucket);
        decimal_field(json, "value", tidy(base_units(contract, whole) * price, contract.turnover_scale), Print::plain);
        json.end_object();
        // The market keeps no record of open interest: the past is a walk back from today's, the same each time.
        const auto draw = mix(hash_text(contract.code), static_cast<std::uint64_t>(bucket));
        contracts *= 1.0 + 0.02 * (unit(draw) - 0.5);
    }
    json.end_array().field("contract_code", contract.code).field("business_type", contract.business_type);
    json.field("pair", contract.pair).field("contract_type", contract.contract_type);
    json.field("trade_partition", "USDT").end_object();
    return end_answer(json, scene);
}

}  // namespace scanner::simulator::face
