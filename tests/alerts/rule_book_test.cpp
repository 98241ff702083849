#include "alerts/rule_book.hpp"

#include "scanner/alerts/builtin_rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace scanner::alerts {
namespace {

using std::chrono::seconds;

TEST(RuleBook, built_in_rules_must_hold_for_some_seconds_where_rankings_come_every_second) {
    for (const bool live : {false, true}) {
        const RuleBook book = make_rule_book({}, live);
        ASSERT_EQ(book.views.size(), builtin_rules(live).size());
        for (const RuleView& rule : book.views) {
            EXPECT_FALSE(rule.error) << rule.expression;
            EXPECT_EQ(rule.hold, live ? seconds(5) : seconds(0)) << rule.expression;
        }
    }
}

TEST(RuleBook, a_rule_that_was_stored_stays_as_it_was_written) {
    const std::vector<storage::AlertRule> stored{{.name = "manipulation-hit", .expression = "manip_score >= 70"}};
    const RuleBook book = make_rule_book(stored, true);
    const auto rule = std::ranges::find(book.views, "manipulation-hit", &RuleView::name);
    ASSERT_NE(rule, book.views.end());
    EXPECT_TRUE(rule->built_in);
    EXPECT_EQ(rule->expression, "manip_score >= 70");
    EXPECT_EQ(rule->hold, seconds(0));
}

}  // namespace
}  // namespace scanner::alerts
