#pragma once

#include "scanner/ranking/ranking.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

/// The fields that a rule can use: the vocabulary of the rule language (docs/alerts.md).
namespace scanner::rules {

/// One ranked contract of one cycle, as rules see it. Borrowed: lives no longer than its ranking.
struct RuleSubject {
    const ranking::ContractSnapshot* snapshot = nullptr;  ///< never null when a rule is evaluated
    const signals::Edges* edges = nullptr;                ///< likewise
    int rank = 0;                                         ///< under the rule's profile; 1 is best
    std::optional<int> rank_delta;  ///< previous rank - rank; empty where it was not ranked before
    double score = 0.0;
    std::chrono::milliseconds age{0};  ///< of the inputs when the ranking was made

    [[nodiscard]] signals::NumbersView numbers() const { return {snapshot->numbers, *edges}; }
};

/// The subject of a ranked entry. `entry.contract` must be an index of `ranking`.
[[nodiscard]] RuleSubject make_subject(const ranking::Ranking& ranking, const ranking::RankedEntry& entry);

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
    std::string_view meaning;   ///< a phrase with the unit, for documentation
};
/// Every field, in the order of the documentation. The names of ranking items are among them.
[[nodiscard]] std::span<const RuleField> rule_fields();
[[nodiscard]] const RuleField* find_rule_field(std::string_view name);

}  // namespace scanner::rules
