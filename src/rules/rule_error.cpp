#include "scanner/rules/rule_error.hpp"

#include <fmt/format.h>

namespace scanner::rules {

std::string to_string(const RuleError& error) {
    return fmt::format("line {}, column {}: {}", error.line, error.column, error.message);
}

std::string render_with_caret(const RuleError& error) {
    return fmt::format("{}\n{}\n{}{}", to_string(error), error.excerpt, std::string(error.caret, ' '),
                       std::string(error.length, '^'));
}

}  // namespace scanner::rules
