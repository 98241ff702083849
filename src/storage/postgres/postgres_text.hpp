#pragma once

#include "storage/sql/sql.hpp"

#include <span>
#include <string>
#include <string_view>

/// Values as Postgres reads them. Pure. libpqxx's ways of passing parameters differ from release to release; literals
/// are the same in all of them, and a literal with arrays is the fastest way for many rows.
namespace scanner::storage {

/// A text constant, quotes included; standard_conforming_strings must be on, as the session sees to. Throws
/// SqlError(invalid_input) for text with a NUL, which Postgres cannot hold.
void append_literal(std::string& out, std::string_view text);
/// Any value as an expression of its own type ("'2026-01-01T00:00:00.000Z'::timestamptz").
void append_literal(std::string& out, const SqlValue& value);
/// An element of an array's text form, to be put between '{' and '}' with commas.
void append_array_element(std::string& out, const SqlValue& value);

/// A field as Postgres reads it from its text form, without quotes or escapes. False for a null, which appends nothing.
/// Throws as append_literal does.
[[nodiscard]] bool append_field(std::string& out, const SqlValue& value);

/// `statement` with "?1", "?2" … replaced by the values. They must not occur inside of its own literals.
[[nodiscard]] std::string with_values(std::string_view statement, std::span<const SqlValue> values);

/// "bigint", "timestamptz" …; identity is bigint.
[[nodiscard]] std::string_view postgres_type(ColumnType type);

/// The connection string with a connect time-out and the program's name, unless it has them.
[[nodiscard]] std::string with_connection_defaults(std::string url);

}  // namespace scanner::storage
