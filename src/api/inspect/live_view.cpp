#include "api/inspect/live_view.hpp"

#include "api/answers/item_fields.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/signals/numbers.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {
namespace {

/// Of notionals, as of the depths in an item.
constexpr signals::Digits kUsdtDigits = signals::decimals(2);

void write_side(core::JsonWriter& json, std::string_view name, const std::vector<signals::LadderLevel>& levels) {
    json.key(name).begin_array();
    double quoted = 0.0;
    double firm = 0.0;
    for (const signals::LadderLevel& level : levels) {
        quoted += level.price * level.quoted;
        firm += level.price * level.firm.value_or(0.0);
        json.begin_object();
        number_field(json, "price", level.price);
        number_field(json, "quoted", level.quoted);
        number_field(json, "firm", level.firm);
        number_field(json, "cumulative_usdt", signals::rounded(quoted, kUsdtDigits));
        number_field(json, "cumulative_firm_usdt",
                     level.firm ? std::optional(signals::rounded(firm, kUsdtDigits)) : std::nullopt);
        json.end_object();
    }
    json.end_array();
}

void write_time(core::JsonWriter& json, std::string_view name, const std::optional<core::WallTime>& time) {
    json.key(name);
    if (time) {
        json.value(core::format_time(*time));
    } else {
        json.null();
    }
}

void write_age(core::JsonWriter& json, const market::InputReading& input, core::WallTime at) {
    json.key("age_ms");
    if (input.true_at) {
        json.value((at - *input.true_at).count());
    } else {
        json.null();
    }
}

void write_ladder(core::JsonWriter& json, const engine::LiveReading& live) {
    json.key("ladder");
    if (!live.ladder) {
        json.null();
        return;
    }
    json.begin_object();
    write_time(json, "ts", live.book_input.time);
    write_age(json, live.book_input, live.read_at);
    write_side(json, "bids", live.ladder->bids);
    write_side(json, "asks", live.ladder->asks);
    json.end_object();
}

/// Ids exceed what JSON readers take for whole numbers, so they are text.
void write_tape(core::JsonWriter& json, const engine::LiveReading& live) {
    json.key("tape").begin_object().field("complete", live.tape_complete);
    write_time(json, "incomplete_since", live.tape_complete ? std::nullopt : live.incomplete_since);
    write_time(json, "ts", live.tape_input.time);
    write_age(json, live.tape_input, live.read_at);
    json.key("trades").begin_array();
    for (const market::Trade& trade : std::views::reverse(live.trades)) {
        const double size = trade.size / 2.0;  // Trade::size counts both sides
        json.begin_object()
            .field("ts", core::format_time(trade.time))
            .field("id", std::to_string(trade.trade_id))
            .field("side", market::to_string(trade.taker_side));
        number_field(json, "price", trade.price);
        number_field(json, "size", size);
        number_field(json, "notional_usdt", signals::rounded(trade.price * size, kUsdtDigits));
        json.end_object();
    }
    json.end_array().end_object();
}

void refresh(market::InputReading& reading, const market::InputReading& told) {
    const auto limit = reading.limit;
    reading = told;
    reading.limit = limit;
}

}  // namespace

void write_live(core::JsonWriter& json, const engine::LiveReading* live) {
    if (live == nullptr) {
        json.key("live_at").null().key("ladder").null().key("tape").null();
        return;
    }
    json.field("live_at", core::format_time(live->read_at));
    write_ladder(json, *live);
    write_tape(json, *live);
}

market::Inputs inputs_at(market::Inputs inputs, const engine::LiveReading& live) {
    market::InputReading& book = inputs[market::Input::order_book];
    if (live.book != nullptr) {
        refresh(book, live.book_input);
    } else {
        book.subscription = live.book_input.subscription;
    }
    refresh(inputs.tape(), live.tape_input);
    const auto grow_old = [&live](market::InputReading& reading) {
        if (reading.state != market::InputState::live || !reading.true_at) return;
        const auto age = live.read_at - *reading.true_at;
        if (age <= reading.limit) return;
        reading.state = market::InputState::stale;
        reading.note = fmt::format("{} s old by now, the limit is {} s; the ranking still used it",
                                   std::chrono::floor<std::chrono::seconds>(age).count(),
                                   std::chrono::floor<std::chrono::seconds>(reading.limit).count());
    };
    for (const market::Input input : market::kInputs) grow_old(inputs[input]);
    grow_old(inputs.tape());
    return inputs;
}

}  // namespace scanner::api
