#include "storage/postgres/postgres_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

namespace scanner::storage {
namespace {

void refuse_nul(std::string_view text) {
    if (text.find('\0') != std::string_view::npos)
        throw SqlError(core::ErrorCode::invalid_input, "postgres: a text with a NUL character cannot be stored");
}

/// The type that a parameter has in a statement. A text is what its place makes of it, as a constant would be: columns
/// of an older service may be of other types than ours.
std::string_view cast_of(const SqlValue& value) {
    struct Cast {
        std::string_view operator()(std::monostate) const { return ""; }
        std::string_view operator()(bool) const { return "::boolean"; }
        std::string_view operator()(std::int64_t) const { return "::bigint"; }
        std::string_view operator()(double) const { return "::float8"; }
        std::string_view operator()(std::string_view) const { return ""; }
        std::string_view operator()(core::WallTime) const { return "::timestamptz"; }
        std::string_view operator()(JsonText) const { return "::jsonb"; }
        std::string_view operator()(Reals) const { return "::float8[]"; }
    };
    return std::visit(Cast(), value);
}

}  // namespace

std::string time_literal(core::WallTime time) {
    return fmt::format("'{}'::timestamptz", core::format_time(time));
}

bool append_field(std::string& out, const SqlValue& value) {
    struct Writer {
        std::string& out;
        bool operator()(std::monostate) const { return false; }
        bool operator()(bool flag) const { return append(flag ? "t" : "f"); }
        bool operator()(std::int64_t integer) const {
            fmt::format_to(std::back_inserter(out), "{}", integer);
            return true;
        }
        bool operator()(double real) const {
            if (!std::isfinite(real)) return false;  // stopped at the edge; never made up here
            fmt::format_to(std::back_inserter(out), "{}", real);
            return true;
        }
        bool operator()(std::string_view text) const {
            refuse_nul(text);
            return append(text);
        }
        bool operator()(core::WallTime time) const { return append(core::format_time(time)); }
        bool operator()(JsonText json) const { return (*this)(json.text); }
        bool operator()(Reals numbers) const {
            out += '{';
            bool first = true;
            for (const std::optional<double>& number : numbers) {
                if (!std::exchange(first, false)) out += ',';
                if (!number || !(*this)(*number)) out += "NULL";
            }
            out += '}';
            return true;
        }
        bool append(std::string_view text) const {
            out += text;
            return true;
        }
    };
    return std::visit(Writer{out}, value);
}

void append_array_element(std::string& out, const SqlValue& value) {
    const bool quoted = std::holds_alternative<std::string_view>(value) || std::holds_alternative<JsonText>(value) ||
                        std::holds_alternative<Reals>(value);
    if (!quoted) {
        if (!append_field(out, value)) out += "NULL";
        return;
    }
    std::string text;
    static_cast<void>(append_field(text, value));  // none of these is a null
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

BoundStatement with_parameters(std::string_view statement, std::span<const SqlValue> values) {
    BoundStatement bound;
    bound.text.reserve(statement.size() + 16 * values.size());
    std::vector<std::size_t> parameters(values.size(), 0);  // 0: not one yet
    for (std::size_t i = 0; i < statement.size(); ++i) {
        if (statement[i] != '?') {
            bound.text += statement[i];
            continue;
        }
        std::size_t place = 0;
        while (i + 1 < statement.size() && statement[i + 1] >= '0' && statement[i + 1] <= '9') {
            place = place * 10 + static_cast<std::size_t>(statement[i + 1] - '0');
            ++i;
        }
        if (place == 0 || place > values.size())
            throw SqlError(core::ErrorCode::internal, "a statement names a value that it was not given");
        const SqlValue& value = values[place - 1];
        std::size_t& parameter = parameters[place - 1];
        if (parameter == 0) {
            std::string text;
            if (!append_field(text, value)) {
                bound.text += "NULL";
                continue;
            }
            bound.values.push_back(std::move(text));
            parameter = bound.values.size();
        }
        fmt::format_to(std::back_inserter(bound.text), "${}{}", parameter, cast_of(value));
    }
    return bound;
}

std::vector<std::optional<double>> parse_reals(std::string_view text) {
    std::vector<std::optional<double>> numbers;
    if (text.size() < 3 || !text.starts_with('{') || !text.ends_with('}')) return numbers;
    text = text.substr(1, text.size() - 2);
    for (;;) {
        const std::size_t comma = std::min(text.find(','), text.size());
        double number = 0.0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + comma, number);
        const bool whole = error == std::errc() && end == text.data() + comma && std::isfinite(number);
        numbers.push_back(whole ? std::optional(number) : std::nullopt);
        if (comma == text.size()) return numbers;
        text.remove_prefix(comma + 1);
    }
}

std::string_view postgres_type(ColumnType type) {
    switch (type) {
        case ColumnType::identity:
        case ColumnType::integer: return "bigint";
        case ColumnType::time: return "timestamptz";
        case ColumnType::real: return "double precision";
        case ColumnType::text: return "text";
        case ColumnType::json: return "jsonb";
        case ColumnType::boolean: return "boolean";
        case ColumnType::reals: return "double precision[]";
    }
    return "text";
}

std::string with_connection_defaults(std::string url) {
    static constexpr std::array<std::string_view, 2> kDefaults{"connect_timeout=3", "application_name=market-scanner"};
    for (const std::string_view setting : kDefaults) {
        if (url.find(setting.substr(0, setting.find('=') + 1)) != std::string::npos) continue;
        url += url.find('?') == std::string::npos ? '?' : '&';
        url += setting;
    }
    return url;
}

}  // namespace scanner::storage
