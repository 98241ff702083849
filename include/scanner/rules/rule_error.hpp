#pragma once

#include <chrono>
#include <cstddef>
#include <string>

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
    std::string message;     ///< what is wrong, and what would be valid
    std::string excerpt;     ///< the offending line, cut to what can be shown
    std::size_t caret = 0;   ///< where the offending part begins in `excerpt`, in characters
};
/// "line 1, column 9: there is no field 'manip_scor'; did you mean 'manip_score'?"
[[nodiscard]] std::string to_string(const RuleError& error);
/// The same, then the line and a row of carets under the offending part.
[[nodiscard]] std::string render_with_caret(const RuleError& error);

}  // namespace scanner::rules
