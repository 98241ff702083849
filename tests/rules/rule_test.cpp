#include "scanner/rules/rule.hpp"

#include "rules/subject.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace scanner::rules {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

bool holds(std::string_view text, const test::Contract& contract = {}) {
    const auto rule = Rule::compile(text);
    EXPECT_TRUE(rule) << text << "\n" << (rule ? "" : render_with_caret(rule.error()));
    return rule && rule->holds(test::OwnedSubject(contract).get());
}

TEST(Rule, compares_numbers) {
    const test::Contract contract{.rank = 3, .score = 1.5};
    EXPECT_TRUE(holds("rank < 4", contract));
    EXPECT_FALSE(holds("rank < 3", contract));
    EXPECT_TRUE(holds("rank <= 3", contract));
    EXPECT_TRUE(holds("score > 1.4999", contract));
    EXPECT_FALSE(holds("score > 1.5", contract));
    EXPECT_TRUE(holds("score >= 1.5", contract));
    EXPECT_TRUE(holds("rank == 3", contract));
    EXPECT_TRUE(holds("rank != 4", contract));
    EXPECT_FALSE(holds("rank != 3", contract));
    EXPECT_TRUE(holds("4 > rank", contract));
    EXPECT_TRUE(holds("last_price == 77105.5"));
    EXPECT_TRUE(holds("qvol_usdt == 1.45e8"));
    EXPECT_TRUE(holds("qvol_usdt > .5"));
}

TEST(Rule, does_arithmetic_with_the_usual_precedence) {
    const test::Contract contract{.rank = 3, .ret_15 = -2.0};
    EXPECT_TRUE(holds("1 + 2 * rank == 7", contract));
    EXPECT_TRUE(holds("(1 + 2) * rank == 9", contract));
    EXPECT_TRUE(holds("10 - rank - 2 == 5", contract));
    EXPECT_TRUE(holds("12 / rank / 2 == 2", contract));
    EXPECT_TRUE(holds("-rank == -3", contract));
    EXPECT_TRUE(holds("--rank == 3", contract));
    EXPECT_TRUE(holds("+rank == 3", contract));
    EXPECT_TRUE(holds("rank - -1 == 4", contract));
    EXPECT_TRUE(holds("-rank * 2 == -6", contract));
    EXPECT_TRUE(holds("abs(ret_15) == 2", contract));
    EXPECT_TRUE(holds("min(rank, 10) == 3 and max(rank, 10) == 10", contract));
    EXPECT_TRUE(holds("max(abs(ret_15), min(rank, 1)) == 2", contract));
}

TEST(Rule, joins_conditions_or_loosest_not_tightest) {
    EXPECT_TRUE(holds("rank == 3 or rank == 0 and rank == 1"));
    EXPECT_FALSE(holds("(rank == 3 or rank == 0) and rank == 1"));
    EXPECT_TRUE(holds("not rank == 1 and rank == 3"));
    EXPECT_FALSE(holds("not (rank == 1 or rank == 3)"));
    EXPECT_TRUE(holds("not not rank == 3"));
    EXPECT_TRUE(holds("rank == 1 or\n rank == 2 or\n rank == 3"));
    EXPECT_TRUE(holds("rank == 3 and true"));
    EXPECT_FALSE(holds("rank == 3 and false"));
}

TEST(Rule, looks_for_flags) {
    const test::Contract contract{.manip_score = 72.5, .flags = {"liquidity_wall", "scam_wick"}};
    EXPECT_TRUE(holds(R"(manip_score >= 60 and "scam_wick" in flags)", contract));
    EXPECT_TRUE(holds(R"('scam_wick' in manip_flags)", contract));
    EXPECT_TRUE(holds(R"("liquidity_wall" in manipulation_flags)", contract));
    EXPECT_FALSE(holds(R"("liquidity_vacuum" in flags)", contract));
    EXPECT_TRUE(holds(R"("liquidity_vacuum" not in flags)", contract));
    EXPECT_FALSE(holds(R"("scam_wick" not in flags)", contract));
    EXPECT_TRUE(holds(R"(not "liquidity_vacuum" in flags)", contract));
    EXPECT_FALSE(holds(R"("scam_wick" in flags)"));
    EXPECT_TRUE(holds("manipulation_score == 72.5", contract));
}

TEST(Rule, compares_texts_and_understands_every_spelling_of_a_contract) {
    for (const char* name : {"BTC/USDT:USDT", "BTC-USDT", "btc_usdt", "BTCUSDT", "btc"}) {
        EXPECT_TRUE(holds(fmt::format("symbol == \"{}\"", name))) << name;
        EXPECT_TRUE(holds(fmt::format("\"{}\" == contract_code", name))) << name;
        EXPECT_FALSE(holds(fmt::format("symbol != '{}'", name))) << name;
    }
    EXPECT_FALSE(holds("symbol == 'ETH'"));
    EXPECT_TRUE(holds("symbol != 'ETH'"));
    EXPECT_TRUE(holds("volatility_bucket == 'low'"));
    EXPECT_TRUE(holds("symbol != contract_code"));
}

