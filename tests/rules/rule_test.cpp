#include "scanner/rules/rule.hpp"

#include "rules/subject.hpp"

#include "scanner/core/random.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace scanner::rules {
namespace {

using std::chrono::seconds;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

bool holds(std::string_view text, const test::Contract& contract = {}) {
    const auto rule = Rule::compile(text);
    EXPECT_TRUE(rule) << text << "\n" << (rule ? "" : render_with_caret(rule.error()));
    return rule && rule->holds(test::OwnedSubject(contract).get());
}

RuleError refused(std::string_view text) {
    auto rule = Rule::compile(text);
    EXPECT_FALSE(rule) << "accepted: " << text;
    return rule ? RuleError{} : rule.error();
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

TEST(Rule, for_asks_for_persistence) {
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

struct Mistake {
    std::string_view text;
    std::size_t line;
    std::size_t column;
    std::size_t length;
    std::string_view message;
};

const std::vector<Mistake>& mistakes() {
    static const std::vector<Mistake> all{
        {"", 1, 1, 1, "the rule is empty"},
        {"   ", 1, 4, 1, "the rule is empty"},
        {"manip_scor >= 60", 1, 1, 10, "did you mean 'manip_score'"},
        {"rank < 3 and\n  spred_bps > 2", 2, 3, 9, "did you mean 'spread_bps'"},
        {"rank", 1, 1, 4, "compare it with something"},
        {"flags", 1, 1, 5, "in flags"},
        {"'x'", 1, 1, 3, "this is a text"},
        {"rank + 1", 1, 1, 8, "this is a number"},
        {"rank < 3 and score", 1, 14, 5, "a condition is expected"},
        {"not rank", 1, 5, 4, "a condition is expected"},
        {"rank <", 1, 7, 1, "ends where a value is expected"},
        {"rank < and", 1, 8, 3, "found 'and'"},
        {"< 3", 1, 1, 1, "expected a field"},
        {"rank < 3 score > 1", 1, 10, 5, "expected 'and', 'or', 'for'"},
        {"rank < 3 adn score > 1", 1, 10, 3, "did you mean 'and'"},
        {"rank < 3 AND score > 1", 1, 10, 3, "did you mean 'and'"},
        {"1 < rank < 5", 1, 10, 1, "do not chain; write 'a < b and b < c'"},
        {"rank = 3", 1, 6, 1, "write '=='"},
        {"rank => 3", 1, 6, 2, "write '>='"},
        {"rank == 3 && score > 1", 1, 11, 2, "write 'and'"},
        {"rank == 3 || score > 1", 1, 11, 2, "write 'or'"},
        {"!pump_signature", 1, 1, 1, "write 'not'"},
        {"rank in [1, 2]", 1, 9, 1, "combine conditions with 'or'"},
        {"ret_15 > 5%", 1, 11, 1, "percent already"},
        {"rank ≥ 3", 1, 6, 1, "write '>='"},
        {"“scam_wick” in flags", 1, 1, 1, "plain quotes"},
        {"rank > 3 ☃", 1, 10, 1, "'☃' means nothing here"},
        {"rank > 3;", 1, 9, 1, "';' means nothing here"},
        {"\"scam_wick in flags", 1, 1, 19, "no closing \""},
        {"\"scam\nwick\" in flags", 1, 1, 5, "no closing \""},
        {R"("scam\n" in flags)", 1, 6, 1, "backslash"},
        {"(rank > 3", 1, 10, 1, "a closing ')' is missing"},
        {"rank > 3)", 1, 9, 1, "closes nothing"},
        {"(rank > 3 score)", 1, 11, 5, "expected ')'"},
        {"(rank > 3 for 5m)", 1, 11, 3, "outside of parentheses"},
        {"rank > 3 for", 1, 13, 1, "a whole number with s, m or h"},
        {"rank > 3 for 30", 1, 14, 2, "'for 30s' or 'for 30m'"},
        {"rank > 3 for 30x", 1, 14, 3, "a whole number with s, m or h"},
        {"rank > 3 for 1m30s", 1, 14, 5, "a whole number with s, m or h"},
        {"rank > 3 for 1.5m", 1, 14, 4, "a whole number with s, m or h"},
        {"rank > 3 for 0s", 1, 14, 2, "from 1s to 24h"},
        {"rank > 3 for 25h", 1, 14, 3, "from 1s to 24h"},
        {"rank > 3 for 99999999999999999999s", 1, 14, 21, "a whole number with s, m or h"},
        {"rank > 3 for 5m and score > 1", 1, 17, 3, "put it before 'for'"},
        {"qvol_usdt > 20m", 1, 13, 3, "written out: 20000000 or 2e7"},
        {"qvol_usdt > 20M", 1, 13, 3, "not a number"},
        {"rank > 1e999", 1, 8, 5, "not a number that can be held"},
        {"rank > 1.2.3", 1, 11, 2, "expected 'and'"},
        {"\"scam_wik\" in flags", 1, 1, 10, "did you mean 'scam_wick'"},
        {"\"zzz\" in flags", 1, 1, 5, "there are exhausted_spike"},
        {"\"scam_wick\" in symbol", 1, 16, 6, "'in' looks into 'flags'"},
        {"rank in flags", 1, 1, 4, "the name of a flag in quotes"},
        {"symbol in flags", 1, 1, 6, "the name of a flag in quotes"},
        {"flags == \"scam_wick\"", 1, 1, 20, "looked into, not compared"},
        {"symbol > 'BTC'", 1, 1, 6, "only numbers are more or less"},
        {"flags > 3", 1, 1, 5, "in flags"},
        {"symbol == 3", 1, 1, 11, "a text cannot equal a number"},
        {"pump_signature == 1", 1, 1, 19, "a condition cannot equal a number"},
        {"symbol == ''", 1, 11, 2, "cannot be the name of a contract"},
        {"volatility_bucket == 'lo'", 1, 22, 4, "\"low\", \"medium\" or \"high\""},
        {"symbol + 1 > 2", 1, 1, 6, "arithmetic takes numbers"},
        {"-symbol == 'x'", 1, 2, 6, "arithmetic takes numbers"},
        {"-(rank > 3)", 1, 2, 10, "arithmetic takes numbers"},
        {"abs(rank > 3) > 1", 1, 5, 8, "arithmetic takes numbers"},
        {"abs(rank, 2) > 1", 1, 9, 1, "abs takes one value"},
        {"abs() > 1", 1, 5, 1, "found ')'"},
        {"abs rank > 1", 1, 1, 3, "write abs(…)"},
        {"min(rank) > 1", 1, 9, 1, "min takes two values"},
        {"min(rank, 1, 2) > 1", 1, 12, 1, "min takes two values"},
        {"known(symbol)", 1, 7, 6, "known() takes a number"},
        {"system(\"rm\") > 1", 1, 1, 6, "there is no function 'system'"},
        {"__import__('os')", 1, 1, 10, "there is no function"},
        {"1 == 1", 1, 1, 6, "looks at no field"},
        {"true", 1, 1, 4, "looks at no field"},
        {"true for 30s", 1, 1, 4, "looks at no field"},
        {"null == rank", 1, 1, 4, "there is no field 'null'"},
        {std::string_view("rank > 3\0", 9), 1, 9, 1, "control character"},
        {"rank\x01> 3", 1, 5, 1, "control character"},
        {"rank > \xff", 1, 1, 1, "not UTF-8"},
    };
    return all;
}

TEST(Rule, points_at_what_is_wrong) {
    for (const Mistake& mistake : mistakes()) {
        const RuleError error = refused(mistake.text);
        EXPECT_EQ(error.line, mistake.line) << mistake.text << "\n" << render_with_caret(error);
        EXPECT_EQ(error.column, mistake.column) << mistake.text << "\n" << render_with_caret(error);
        EXPECT_EQ(error.length, mistake.length) << mistake.text << "\n" << render_with_caret(error);
        EXPECT_THAT(error.message, HasSubstr(std::string(mistake.message))) << mistake.text;
    }
}

TEST(Rule, draws_carets_under_the_mistake) {
    EXPECT_EQ(render_with_caret(refused("rank < 3 and\n\tspred_bps > 2")),
              "line 2, column 2: there is no field 'spred_bps'; did you mean 'spread_bps'?\n"
              " spred_bps > 2\n"
              " ^^^^^^^^^");
}

TEST(Rule, cuts_a_long_line_around_the_mistake) {
    std::string text = "rank > 1";
    for (int i = 0; i < 40; ++i) text += " or rank > 12345";
    const std::size_t at = text.size();
    const RuleError error = refused(text + " or oops > 1" + std::string(300, ' '));
    EXPECT_EQ(error.column, at + 5);
    EXPECT_LE(error.excerpt.size(), 160U);
    EXPECT_EQ(error.excerpt.substr(error.caret, 4), "oops");
}

TEST(Rule, columns_count_characters_not_bytes) {
    const RuleError error = refused("symbol == '狗狗币' and nothing > 1");
    EXPECT_EQ(error.column, 21U);
}

TEST(Rule, is_bounded) {
    EXPECT_THAT(refused(std::string(kMaxRuleBytes + 1, ' ')).message, HasSubstr("at most 2000"));
    EXPECT_THAT(refused(std::string(40, '(') + "rank > 1" + std::string(40, ')')).message,
                HasSubstr("more than 32 levels"));
    EXPECT_THAT(refused(std::string(500, '-') + "1 > rank").message, HasSubstr("more than"));
    std::string nots;
    for (int i = 0; i < 40; ++i) nots += "not ";
    EXPECT_THAT(refused(nots + "rank > 1").message, HasSubstr("more than 32 levels"));
    std::string calls;
    for (int i = 0; i < 40; ++i) calls += "abs(";
    EXPECT_THAT(refused(calls + "rank" + std::string(40, ')') + " > 1").message, HasSubstr("more than 32 levels"));
    std::string chain = "rank>1";
    while (chain.size() + 10 < kMaxRuleBytes) chain += " or rank>1";
    EXPECT_THAT(refused(chain).message, HasSubstr("more than 256 parts"));
    EXPECT_TRUE(holds(std::string(31, '(') + "rank > 1" + std::string(31, ')')));
}

TEST(Rule, longest_possible_chain_evaluates) {
    std::string chain = "rank==9";
    for (int i = 0; i < 63; ++i) chain += " or rank==3";
    EXPECT_TRUE(holds(chain));
    std::string sum = "rank";
    for (int i = 0; i < 120; ++i) sum += "+1";
    EXPECT_TRUE(holds(sum + "==123"));
}

/// Whatever the text, compiling it ends in a rule or in an error that points into it, and a rule can be evaluated.
void survive(const std::string& text) {
    const auto rule = Rule::compile(text);
    if (!rule) {
        const RuleError& error = rule.error();
        ASSERT_GE(error.line, 1U) << text;
        ASSERT_GE(error.column, 1U) << text;
        ASSERT_LE(error.column, text.size() + 1) << text;
        ASSERT_GE(error.length, 1U) << text;
        ASSERT_FALSE(error.message.empty()) << text;
        ASSERT_FALSE(render_with_caret(error).empty());
        return;
    }
    for (const test::Contract& contract :
         {test::Contract{}, test::Contract{.rank_delta = std::nullopt, .manip_score = 99, .flags = {"scam_wick"}}}) {
        const test::OwnedSubject subject(contract);
        static_cast<void>(rule->holds(subject.get()));
        ASSERT_FALSE(rule->explain(subject.get()).empty());
        for (const ConditionResult& condition : rule->explain(subject.get())) {
            for (const auto& value : {condition.left, condition.right}) {
                if (!value) continue;
                if (const auto* number = std::get_if<double>(&*value)) ASSERT_TRUE(std::isfinite(*number)) << text;
            }
        }
    }
}

TEST(Rule, survives_random_bytes) {
    core::Random random(20261122);
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (std::uint64_t left = random.below(60); left > 0; --left) text += static_cast<char>(random.below(256));
        survive(text);
    }
}

TEST(Rule, survives_random_words) {
    static constexpr auto kPieces = std::to_array<std::string_view>({"rank",
                                                                     "rank_delta",
                                                                     "flags",
                                                                     "symbol",
                                                                     "funding_8h_pct",
                                                                     "pump_signature",
                                                                     "and",
                                                                     "or",
                                                                     "not",
                                                                     "in",
                                                                     "for",
                                                                     "30s",
                                                                     "5m",
                                                                     "\"",
                                                                     "\"scam_wick\"",
                                                                     "'BTC'",
                                                                     "(",
                                                                     ")",
                                                                     "+",
                                                                     "-",
                                                                     "*",
                                                                     "/",
                                                                     "<",
                                                                     "<=",
                                                                     "==",
                                                                     "!=",
                                                                     "0",
                                                                     "1e9",
                                                                     ",",
                                                                     "abs",
                                                                     "known",
                                                                     "min",
                                                                     "max",
                                                                     "true",
                                                                     "false",
                                                                     "\n",
                                                                     " ",
                                                                     "é",
                                                                     "%",
                                                                     "[",
                                                                     "manip_flags",
                                                                     "volatility_bucket",
                                                                     "'low'",
                                                                     "1e400",
                                                                     ".5",
                                                                     "1.",
                                                                     "\\",
                                                                     "="});
    core::Random random(7);
    int compiled = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (std::uint64_t left = 1 + random.below(14); left > 0; --left) {
            text += kPieces[random.below(kPieces.size())];
            if (random.chance(0.7)) text += ' ';
        }
        if (Rule::compile(text)) ++compiled;
        survive(text);
    }
    EXPECT_GT(compiled, 20);  // the grammar's inside is reached, too
}

std::string random_number(core::Random& random, int depth);
std::string random_condition(core::Random& random, int depth) {
    switch (depth <= 0 ? random.below(3) : random.below(8)) {
        case 0: return "\"scam_wick\" in flags";
        case 1: return "pump_signature";
        case 2: return "known(funding_8h_pct)";
        case 3: return "not " + random_condition(random, depth - 1);
        case 4: return "(" + random_condition(random, depth - 1) + " and " + random_condition(random, depth - 1) + ")";
        case 5: return "(" + random_condition(random, depth - 1) + " or " + random_condition(random, depth - 1) + ")";
        default: {
            static constexpr std::array<std::string_view, 6> kOps{" < ", " <= ", " > ", " >= ", " == ", " != "};
            return random_number(random, depth - 1) + std::string(kOps[random.below(6)]) +
                   random_number(random, depth - 1);
        }
    }
}
std::string random_number(core::Random& random, int depth) {
    switch (depth <= 0 ? random.below(3) : random.below(7)) {
        case 0: return "rank";
        case 1: return "funding_8h_pct";
        case 2: return fmt::format("{}", random.uniform(-1e3, 1e3) < 0 ? 0.0 : random.uniform(0, 1e3));
        case 3: return "abs(" + random_number(random, depth - 1) + ")";
        case 4: return "(-" + random_number(random, depth - 1) + ")";
        default: {
            static constexpr std::array<std::string_view, 4> kOps{" + ", " - ", " * ", " / "};
            return "(" + random_number(random, depth - 1) + std::string(kOps[random.below(4)]) +
                   random_number(random, depth - 1) + ")";
        }
    }
}

TEST(Rule, accepts_whatever_the_grammar_makes) {
    core::Random random(99);
    int tried = 0;
    while (tried < 3'000) {
        const std::string text = random_condition(random, 4);
        if (text.size() > kMaxRuleBytes) continue;
        ++tried;
        const auto rule = Rule::compile(text);
        if (!rule) {
            ASSERT_THAT(rule.error().message, AnyOf(HasSubstr("more than 256 parts"), HasSubstr("looks at no field")))
                << text;
            continue;
        }
        survive(text);
    }
}

TEST(Rule, survives_every_cut_of_a_good_rule) {
    const std::string good = R"(not (manip_score >= 60.5e0 and "scam_wick" in flags) or abs(rank_delta) > 5 for 30s)";
    ASSERT_TRUE(Rule::compile(good));
    for (std::size_t from = 0; from < good.size(); ++from) {
        survive(good.substr(from));
        survive(good.substr(0, from));
        survive(good.substr(0, from) + good.substr(std::min(from + 3, good.size())));
    }
}

}  // namespace
}  // namespace scanner::rules
