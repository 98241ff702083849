#pragma once

#include "scanner/alerts/alert_types.hpp"
#include "scanner/alerts/edges.hpp"
#include "scanner/alerts/scope.hpp"
#include "scanner/rules/rule.hpp"
#include "scanner/storage/document_store.hpp"

#include <span>
#include <vector>

namespace scanner::alerts {

/// A rule that is evaluated.
struct ActiveRule {
    AlertEdges::Rule edge;
    rules::Rule rule;
    AlertScope scope;
};

/// Every rule as it is now, and those that are evaluated.
struct RuleBook {
    std::vector<RuleView> views;     ///< by name
    std::vector<ActiveRule> active;  ///< enabled ones without errors, by name
};

/// What is stored, with the built-in rules that were not changed (builtin_rules of `live`). Pure.
[[nodiscard]] RuleBook make_rule_book(std::span<const storage::AlertRule> stored, bool live = false);

}  // namespace scanner::alerts
