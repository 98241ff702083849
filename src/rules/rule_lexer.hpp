#pragma once

#include "scanner/rules/rule_error.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::rules::detail {

/// Bytes [begin, end) of the expression.
struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
};

enum class TokenKind {
    number,    ///< 60, 2.5e6
    duration,  ///< 30s: digits with letters after them
    text,      ///< "scam_wick"; `text` is what stands between the quotes
    name,      ///< fields, functions and words such as `and`
    symbol,    ///< operators, parentheses, comma
    end,       ///< after the last one
};

struct Token {
    TokenKind kind = TokenKind::end;
    Span span;
    std::string text;
    double number = 0.0;
};

/// What is wrong at `span` of `expression`, in lines, columns and carets.
[[nodiscard]] RuleError error_at(std::string_view expression, Span span, std::string message);

/// The tokens of `expression`, an end token last. Refuses what is too long, is not UTF-8 or cannot be a token.
[[nodiscard]] std::expected<std::vector<Token>, RuleError> read_tokens(std::string_view expression);

}  // namespace scanner::rules::detail
