#include "alerts/rule_book.hpp"

#include "scanner/core/numeric.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace scanner::alerts {
namespace {

/// FNV-1a: tells conditions apart, also in state files that an older build wrote.
std::uint64_t fingerprint(std::string_view text) {
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001B3U;
    }
    return hash;
}

std::vector<RuleView> make_builtin_rules() {
    std::vector<RuleView> rules(2);
    rules[0] = {.name = "large-rank-move",
                .expression = "abs(rank_delta) >= 10 and min(rank, rank + rank_delta) <= 20",
                .cooldown = std::chrono::minutes(15),
                .built_in = true};
    rules[1] = {.name = "manipulation-hit",
                .expression = "manip_score >= 60",
                .cooldown = std::chrono::minutes(15),
                .built_in = true};
    return rules;
}

/// The rule with what it means; `view.error` says why it means nothing.
std::optional<ActiveRule> compile(RuleView& view, std::optional<rules::RuleError> scope_error) {
    auto rule = rules::Rule::compile(view.expression);
    if (!rule) {
        view.error = std::move(rule.error());
        return std::nullopt;
    }
    view.hold = rule->hold();
    view.error = std::move(scope_error);
    if (view.error || !view.enabled) return std::nullopt;
    return ActiveRule{.edge = {.name = view.name,
                               .fingerprint = fingerprint(view.expression + '\0' + render_scope(view.scope)),
                               .hold = view.hold,
                               .cooldown = view.cooldown},
                      .rule = std::move(*rule),
                      .scope = view.scope};
}

}  // namespace

std::optional<std::string> hold_fault(std::chrono::milliseconds hold, std::chrono::milliseconds interval,
                                      const EdgeOptions& edges) {
    // The interval is the pause between two cycles; each takes its own time on top of it.
    constexpr std::chrono::seconds kCycle{10};
    if (hold.count() == 0 || interval + kCycle < edges.longest_gap) return std::nullopt;
    const auto seconds = [](std::chrono::milliseconds duration) {
        return core::format_double(static_cast<double>(duration.count()) / 1'000.0);
    };
    return fmt::format(
        "'for {}s' can never be met: a cycle comes every {} s (SCANNER_SCAN_INTERVAL_SEC) and what it "
        "takes itself, and what must hold begins anew after {} s without one; leave 'for' out, or set "
        "an interval below {} s",
        seconds(hold), seconds(interval), seconds(edges.longest_gap), seconds(edges.longest_gap - kCycle));
}

std::span<const RuleView> builtin_rules() {
    static const std::vector<RuleView> rules = make_builtin_rules();
    return rules;
}

RuleBook make_rule_book(std::span<const storage::AlertRule> stored) {
    RuleBook book;
    std::vector<std::optional<rules::RuleError>> scope_errors;
    for (const RuleView& rule : builtin_rules()) {
        if (std::ranges::find(stored, rule.name, &storage::AlertRule::name) == stored.end()) book.views.push_back(rule);
    }
    scope_errors.resize(book.views.size());
    for (const storage::AlertRule& rule : stored) {
        RuleView view{.name = rule.name,
                      .expression = rule.expression,
                      .cooldown = rule.cooldown,
                      .enabled = rule.enabled,
                      .version = rule.version};
        view.built_in = std::ranges::find(builtin_rules(), rule.name, &RuleView::name) != builtin_rules().end();
        std::optional<rules::RuleError> scope_error;
        if (auto scope = parse_scope(rule.scope)) {
            view.scope = std::move(*scope);
        } else {
            const ScopeError& first = scope.error().front();
            scope_error = rules::RuleError{.message = first.member + ": " + first.message};
        }
        scope_errors.push_back(std::move(scope_error));
        book.views.push_back(std::move(view));
    }
    for (std::size_t i = 0; i < book.views.size(); ++i) {
        if (auto active = compile(book.views[i], std::move(scope_errors[i]))) book.active.push_back(std::move(*active));
    }
    std::ranges::sort(book.views, {}, &RuleView::name);
    std::ranges::sort(book.active, {}, [](const ActiveRule& rule) { return std::string_view(rule.edge.name); });
    return book;
}

}  // namespace scanner::alerts
