#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/json_writer.hpp"
#include "scanner/ranking/row_fields.hpp"
#include "scanner/signals/numbers.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace scanner::api {

using ranking::ScoredContract;

using FieldValue = ranking::RowValue;
using ranking::is_null;
/// A field of a ranking item: a line of the table of rows.
using ItemField = ranking::RowField;
using ranking::find_item_field;
using ranking::item_fields;
using ranking::item_fields_of;

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
