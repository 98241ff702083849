#include "scanner/alerts/builtin_rules.hpp"

#include "scanner/core/numeric.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace scanner::alerts {
namespace {

/// Of rankings that come every second: what is over in the next ones is no news.
constexpr std::string_view kHeld = " for 5s";

std::vector<RuleView> make_builtin_rules(bool live) {
    std::vector<RuleView> rules(2);
    rules[0] = {.name = "large-rank-move",
                .expression = "abs(rank_delta) >= 10 and min(rank, rank + rank_delta) <= 20",
                .cooldown = std::chrono::minutes(15),
                .built_in = true};
    rules[1] = {.name = "manipulation-hit",
                .expression = "manip_score >= 60",
                .cooldown = std::chrono::minutes(15),
                .built_in = true};
    if (live) {
        for (RuleView& rule : rules) rule.expression += kHeld;
    }
    return rules;
}

}  // namespace

std::optional<std::string> hold_fault(std::chrono::milliseconds hold, std::chrono::milliseconds interval,
                                      const EdgeOptions& edges) {
    // The interval is the pause between two cycles; each takes its own time on top of it.
    constexpr std::chrono::seconds kCycle{10};
    if (hold.count() == 0 || interval + kCycle < edges.max_gap) return std::nullopt;
    const auto seconds = [](std::chrono::milliseconds duration) {
        return core::format_double(static_cast<double>(duration.count()) / 1'000.0);
    };
    return fmt::format(
        "'for {}s' can never be met: a cycle comes every {} s (SCANNER_SCAN_INTERVAL_SEC) and what it "
        "takes itself, and what must hold begins anew after {} s without one; leave 'for' out, or set "
        "an interval below {} s",
        seconds(hold), seconds(interval), seconds(edges.max_gap), seconds(edges.max_gap - kCycle));
}

std::span<const RuleView> builtin_rules(bool live) {
    static const std::vector<RuleView> of_scans = make_builtin_rules(false);
    static const std::vector<RuleView> of_feed = make_builtin_rules(true);
    return live ? of_feed : of_scans;
}

}  // namespace scanner::alerts
