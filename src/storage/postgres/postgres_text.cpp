#include "storage/postgres/postgres_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iterator>

namespace scanner::storage {
namespace {

void refuse_nul(std::string_view text) {
    if (text.find('\0') != std::string_view::npos)
        throw SqlError(core::ErrorCode::invalid_input, "postgres: a text with a NUL character cannot be stored");
}

}  // namespace

void append_literal(std::string& out, std::string_view text) {
    refuse_nul(text);
    out += '\'';
    for (const char c : text) {
        if (c == '\'') out += '\'';
        out += c;
    }
    out += '\'';
}

void append_literal(std::string& out, const SqlValue& value) {
    struct Writer {
        std::string& out;
        void operator()(std::monostate) const { out += "NULL"; }
        void operator()(bool flag) const { out += flag ? "TRUE" : "FALSE"; }
        void operator()(std::int64_t integer) const { out += fmt::format("({}::bigint)", integer); }
        void operator()(double real) const {
            out += '(';
            if (!append_field(out, real)) out += "NULL";
            out += "::float8)";
        }
        void operator()(std::string_view text) const { append_literal(out, text); }
        void operator()(core::WallTime time) const { out += fmt::format("'{}'::timestamptz", core::format_time(time)); }
        void operator()(JsonText json) const {
            append_literal(out, json.text);
            out += "::jsonb";
        }
    };
    std::visit(Writer{out}, value);
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
        bool append(std::string_view text) const {
            out += text;
            return true;
        }
    };
    return std::visit(Writer{out}, value);
}

void append_array_element(std::string& out, const SqlValue& value) {
    const auto* const text = std::get_if<std::string_view>(&value);
    const auto* const json = std::get_if<JsonText>(&value);
    if (text == nullptr && json == nullptr) {
        if (!append_field(out, value)) out += "NULL";
        return;
    }
    const std::string_view quoted = text != nullptr ? *text : json->text;
    refuse_nul(quoted);
    out += '"';
    for (const char c : quoted) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

std::string with_values(std::string_view statement, std::span<const SqlValue> values) {
    std::string out;
    out.reserve(statement.size() + 64 * values.size());
    for (std::size_t i = 0; i < statement.size(); ++i) {
        if (statement[i] != '?') {
            out += statement[i];
            continue;
        }
        std::size_t place = 0;
        while (i + 1 < statement.size() && statement[i + 1] >= '0' && statement[i + 1] <= '9') {
            place = place * 10 + static_cast<std::size_t>(statement[i + 1] - '0');
            ++i;
        }
        if (place == 0 || place > values.size())
            throw SqlError(core::ErrorCode::internal, "a statement names a value that it was not given");
        append_literal(out, values[place - 1]);
    }
    return out;
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
