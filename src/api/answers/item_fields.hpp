#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/json_writer.hpp"
#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/numbers.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace scanner::api {

using ranking::ScoredContract;

/// Null, a number, a text, a time or a list of texts.
using FieldValue = std::variant<std::monostate, double, std::int64_t, std::string_view, core::WallTime,
                                std::span<const std::string_view>, std::span<const std::string>>;
[[nodiscard]] inline bool is_null(const FieldValue& value) noexcept {
    return std::holds_alternative<std::monostate>(value);
}

/// A field of a ranking item: its description and its value's source.
struct ItemField : signals::FieldInfo {
    FieldValue (*get)(const ScoredContract&) = nullptr;  ///< with all its digits: what is sorted by
    bool sortable = true;
    bool ascending_first = false;  ///< whether sorting by it without `order` begins with the least
};

/// Every field, in the order in which items show them: the members of a row and, between them, the groups of the table
/// of numbers that items have.
[[nodiscard]] std::span<const ItemField> item_fields();
/// Those of an item of `ranking` that was not asked for particular ones: what a live feed tells is left out where there
/// was none. With nullptr, of one without a feed.
[[nodiscard]] std::span<const ItemField> item_fields_of(const ranking::Ranking* ranking);
[[nodiscard]] const ItemField* find_item_field(std::string_view name);

/// Whether the request uses slippage and carry as the cycle did, so that items can differ in their score only.
[[nodiscard]] bool is_as_in_cycle(const ScoredContract& item);

/// `value` with the digits that mean something.
[[nodiscard]] FieldValue rounded(FieldValue value, signals::Digits digits);
/// The value as answers and exports show it.
[[nodiscard]] inline FieldValue shown(const ItemField& field, const ScoredContract& item) {
    return rounded(field.get(item), field.digits);
}
/// The same of a value that was kept under the name of an item's field; as it is where there is no such field.
[[nodiscard]] FieldValue rounded_as(std::string_view name, FieldValue value);
/// Writes `"name": value` for each of `fields`.
void write_fields(core::JsonWriter& json, std::span<const ItemField> fields, const ScoredContract& item);
/// Writes `"name": value` for each line of a group of the table; what was not measured is null.
void write_numbers(core::JsonWriter& json, signals::FieldGroup group, const signals::NumbersView& view);

/// Writes a double: whole numbers without exponent or fraction (20000000, not 2e+07), others as the shortest text that
/// reads back the same.
void write_number(core::JsonWriter& json, double value);
void write_number(core::JsonWriter& json, const std::optional<double>& value);
/// Writes `"name": value` for numbers.
void number_field(core::JsonWriter& json, std::string_view name, const std::optional<double>& value);

void write_value(core::JsonWriter& json, const FieldValue& value);
/// The value as a CSV field (RFC 4180): null is empty, lists are joined by '|'; a text that a spreadsheet would compute
/// gets an apostrophe in front.
void append_csv(std::string& out, const FieldValue& value);

/// Whether `a` comes before `b` when sorted by `field`; null comes last both ways; equal ones in the order of rank.
[[nodiscard]] bool comes_before(const ItemField& field, bool ascending, const ScoredContract& a,
                                const ScoredContract& b);

}  // namespace scanner::api
