#include "api/answers/item_fields.hpp"

#include "api/answers/number_text.hpp"

#include "scanner/signals/number_value.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

namespace scanner::api {
namespace {

using signals::FieldGroup;

/// Whether a spreadsheet would compute a cell with this text, or let it start another one (RFC 4180 knows no such
/// thing; OWASP, CSV injection). The wide forms are what some input methods and readers take for the ASCII ones.
bool is_formula(std::string_view text) {
    static constexpr std::array<std::string_view, 11> kStarts{"=",  "+",  "-",  "@",  "\t", "\r",
                                                              "\n", "＝", "＋", "－", "＠"};
    return std::ranges::any_of(kStarts, [text](std::string_view start) { return text.starts_with(start); });
}

void append_csv_text(std::string& out, std::string_view text) {
    const bool formula = is_formula(text);
    if (text.find_first_of("\",\r\n\t") == std::string_view::npos) {
        if (formula) out += '\'';
        out += text;
        return;
    }
    out += '"';
    if (formula) out += '\'';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

template <class Text>
std::string joined(std::span<const Text> texts) {
    std::string all;
    for (const Text& text : texts) {
        if (!all.empty()) all += '|';
        all += text;
    }
    return all;
}

/// -1, 0 or 1.
int compare(const FieldValue& a, const FieldValue& b) {
    const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : (y < x ? 1 : 0); };
    if (const auto* x = std::get_if<double>(&a)) return order(*x, std::get<double>(b));
    if (const auto* x = std::get_if<std::int64_t>(&a)) return order(*x, std::get<std::int64_t>(b));
    if (const auto* x = std::get_if<bool>(&a)) return order(*x, std::get<bool>(b));
    if (const auto* x = std::get_if<core::WallTime>(&a)) return order(*x, std::get<core::WallTime>(b));
    if (const auto* x = std::get_if<std::string_view>(&a)) return order(*x, std::get<std::string_view>(b));
    return 0;
}

}  // namespace

void write_number(core::JsonWriter& json, double value) {
    json.raw(NumberText(value).view());
}

void write_number(core::JsonWriter& json, const std::optional<double>& value) {
    if (value) {
        write_number(json, *value);
    } else {
        json.null();
    }
}

void number_field(core::JsonWriter& json, std::string_view name, const std::optional<double>& value) {
    json.key(name);
    write_number(json, value);
}

FieldValue rounded(FieldValue value, signals::Digits digits) {
    if (auto* const number = std::get_if<double>(&value)) *number = signals::rounded(*number, digits);
    return value;
}

FieldValue rounded_as(std::string_view name, FieldValue value) {
    const ItemField* const field = find_item_field(name);
    return field == nullptr ? value : rounded(value, field->digits);
}

void write_fields(core::JsonWriter& json, std::span<const ItemField> fields, const ScoredContract& item) {
    for (const ItemField& field : fields) {
        const FieldValue value = field.get(item);
        json.key(field.name);
        if (const auto* const number = std::get_if<double>(&value)) {
            json.raw(NumberText(*number, field.digits).view());
        } else {
            write_value(json, value);
        }
    }
}

void write_numbers(core::JsonWriter& json, FieldGroup group, const signals::NumbersView& view) {
    for (const signals::NumberField& field : signals::numbers_of(group)) {
        json.key(field.name);
        signals::visit_value(field, signals::known(view, field), [&json, &field](auto value) {
            if constexpr (std::is_same_v<decltype(value), double>) {
                json.raw(NumberText(value, field.digits).view());
            } else {
                json.value(value);
            }
        });
    }
}

void write_value(core::JsonWriter& json, const FieldValue& value) {
    if (const auto* number = std::get_if<double>(&value)) {
        write_number(json, *number);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        json.value(*integer);
    } else if (const auto* condition = std::get_if<bool>(&value)) {
        json.value(*condition);
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
        json.value(*text);
    } else if (const auto* texts = std::get_if<std::span<const std::string_view>>(&value)) {
        json.begin_array();
        for (const std::string_view entry : *texts) json.value(entry);
        json.end_array();
    } else if (const auto* sentences = std::get_if<std::span<const std::string>>(&value)) {
        json.begin_array();
        for (const std::string& entry : *sentences) json.value(entry);
        json.end_array();
    } else if (const auto* time = std::get_if<core::WallTime>(&value)) {
        json.value(core::format_time(*time));
    } else {
        json.null();
    }
}

void append_csv(std::string& out, const FieldValue& value) {
    if (const auto* text = std::get_if<std::string_view>(&value)) {
        append_csv_text(out, *text);
    } else if (const auto* texts = std::get_if<std::span<const std::string_view>>(&value)) {
        append_csv_text(out, joined(*texts));
    } else if (const auto* sentences = std::get_if<std::span<const std::string>>(&value)) {
        append_csv_text(out, joined(*sentences));
    } else if (const auto* time = std::get_if<core::WallTime>(&value)) {
        out += core::format_time(*time);
    } else if (!is_null(value)) {
        core::JsonWriter json;
        write_value(json, value);
        out += json.view();
    }
}

bool comes_before(const ItemField& field, bool ascending, const ScoredContract& a, const ScoredContract& b) {
    const FieldValue value_a = field.get(a);
    const FieldValue value_b = field.get(b);
    const bool null_a = is_null(value_a);
    const bool null_b = is_null(value_b);
    if (null_a != null_b) return null_b;
    const int order = null_a ? 0 : compare(value_a, value_b);
    if (order != 0) return ascending ? order < 0 : order > 0;
    return a.rank < b.rank;
}

}  // namespace scanner::api
