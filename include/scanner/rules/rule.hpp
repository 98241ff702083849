#pragma once

#include "scanner/rules/rule_error.hpp"
#include "scanner/rules/rule_fields.hpp"

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace scanner::rules {

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
///                | "episode" "(" "text" ")" "." ("probability" | "severity")
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
