#include "rules/subject.hpp"

#include "scanner/rules/rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace scanner::rules {
namespace {

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
        {"\"zzz\" in flags", 1, 1, 5, "there are dump_ignition, exhausted_spike"},
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

TEST(Rule, evaluates_the_longest_possible_chain) {
    std::string chain = "rank==9";
    for (int i = 0; i < 63; ++i) chain += " or rank==3";
    EXPECT_TRUE(holds(chain));
    std::string sum = "rank";
    for (int i = 0; i < 120; ++i) sum += "+1";
    EXPECT_TRUE(holds(sum + "==123"));
}

}  // namespace
}  // namespace scanner::rules
