#pragma once

#include "scanner/ranking/scoring.hpp"

#include <span>
#include <string_view>
#include <variant>

/// The fields that a rule can use: the vocabulary of the rule language (docs/alerts.md).
namespace scanner::rules {

/// One ranked contract of one cycle, as rules see it: a place of the cycle's own ranking (ranking::cycle_item), whose
/// `snapshot` and `edges` are never null when a rule is evaluated.
using RuleSubject = ranking::ScoredContract;

enum class ValueType { number, text, flags, boolean };
/// "a number", "a text", "a list of flags", "a condition": as error messages say it.
[[nodiscard]] std::string_view describe(ValueType type) noexcept;

/// A value; monostate is null: the exchange gave nothing, or arithmetic has no finite result.
using RuleValue = std::variant<std::monostate, double, bool, std::string_view, std::span<const std::string_view>>;

/// A field: its public name, and where its value comes from.
struct RuleField {
    std::string_view name;
    ValueType type = ValueType::number;
    RuleValue (*get)(const RuleSubject&) = nullptr;
    std::string_view alias_of;  ///< the field's main name when this one is another spelling; else empty
    std::string_view meaning;   ///< a sentence, for documentation; empty for an alias
};
/// Every field of the table of rows (ranking/row_fields.hpp) that rules may name, in its order, and the aliases.
[[nodiscard]] std::span<const RuleField> rule_fields();
[[nodiscard]] const RuleField* find_rule_field(std::string_view name);

}  // namespace scanner::rules
