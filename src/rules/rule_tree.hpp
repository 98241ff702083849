#pragma once

#include "rules/rule_lexer.hpp"

#include "scanner/rules/rule_error.hpp"
#include "scanner/rules/rule_fields.hpp"
#include "scanner/signals/detector_verdict.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::rules::detail {

enum class Op {
    number,
    text,
    boolean,
    field,
    episode,  ///< episode("flag").probability
    negate,
    absolute,  ///< abs(x)
    known,     ///< known(x): x is not null
    logical_not,
    add,
    subtract,
    multiply,
    divide,
    minimum,  ///< min(a, b)
    maximum,  ///< max(a, b)
    less,
    less_equal,
    greater,
    greater_equal,
    equal,
    not_equal,
    in,
    not_in,
    logical_and,
    logical_or,
};

/// A part of an expression. Operands are indices of nodes that come before it.
struct Node {
    Op op = Op::number;
    Span span;
    std::size_t left = 0;                             ///< the operand of unary ones
    std::size_t right = 0;                            ///< of binary ones
    double number = 0.0;                              ///< of number; of boolean 0 or 1
    std::string text;                                 ///< of text; of field its name as written; of episode its flag
    double signals::OpenEpisode::* member = nullptr;  ///< of episode
    const RuleField* field = nullptr;
    ValueType type = ValueType::number;  ///< set by the type check
};

/// An expression as a tree in a vector.
struct Program {
    std::string text;
    std::vector<Node> nodes;
    std::size_t root = 0;
    std::chrono::milliseconds hold{0};
    std::vector<std::string_view> fields;  ///< main names, in the order of the text; set by the type check
};

[[nodiscard]] constexpr bool is_comparison(Op op) {
    return op >= Op::less && op <= Op::not_equal;
}
[[nodiscard]] constexpr bool is_binary(Op op) {
    return op >= Op::add;
}
[[nodiscard]] constexpr bool is_unary(Op op) {
    return op >= Op::negate && op <= Op::logical_not;
}

/// Tokens into a tree; names are not looked up yet.
[[nodiscard]] std::expected<Program, RuleError> parse_rule(std::string_view expression);
/// Looks up every name, gives every node its type, and fails at the first that has none.
[[nodiscard]] std::expected<void, RuleError> check_types(Program& program);

}  // namespace scanner::rules::detail
