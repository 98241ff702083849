#include "simulator/face/encode/depth_step.hpp"
#include "simulator/face/encode/errors.hpp"
#include "simulator/face/endpoints.hpp"

namespace scanner::simulator::face {
namespace {

void side_field(core::JsonWriter& json, std::string_view name, const std::vector<WireLevel>& levels) {
    json.key(name).begin_array();
    std::string price;
    for (const WireLevel& level : levels) {
        price.clear();
        append_decimal(price, level.unscaled, level.scale, Print::number);
        json.begin_array().raw(price).value(level.contracts).end_array();
    }
    json.end_array();
}

}  // namespace

std::string depth(const Scene& scene, const Params& params) {
    const auto index = market_contract(scene, params);
    if (!index) return index.error();
    const std::string_view type = params.get("type");
    const auto step = parse_depth_step(type);
    if (!step) return market_error(scene.now, "invalid type:" + std::string(type));
    const WireContract& contract = scene.directory[*index];
    const BookState& book = scene.books.book(*index);
    const auto asks = wire_levels(book.asks, false, contract.price, *step);
    const auto bids = wire_levels(book.bids, true, contract.price, *step);
    const std::string channel = "market." + contract.code + ".depth." + std::string(type);
    const std::int64_t book_ms = core::to_unix_ms(book.time + scene.skew);

    core::JsonWriter json((asks.size() + bids.size()) * 24 + 256);
    json.begin_object().field("ch", channel).field("status", "ok").key("tick").begin_object();
    // One empty side has no key at all; a book without either has both, empty (facts 3.8).
    const bool empty = asks.empty() && bids.empty();
    if (empty || !asks.empty()) side_field(json, "asks", asks);
    if (empty || !bids.empty()) side_field(json, "bids", bids);
    json.field("ch", channel).field("id", book_ms / 1'000).field("mrid", book.matching_id);
    json.field("ts", book_ms).field("version", book_ms / 1'000).end_object();
    return end_answer(json, scene);
}

}  // namespace scanner::simulator::face
