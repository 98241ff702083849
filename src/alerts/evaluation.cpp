#include "scanner/alerts/evaluation.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace scanner::alerts {
namespace {

constexpr std::size_t kMaxNearMisses = 5;

TriedContract tried(const rules::Rule& rule, const rules::RuleSubject& subject) {
    TriedContract contract{.subject = subject, .conditions = rule.explain(subject)};
    contract.conditions_met =
        static_cast<std::size_t>(std::ranges::count(contract.conditions, true, &rules::ConditionResult::holds));
    return contract;
}

}  // namespace

ScopedSubjects subjects_of(const ranking::Ranking& ranking, const AlertScope& scope,
                           const std::optional<std::vector<std::string>>& watchlist) {
    ScopedSubjects scoped{.profile = scope.profile.empty() ? ranking.settings.default_profile : scope.profile};
    const auto ranked = ranking.ranked.find(scoped.profile);
    if (ranked == ranking.ranked.end()) return scoped;
    scoped.profile_is_known = true;
    std::unordered_set<std::string_view> wanted(scope.contracts.begin(), scope.contracts.end());
    if (!scope.watchlist.empty() && watchlist) wanted.insert(watchlist->begin(), watchlist->end());
    for (const ranking::RankedEntry& entry : ranked->second) {
        const std::string& code = ranking.contract(entry.contract).data.contract->contract_code;
        if (scope.everything() || wanted.contains(code)) scoped.subjects.push_back(ranking::cycle_item(ranking, entry));
    }
    return scoped;
}

RuleTrial try_rule(const rules::Rule& rule, std::span<const rules::RuleSubject> subjects, std::size_t max_matches) {
    RuleTrial trial{.evaluated = subjects.size()};
    for (const rules::RuleSubject& subject : subjects) {
        if (!rule.holds(subject)) {
            trial.near_misses.push_back(tried(rule, subject));
            continue;
        }
        ++trial.matched;
        if (trial.matches.size() < max_matches) trial.matches.push_back(tried(rule, subject));
    }
    std::ranges::sort(trial.near_misses, [](const TriedContract& a, const TriedContract& b) {
        return a.conditions_met != b.conditions_met ? a.conditions_met > b.conditions_met
                                                    : a.subject.rank < b.subject.rank;
    });
    if (trial.near_misses.size() > kMaxNearMisses) {
        trial.near_misses.erase(trial.near_misses.begin() + kMaxNearMisses, trial.near_misses.end());
    }
    return trial;
}

}  // namespace scanner::alerts
