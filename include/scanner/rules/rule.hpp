#pragma once

#include "scanner/rules/rule_fields.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace scanner::rules {

/// Longer expressions are refused before they are read.
inline constexpr std::size_t kMaxRuleBytes = 2'000;
/// Operators, names and literals of one expression.
inline constexpr std::size_t kMaxRuleTerms = 256;
/// Parentheses, `not` and unary signs within each other.
inline constexpr std::size_t kMaxRuleDepth = 32;
/// The longest `for`.
inline constexpr std::chrono::hours kMaxHold{24};

/// What is wrong with an expression, and where.
struct RuleError {
    std::size_t line = 1;    ///< from 1
    std::size_t column = 1;  ///< from 1, in characters
    std::size_t length = 1;  ///< characters of the offending part, at least 1; within its line
    std::string message;     ///< what is wrong and what would be right
    std::string excerpt;     ///< the offending line, cut to what can be shown
    std::size_t caret = 0;   ///< where the offending part begins in `excerpt`, in characters
};
/// "line 1, column 9: there is no field 'manip_scor'; did you mean 'manip_score'?"
[[nodiscard]] std::string to_string(const RuleError& error);
/// The same, then the line and a row of carets under the offending part.
[[nodiscard]] std::string render_with_caret(const RuleError& error);

/// One atomic condition of a rule on one subject: what was compared and how it came out.
struct ConditionResult {
    std::string text;  ///< as it is written in the rule
    bool holds = false;
    std::optional<RuleValue> left;   ///< what stands left of the operator; the value itself for a bare field
    std::optional<RuleValue> right;  ///< empty for a bare field
};

namespace detail {
struct Program;
}

/// A compiled expression: typed, bounded, and a pure function of its subject. Cheap to copy; immutable. Any thread.
///
///     rule       = or [ "for" duration ]
///     or         = and { "or" and }                and  = not { "and" not }
///     not        = "not" not | relation
///     relation   = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=" | ["not"] "in") sum ]
///     sum        = product { ("+" | "-") product } product = unary { ("*" | "/") unary }
///     unary      = ("-" | "+") unary | primary
///     primary    = number | "text" | "true" | "false" | field | function "(" or { "," or } ")" | "(" or ")"
///
/// Null (the exchange gave nothing, a division by zero, an overflow) makes every comparison false, `!=` included.
class Rule {
public:
    [[nodiscard]] static std::expected<Rule, RuleError> compile(std::string_view text);

    [[nodiscard]] bool holds(const RuleSubject& subject) const;
    /// Every atomic condition in the order of the text, each evaluated by itself. Values refer into the subject and
    /// into this rule.
    [[nodiscard]] std::vector<ConditionResult> explain(const RuleSubject& subject) const;

    /// How long the expression must hold before the rule is met; zero without `for`.
    [[nodiscard]] std::chrono::milliseconds hold() const;
    [[nodiscard]] const std::string& text() const;
    /// The fields that it looks at, by their main names, each once.
    [[nodiscard]] const std::vector<std::string_view>& fields() const;

private:
    explicit Rule(std::shared_ptr<const detail::Program> program) : program_(std::move(program)) {}
    std::shared_ptr<const detail::Program> program_;
};

}  // namespace scanner::rules
