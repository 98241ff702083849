#pragma once

#include "api/answers/rendered.hpp"

#include "scanner/alerts/alert_types.hpp"
#include "scanner/alerts/evaluation.hpp"
#include "scanner/core/json_writer.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/rules/rule.hpp"
#include "scanner/storage/alert_archive.hpp"

#include <optional>
#include <string>
#include <vector>

/// Rules and alerts as answers. Pure.
namespace scanner::api {

/// GET /alerts/rules
[[nodiscard]] Rendered render_rules(const std::vector<alerts::RuleView>& rules);
/// One of its items.
[[nodiscard]] Rendered render_rule(const alerts::RuleView& rule);

/// GET /alerts
[[nodiscard]] Rendered render_alerts(const storage::AlertsPage& page);
/// GET /alerts/dead-letters
[[nodiscard]] Rendered render_dead_letters(const std::vector<storage::DeadLetter>& letters);

/// What POST /alerts/rules:test answers.
struct RuleTest {
    const rules::Rule& rule;
    const alerts::AlertScope& scope;
    const alerts::ScopedSubjects& scoped;
    const alerts::RuleTrial& trial;
    std::optional<std::string> cannot_fire;  ///< as in alerts::RuleView
};
[[nodiscard]] std::string render_rule_test(const ranking::Ranking& ranking, const RuleTest& test);

}  // namespace scanner::api
