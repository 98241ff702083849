#pragma once

#include "alerts/rule_book.hpp"

#include "scanner/alerts/alert.hpp"
#include "scanner/alerts/alert_types.hpp"
#include "scanner/alerts/edges.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/storage/document_store.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace scanner::alerts {

/// The current rules, and the state of each one's contracts: decides what fires. Knows nothing of how alerts are
/// delivered. One thread.
class RuleWatch {
public:
    /// At most `max_alerts_per_cycle` of all rules fire in a cycle; the others in the next one.
    /// Cycles come every `interval`; `live`: rankings in between as well (builtin_rules), which share its number.
    RuleWatch(EdgeOptions edges, std::size_t max_alerts_per_cycle, std::chrono::milliseconds interval,
              bool live = false)
        : options_(edges),
          edges_(edges),
          max_alerts_per_cycle_(max_alerts_per_cycle),
          interval_(interval),
          live_(live) {}

    /// Replaces the rules. The state of all others is dropped, unless nothing was loaded yet.
    void take_rules(const storage::OperatorDocuments& documents);
    /// Checks again which rules can fire.
    void set_scan_interval(std::chrono::milliseconds interval);
    /// Takes over the state of an earlier run.
    void restore(AlertEdges edges) { edges_ = std::move(edges); }

    /// One cycle of every rule: what fires, logged and counted.
    [[nodiscard]] std::vector<Alert> evaluate(const ranking::Ranking& ranking,
                                              const storage::OperatorDocuments& documents);

    /// What a restart must not lose.
    [[nodiscard]] const AlertEdges& edges() const { return edges_; }
    void clear_changed() { edges_.clear_changed(); }

    [[nodiscard]] const std::vector<RuleView>& rules() const { return book_.views; }
    /// Its members of `statistics`: fired, rules_enabled, rules_broken, rules_that_cannot_fire, states.
    void count(AlertStatistics& statistics) const;

private:
    Alert fire(const ActiveRule& rule, const ranking::Ranking& ranking, const std::string& profile,
               const rules::RuleSubject& subject);
    void check_holds();

    RuleBook book_;
    EdgeOptions options_;
    AlertEdges edges_;
    std::size_t max_alerts_per_cycle_;
    core::WallTime counted_from_;     // the ranking at which the current cycle began
    std::size_t fired_in_cycle_ = 0;  // since then
    std::chrono::milliseconds interval_;
    bool live_;
    std::vector<std::string> cannot_fire_;        // by name; said in the log
    std::map<std::string, std::uint64_t> fired_;  // by rule; of rules that exist
};

}  // namespace scanner::alerts
