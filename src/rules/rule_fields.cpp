#include "scanner/rules/rule_fields.hpp"

#include "scanner/ranking/row_fields.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace scanner::rules {
namespace {

using ranking::kRowFields;
using ranking::RowField;
using signals::FieldType;

/// Rules have one kind of number.
template <std::size_t line>
RuleValue value_of(const RuleSubject& subject) {
    const ranking::RowValue value = kRowFields[line].get(subject);
    if (const auto* const number = std::get_if<double>(&value)) return *number;
    if (const auto* const integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
    if (const auto* const condition = std::get_if<bool>(&value)) return *condition;
    if (const auto* const text = std::get_if<std::string_view>(&value)) return *text;
    if (const auto* const flags = std::get_if<std::span<const std::string_view>>(&value)) return *flags;
    return {};
}

consteval ValueType type_of(FieldType type) {
    switch (type) {
        case FieldType::number:
        case FieldType::integer: return ValueType::number;
        case FieldType::boolean: return ValueType::boolean;
        case FieldType::text: return ValueType::text;
        case FieldType::texts: return ValueType::flags;
        case FieldType::time: break;
    }
    std::unreachable();  // rules know no times: such a field is not in_rules, or does not compile
}

struct Alias {
    std::string_view name;
    std::string_view of;
};
/// What is short, and the names in stream frames.
constexpr auto kAliases = std::to_array<Alias>(
    {{"flags", "manip_flags"}, {"manipulation_score", "manip_score"}, {"manipulation_flags", "manip_flags"}});

constexpr auto kRowsInRules = static_cast<std::size_t>(std::ranges::count_if(kRowFields, &RowField::in_rules));

template <std::size_t line>
consteval RuleField field_of_line() {
    if constexpr (kRowFields[line].in_rules) {
        return {kRowFields[line].name, type_of(kRowFields[line].type), &value_of<line>, "", kRowFields[line].meaning};
    } else {
        return {};
    }
}

template <std::size_t... line>
consteval auto make_fields(std::index_sequence<line...> /*lines*/) {
    std::array<RuleField, kRowsInRules + kAliases.size()> all{};
    auto* end = all.begin();
    for (const RuleField& field : {field_of_line<line>()...}) {
        if (field.get != nullptr) *end++ = field;
    }
    for (const auto& [name, of] : kAliases) {
        const RuleField& field = *std::ranges::find(all, of, &RuleField::name);
        *end++ = {name, field.type, field.get, of, ""};
    }
    return all;
}
constexpr auto kFields = make_fields(std::make_index_sequence<kRowFields.size()>());

}  // namespace

std::string_view describe(ValueType type) noexcept {
    switch (type) {
        case ValueType::number: return "a number";
        case ValueType::text: return "a text";
        case ValueType::flags: return "a list of flags";
        case ValueType::boolean: return "a condition";
    }
    return "a value";
}

std::span<const RuleField> rule_fields() {
    return kFields;
}

const RuleField* find_rule_field(std::string_view name) {
    const auto found = std::ranges::find(kFields, name, &RuleField::name);
    return found == kFields.end() ? nullptr : &*found;
}

}  // namespace scanner::rules
