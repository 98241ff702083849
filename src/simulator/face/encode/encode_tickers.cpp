// Tickers and best quotes: batch_merged (v1, v2), merged, bbo.
#include "simulator/face/endpoints.hpp"

namespace scanner::simulator::face {
namespace {

using core::JsonWriter;

void quote_field(JsonWriter& json, std::string_view name, const WireContract& contract,
                 const std::optional<BookLevel>& level) {
    json.key(name);
    if (!level) {
        json.null();
        return;
    }
    json.begin_array().raw(steps_text(level->price_ticks, contract.price, Print::number));
    json.value(level->contracts).end_array();
}

void price_string_field(JsonWriter& json, std::string_view name, const WireContract& contract, double price) {
    steps_string_field(json, name, to_ticks(price, contract.price), contract.price, Print::plain);
}

std::string turnover_text(const WireContract& contract, const TickerState& ticker) {
    return decimal_text(tidy(ticker.doubled_turnover_24h, contract.turnover_scale), Print::plain);
}

enum class BatchVersion { v1, v2 };

void batch_row(JsonWriter& json, const Scene& scene, std::size_t index, BatchVersion version) {
    const WireContract& contract = scene.directory[index];
    const TickerState ticker = scene.market.ticker(index);
    json.begin_object().field("id", scene.ts() / 1'000).field("ts", scene.ts());
    quote_field(json, "ask", contract, ticker.ask);
    quote_field(json, "bid", contract, ticker.bid);
    json.field("trade_partition", "USDT").field("business_type", contract.business_type);
    json.field("contract_code", contract.code);
    price_string_field(json, "open", contract, ticker.open);
    price_string_field(json, "close", contract, ticker.last);
    price_string_field(json, "low", contract, ticker.low);
    price_string_field(json, "high", contract, ticker.high);
    steps_string_field(json, "amount", ticker.doubled_contracts_24h, contract.size, Print::plain);
    json.field("count", ticker.doubled_count_24h);
    const std::string contracts = std::to_string(ticker.doubled_contracts_24h);
    if (version == BatchVersion::v1) {
        json.field("vol", contracts).field("trade_turnover", turnover_text(contract, ticker));
    } else {
        json.field("vol", turnover_text(contract, ticker)).field("number_of", contracts);
    }
    json.end_object();
}

std::string batch(const Scene& scene, const Params& params, BatchVersion version) {
    const auto selected = select(scene, params, Listing::active, true);
    if (!selected) return selected.error();
    JsonWriter json(selected->size() * 340 + 128);
    json.begin_object().field("status", "ok").key("ticks").begin_array();
    for (const std::size_t index : *selected) batch_row(json, scene, index, version);
    json.end_array();
    return end_answer(json, scene);
}

/// A suspended contract's quotes are null, a missing side of a live one is left out (facts 3.8).
void bbo_side(JsonWriter& json, std::string_view name, const WireContract& contract,
              const std::vector<BookLevel>& side) {
    if (!side.empty()) {
        quote_field(json, name, contract, side.front());
    } else if (contract.suspended) {
        json.field(name, nullptr);
    }
}

}  // namespace

std::string batch_merged(const Scene& scene, const Params& params) {
    return batch(scene, params, BatchVersion::v1);
}

std::string batch_merged_v2(const Scene& scene, const Params& params) {
    return batch(scene, params, BatchVersion::v2);
}

std::string merged(const Scene& scene, const Params& params) {
    const auto index = market_contract(scene, params);
    if (!index) return index.error();
    const WireContract& contract = scene.directory[*index];
    const TickerState ticker = scene.market.ticker(*index);
    JsonWriter json(512);
    json.begin_object().field("ch", "market." + contract.code + ".detail.merged").field("status", "ok");
    json.key("tick").begin_object();
    steps_string_field(json, "amount", ticker.doubled_contracts_24h, contract.size, Print::plain);
    quote_field(json, "ask", contract, ticker.ask);
    quote_field(json, "bid", contract, ticker.bid);
    price_string_field(json, "close", contract, ticker.last);
    json.field("count", ticker.doubled_count_24h);
    price_string_field(json, "high", contract, ticker.high);
    json.field("id", scene.ts() / 1'000);
    price_string_field(json, "low", contract, ticker.low);
    price_string_field(json, "open", contract, ticker.open);
    json.field("trade_turnover", turnover_text(contract, ticker)).field("ts", scene.ts());
    json.field("vol", std::to_string(ticker.doubled_contracts_24h)).end_object();
    return end_answer(json, scene);
}

std::string bbo(const Scene& scene, const Params& params) {
    const auto selected = select(scene, params, Listing::active, true);
    if (!selected) return selected.error();
    JsonWriter json(selected->size() * 160 + 128);
    json.begin_object().field("status", "ok").key("ticks").begin_array();
    for (const std::size_t index : *selected) {
        const WireContract& contract = scene.directory[index];
        const BookState& book = scene.books.book(index);
        json.begin_object().field("trade_partition", "USDT").field("business_type", contract.business_type);
        json.field("contract_code", contract.code);
        bbo_side(json, "ask", contract, book.asks);
        bbo_side(json, "bid", contract, book.bids);
        json.field("mrid", book.matching_id).field("ts", core::to_unix_ms(book.time + scene.skew)).end_object();
    }
    json.end_array();
    return end_answer(json, scene);
}

}  // namespace scanner::simulator::face
