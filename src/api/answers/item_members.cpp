#include "api/answers/item_members.hpp"

#include "api/http/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace scanner::api {
namespace {

using market::Input;

/// The price inputs first; under the names of items, where the order book is the book.
constexpr auto kInputNames = std::to_array<std::pair<std::string_view, Input>>({{"candles", Input::candles},
                                                                                {"ticker", Input::ticker},
                                                                                {"funding", Input::funding},
                                                                                {"open_interest", Input::open_interest},
                                                                                {"index", Input::index}});
static_assert(kInputNames.size() + 1 == market::kInputs.size());

void write_input(core::JsonWriter& json, std::string_view name, const market::InputReading& reading,
                 core::WallTime made_at, std::string_view state) {
    json.key(name).begin_object().key("age_ms");
    if (reading.true_at) {
        json.value((made_at - *reading.true_at).count());
    } else {
        json.null();
    }
    json.key("source");
    if (reading.source == market::InputSource::none || !reading.true_at) {
        json.null();
    } else {
        json.value(market::to_string(reading.source));
    }
    json.field("state", state).end_object();
}

}  // namespace

std::optional<std::vector<ItemMember>> read_members(ParamReader& reader, std::span<const ItemField> lines,
                                                    std::span<const std::string_view> others) {
    std::vector<std::string_view> known;
    known.reserve(lines.size() + others.size());
    for (const ItemField& field : lines) known.push_back(field.name);
    known.insert(known.end(), others.begin(), others.end());
    const auto names = reader.list("fields", known);
    if (!names) return std::nullopt;
    if (names->empty()) reader.reject("fields", "names no field; leave the parameter out to get all");
    std::vector<ItemMember> members;
    for (const std::string& name : *names) {
        const auto found = static_cast<std::size_t>(std::ranges::find(known, name) - known.begin());
        if (found < known.size()) {
            members.push_back({.name = known[found], .field = found < lines.size() ? &lines[found] : nullptr});
        } else if (reader.full()) {
            reader.reject("fields", {});
        } else {
            reader.reject("fields",
                          fmt::format("unknown field {}; known: {}", in_quotes(name), fmt::join(known, ", ")));
        }
    }
    return members;
}

void add_members(std::string& key, const std::optional<std::vector<ItemMember>>& members) {
    key += members ? '[' : 'A';
    if (!members) return;
    for (const ItemMember& member : *members) fmt::format_to(std::back_inserter(key), "{},", member.name);
    key += ']';
}

void write_inputs_member(core::JsonWriter& json, const market::Inputs& inputs, core::WallTime made_at) {
    const market::InputReading& tape = inputs.tape();
    const bool hole = tape.subscription == "incomplete";
    json.begin_object();
    write_input(json, "book", inputs[Input::order_book], made_at, market::to_string(inputs[Input::order_book].state));
    write_input(json, "tape", tape, made_at, hole ? tape.subscription : market::to_string(tape.state));
    for (const auto& [name, input] : kInputNames) {
        write_input(json, name, inputs[input], made_at, market::to_string(inputs[input].state));
    }
    json.end_object();
}

}  // namespace scanner::api
