#include "alerts/rule_watch.hpp"

#include "scanner/alerts/builtin_rules.hpp"
#include "scanner/alerts/evaluation.hpp"
#include "scanner/core/log.hpp"
#include "scanner/core/symbol.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace scanner::alerts {
namespace {

using core::LogLevel;

std::optional<std::vector<std::string>> watchlist(const storage::OperatorDocuments& documents,
                                                  const std::string& name) {
    const storage::Watchlist* const list = name.empty() ? nullptr : documents.find_watchlist(name);
    if (list == nullptr) return std::nullopt;
    std::vector<std::string> codes;
    for (const std::string& symbol : list->symbols) {
        if (auto code = core::parse_symbol(symbol)) codes.push_back(std::move(*code));
    }
    return codes;
}

}  // namespace

void RuleWatch::take_rules(const storage::OperatorDocuments& documents) {
    book_ = make_rule_book(documents.rules, live_);
    check_holds();
    if (!documents.loaded) return;  // nothing is known yet: forget nothing
    std::vector<std::string> active;
    for (const ActiveRule& rule : book_.active) active.push_back(rule.edge.name);
    edges_.keep_only(active);
    std::erase_if(fired_, [this](const auto& count) {
        return std::ranges::find(book_.views, count.first, &RuleView::name) == book_.views.end();
    });
    for (const RuleView& view : book_.views) {
        if (!view.error || !view.enabled) continue;
        core::log(LogLevel::warning, "alert_rule_means_nothing",
                  {{"rule", view.name}, {"error", to_string(*view.error)}});
    }
}

void RuleWatch::set_scan_interval(std::chrono::milliseconds interval) {
    interval_ = interval;
    check_holds();
}

/// Logs once for each rule that it cannot fire, and once that it can again.
void RuleWatch::check_holds() {
    std::vector<std::string> before = std::exchange(cannot_fire_, {});
    for (RuleView& view : book_.views) {
        view.cannot_fire = hold_fault(view.hold, interval_, options_);
        if (!view.cannot_fire || !view.enabled || view.error) continue;
        cannot_fire_.push_back(view.name);
        if (std::erase(before, view.name) > 0) continue;
        core::log(LogLevel::warning, "alert_rule_cannot_fire", {{"rule", view.name}, {"reason", *view.cannot_fire}});
    }
    for (const std::string& name : before) core::log(LogLevel::info, "alert_rule_cannot_fire_over", {{"rule", name}});
}

std::vector<Alert> RuleWatch::evaluate(const ranking::Ranking& ranking, const storage::OperatorDocuments& documents) {
    std::vector<Alert> alerts;
    const auto since = ranking.time - counted_from_;
    if (!live_ || since >= interval_ || since < std::chrono::milliseconds(0)) {
        counted_from_ = ranking.time;
        fired_in_cycle_ = 0;
    }
    for (const ActiveRule& rule : book_.active) {
        const ScopedSubjects scoped = subjects_of(ranking, rule.scope, watchlist(documents, rule.scope.watchlist));
        if (!scoped.profile_is_known) continue;
        std::vector<AlertEdges::Observation> seen;
        seen.reserve(scoped.subjects.size());
        for (const rules::RuleSubject& subject : scoped.subjects) {
            seen.push_back(
                {.contract_code = subject.snapshot->data.contract->contract_code, .holds = rule.rule.holds(subject)});
        }
        for (const std::size_t i :
             edges_.step(rule.edge, seen, ranking.time, max_alerts_per_cycle_ - fired_in_cycle_)) {
            ++fired_in_cycle_;
            alerts.push_back(fire(rule, ranking, scoped.profile, scoped.subjects[i]));
        }
    }
    return alerts;
}

Alert RuleWatch::fire(const ActiveRule& rule, const ranking::Ranking& ranking, const std::string& profile,
                      const rules::RuleSubject& subject) {
    Alert alert{.rule = rule.edge.name,
                .symbol = subject.snapshot->data.contract->symbol,
                .time = ranking.time,
                .sequence = ranking.sequence,
                .payload_json = render_payload(ranking, profile, subject, rule.rule)};
    core::log(LogLevel::info, "alert",
              {{"id", alert_id(alert.rule, alert.symbol, alert.time)},
               {"rule", alert.rule},
               {"symbol", alert.symbol},
               {"rank", subject.rank},
               {"seq", ranking.sequence}});
    ++fired_[rule.edge.name];
    return alert;
}

void RuleWatch::count(AlertStatistics& statistics) const {
    statistics.fired = fired_;
    statistics.rules_enabled = book_.active.size();
    statistics.rules_broken = static_cast<std::size_t>(
        std::ranges::count_if(book_.views, [](const RuleView& view) { return view.error.has_value(); }));
    statistics.rules_that_cannot_fire = cannot_fire_;
    statistics.states = edges_.size();
}

}  // namespace scanner::alerts