TEST(Rule, takes_true_and_false_as_conditions) {
    EXPECT_FALSE(holds("pump_signature"));
    EXPECT_TRUE(holds("pump_signature", {.pump = true}));
    EXPECT_TRUE(holds("pump_signature == true", {.pump = true}));
    EXPECT_TRUE(holds("pump_signature != (rank > 100)", {.pump = true}));
    EXPECT_TRUE(holds("not pump_signature and not dump_signature"));
}

TEST(Rule, comparison_with_null_is_false) {
    const test::Contract none{.rank_delta = std::nullopt};
    for (const char* operation : {"<", "<=", ">", ">=", "==", "!="}) {
        EXPECT_FALSE(holds(fmt::format("funding_8h_pct {} 0", operation))) << operation;
        EXPECT_FALSE(holds(fmt::format("funding_8h_pct {} funding_8h_pct", operation))) << operation;
        EXPECT_FALSE(holds(fmt::format("rank_delta {} 0", operation), none)) << operation;
    }
    EXPECT_TRUE(holds("not funding_8h_pct > 0"));
    EXPECT_FALSE(holds("funding_8h_pct * 0 == 0"));
    EXPECT_FALSE(holds("max(funding_8h_pct, 1) >= 1"));
    EXPECT_FALSE(holds("abs(-funding_8h_pct) >= 0"));
    EXPECT_FALSE(holds("known(funding_8h_pct) and rank > 0"));
    EXPECT_TRUE(holds("known(funding_8h_pct) and funding_8h_pct < 0", {.funding = -0.01}));
}

TEST(Rule, what_has_no_finite_value_is_null) {
    EXPECT_FALSE(holds("1 / (rank - 3) > 0"));
    EXPECT_FALSE(holds("1 / (rank - 3) <= 0"));
    EXPECT_FALSE(holds("0 / (rank - 3) != 1"));
    EXPECT_FALSE(holds("1e308 * 10 * rank > 0"));
    EXPECT_FALSE(holds("known(1 / (rank - 3))"));
}

TEST(Rule, for_requires_persistence) {
    EXPECT_EQ(Rule::compile("rank <= 3")->hold(), seconds(0));
    EXPECT_EQ(Rule::compile("rank <= 3 for 30s")->hold(), seconds(30));
    EXPECT_EQ(Rule::compile("rank <= 3 or rank > 9 for 5m")->hold(), seconds(300));
    EXPECT_EQ(Rule::compile("rank <= 3 for 24h")->hold(), seconds(86'400));
}

TEST(Rule, names_every_field_of_its_own_by_type) {
    for (const RuleField& field : rule_fields()) {
        std::string text;
        switch (field.type) {
            case ValueType::number: text = fmt::format("known({0}) or not known({0})", field.name); break;
            case ValueType::boolean: text = fmt::format("{0} or not {0}", field.name); break;
            case ValueType::flags:
                text = fmt::format(R"("scam_wick" in {0} or "scam_wick" not in {0})", field.name);
                break;
            case ValueType::text: text = fmt::format("{0} == {0}", field.name); break;
        }
        EXPECT_TRUE(holds(text)) << text;
        const RuleField* main = field.alias_of.empty() ? &field : find_rule_field(field.alias_of);
        ASSERT_NE(main, nullptr) << field.name;
        EXPECT_THAT(Rule::compile(text)->fields(), ElementsAre(main->name)) << text;
        EXPECT_FALSE(main->meaning.empty()) << field.name;
    }
}

TEST(Rule, explains_each_condition) {
    const auto rule = Rule::compile(R"((manip_score >= 60 or "scam_wick" in flags) and not pump_signature for 30s)");
    ASSERT_TRUE(rule);
    const test::OwnedSubject subject({.manip_score = 12.0, .flags = {"scam_wick"}, .pump = true});
    const auto conditions = rule->explain(subject.get());
    ASSERT_EQ(conditions.size(), 3U);
    EXPECT_EQ(conditions[0].text, "manip_score >= 60");
    EXPECT_FALSE(conditions[0].holds);
    EXPECT_EQ(std::get<double>(*conditions[0].left), 12.0);
    EXPECT_EQ(std::get<double>(*conditions[0].right), 60.0);
    EXPECT_EQ(conditions[1].text, R"("scam_wick" in flags)");
    EXPECT_TRUE(conditions[1].holds);
    EXPECT_EQ(conditions[2].text, "pump_signature");
    EXPECT_TRUE(conditions[2].holds);
    EXPECT_EQ(std::get<bool>(*conditions[2].left), true);
    EXPECT_FALSE(conditions[2].right);
}

TEST(Rule, says_which_fields_it_looks_at) {
    EXPECT_THAT(Rule::compile(R"(rank < 3 and "scam_wick" in flags and rank_delta > rank)")->fields(),
                ElementsAre("rank", "manip_flags", "rank_delta"));
}

}  // namespace
}  // namespace scanner::rules
