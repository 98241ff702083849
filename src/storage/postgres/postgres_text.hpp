#pragma once

#include "storage/sql/sql.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Values as Postgres reads them from their text form. Pure.
namespace scanner::storage {

/// For statements that define something, which take no parameters: "'2026-01-01T00:00:00.000Z'::timestamptz".
[[nodiscard]] std::string time_literal(core::WallTime time);
/// An element of an array's text form, to be put between '{' and '}' with commas. An array within it is a text.
void append_array_element(std::string& out, const SqlValue& value);

/// A field as Postgres reads it from its text form, without quotes or escapes. False for a null, which appends nothing.
/// Throws SqlError(invalid_input) for text with a NUL, which Postgres cannot hold.
[[nodiscard]] bool append_field(std::string& out, const SqlValue& value);

struct BoundStatement {
    std::string text;
    std::vector<std::string> values;
};
/// `statement` with "?1", "?2" … as parameters "$1", "$2" …, each cast to the type of its value; those that it does not
/// name are left out, and nulls are the word. They must not occur inside of its own literals.
[[nodiscard]] BoundStatement with_parameters(std::string_view statement, std::span<const SqlValue> values);

/// The numbers of an array's text form; what is not a finite number is nothing.
[[nodiscard]] std::vector<std::optional<double>> parse_reals(std::string_view text);

/// "bigint", "timestamptz" …; identity is bigint.
[[nodiscard]] std::string_view postgres_type(ColumnType type);

/// The connection string with a connect time-out and the program's name, unless it has them.
[[nodiscard]] std::string with_connection_defaults(std::string url);

}  // namespace scanner::storage
