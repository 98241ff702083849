#include "rules/subject.hpp"

#include "scanner/core/random.hpp"
#include "scanner/rules/rule.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

namespace scanner::rules {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

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
