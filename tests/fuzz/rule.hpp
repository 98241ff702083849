#pragma once

#include "fuzz/check.hpp"
#include "rules/subject.hpp"

#include "scanner/alerts/scope.hpp"
#include "scanner/core/url.hpp"
#include "scanner/rules/rule.hpp"

#include <cmath>
#include <string_view>
#include <variant>

namespace scanner::fuzz {

inline void check_value(const std::optional<rules::RuleValue>& value) {
    if (!value) return;
    if (const double* number = std::get_if<double>(&*value)) {
        require(std::isfinite(*number), "arithmetic gives a finite number or null");
    }
}

/// Expressions of alert rules, compiled and tried; and scopes.
inline void rule(std::string_view input) {
    static const rules::test::OwnedSubject kPlain{{}};
    static const rules::test::OwnedSubject kFlagged{
        {.rank_delta = std::nullopt, .manip_score = 88.5, .flags = {"scam_wick", "wash"}, .pump = true}};

    const auto compiled = rules::Rule::compile(input);
    if (!compiled) {
        const rules::RuleError& error = compiled.error();
        require(error.line >= 1 && error.column >= 1 && error.length >= 1 && !error.message.empty(),
                "an error says where and what");
        require(core::is_valid_utf8(error.message) && core::is_valid_utf8(error.excerpt), "in readable text");
        static_cast<void>(rules::render_with_caret(error));
    } else {
        require(input.size() <= rules::kMaxRuleBytes, "long expressions are refused");
        require(compiled->hold().count() >= 0 && compiled->hold() <= rules::kMaxHold, "a hold has its bounds");
        require(compiled->text() == input, "a rule keeps its text");
        for (const auto* subject : {&kPlain, &kFlagged}) {
            const bool holds = compiled->holds(subject->get());
            require(holds == compiled->holds(subject->get()), "a rule is a function of its subject");
            for (const rules::ConditionResult& condition : compiled->explain(subject->get())) {
                check_value(condition.left);
                check_value(condition.right);
            }
        }
        const auto again = rules::Rule::compile(compiled->text());
        require(again.has_value() && again->fields() == compiled->fields(), "a stored rule compiles again");
    }

    if (const auto scope = alerts::parse_scope(input)) {
        require(scope->contracts.size() <= alerts::kMaxScopeSymbols, "a scope has its bound");
        require(scope->contracts.empty() || scope->watchlist.empty(), "contracts or a watchlist, not both");
        const auto again = alerts::parse_scope(alerts::render_scope(*scope));
        require(again.has_value() && *again == *scope, "a stored scope is read back");
    } else {
        require(!scope.error().empty(), "a scope is refused with a reason");
    }
}

}  // namespace scanner::fuzz
