#include "alerts/rule_book.hpp"

#include "scanner/alerts/builtin_rules.hpp"

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

/// The rule, compiled; otherwise `view.error` says why it cannot be.
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

RuleBook make_rule_book(std::span<const storage::AlertRule> stored, bool live) {
    RuleBook book;
    std::vector<std::optional<rules::RuleError>> scope_errors;
    for (const RuleView& rule : builtin_rules(live)) {
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
