#pragma once

#include "scanner/alerts/scope.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/rules/rule.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::alerts {

/// The contracts of a cycle that a scope covers, best first. Refers into the ranking. Pure.
struct ScopedSubjects {
    std::string profile;            ///< the effective one
    bool profile_is_known = false;  ///< the cycle was ranked under it
    std::vector<rules::RuleSubject> subjects;
};
/// `watchlist` holds the contract codes of `scope.watchlist`; nothing: there is no such list.
[[nodiscard]] ScopedSubjects subjects_of(const ranking::Ranking& ranking, const AlertScope& scope,
                                         const std::optional<std::vector<std::string>>& watchlist);

/// A contract that a rule was tried on.
struct TriedContract {
    rules::RuleSubject subject;
    std::vector<rules::ConditionResult> conditions;
    std::size_t conditions_met = 0;
};

/// Result of a rule for a cycle, `for` aside. Refers into ranking and rule.
struct RuleTrial {
    std::size_t evaluated = 0;
    std::size_t matched = 0;
    std::vector<TriedContract> matches;      ///< best first, at most `max_matches`
    std::vector<TriedContract> near_misses;  ///< those that met most conditions first, a few
};
[[nodiscard]] RuleTrial try_rule(const rules::Rule& rule, std::span<const rules::RuleSubject> subjects,
                                 std::size_t max_matches);

}  // namespace scanner::alerts
