#include "scanner/settings/env_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scanner::settings {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

SettingTexts read(std::string_view text) {
    auto texts = parse_env_file(text);
    EXPECT_TRUE(texts) << texts.error().message();
    return texts.value_or(SettingTexts());
}

std::string complaint(std::string_view text) {
    const auto texts = parse_env_file(text);
    EXPECT_FALSE(texts);
    return texts ? std::string() : texts.error().message();
}

TEST(EnvFile, reads_names_and_values) {
    EXPECT_THAT(read("A=1\nB_2=two words\n"), ElementsAre(Pair("A", "1"), Pair("B_2", "two words")));
    EXPECT_THAT(read("A=1"), ElementsAre(Pair("A", "1"))) << "no newline at the end";
    EXPECT_THAT(read("  A =  1  "), ElementsAre(Pair("A", "1")));
    EXPECT_THAT(read("A=\nB="), ElementsAre(Pair("A", ""), Pair("B", "")));
    EXPECT_THAT(read("A=x=y==\n"), ElementsAre(Pair("A", "x=y==")));
    EXPECT_THAT(read("A=1\nA=2\n"), ElementsAre(Pair("A", "2"))) << "the last one counts";
}

TEST(EnvFile, skips_comments_and_empty_lines) {
    EXPECT_THAT(read("# a\n\n   # b\n\t\nA=1 # c\nB=x#y\nC=# d\n"),
                ElementsAre(Pair("A", "1"), Pair("B", "x#y"), Pair("C", "")));
    EXPECT_THAT(read(""), IsEmpty());
}

TEST(EnvFile, understands_export) {
    EXPECT_THAT(read("export A=1\nexport\tB=2\nexport=3\n"),
                ElementsAre(Pair("A", "1"), Pair("B", "2"), Pair("export", "3")));
}

TEST(EnvFile, takes_single_quotes_literally) {
    EXPECT_THAT(read(R"(A='a "b" \n $x # y' # c)"), ElementsAre(Pair("A", R"(a "b" \n $x # y)")));
}

TEST(EnvFile, reads_escapes_in_double_quotes) {
    EXPECT_THAT(read(R"(A="a\n\t\"b\" \\ \$x \z 'q' # y")"), ElementsAre(Pair("A", "a\n\t\"b\" \\ $x \\z 'q' # y")));
}

TEST(EnvFile, lets_quoted_values_go_on_over_lines) {
    EXPECT_THAT(read("A=\"one\ntwo\"\nB=3"), ElementsAre(Pair("A", "one\ntwo"), Pair("B", "3")));
}

TEST(EnvFile, reads_files_from_windows) {
    EXPECT_THAT(read("\xEF\xBB\xBF"
                     "A=1\r\nB='2'\r\n\r\n# c\r\nC=3"),
                ElementsAre(Pair("A", "1"), Pair("B", "2"), Pair("C", "3")));
}

TEST(EnvFile, names_every_bad_line) {
    EXPECT_EQ(complaint("A=1\nnonsense\nB=2\n=x\nC='open\nD=4\n1E=5\n"),
              "line 2: no '=' after the name; line 4: a name of letters, digits and '_' must stand before '='; "
              "line 5: a ' that is never closed; line 7: a name of letters, digits and '_' must stand before '='");
    EXPECT_EQ(complaint("A=\"x\" y"), "line 1: text after the closing quote");
    EXPECT_EQ(complaint("\n\nA='a\nb' c\nfine=1\nbad"),
              "line 3: text after the closing quote; line 6: no '=' after the name");
    EXPECT_EQ(complaint(std::string_view("A=1\0002\nbad", 9)), "line 1: a zero byte; line 2: no '=' after the name");
}

TEST(EnvFile, ends_whatever_the_bytes) {
    std::uint32_t state = 1;
    for (int round = 0; round < 2'000; ++round) {
        std::string text;
        for (int i = 0; i < 40; ++i) {
            state = state * 1664525U + 1013904223U;
            text += "A='\"\\#\n\r= \tx\xFF"[(state >> 24U) % 12U];
        }
        const auto texts = parse_env_file(text);
        if (!texts) {
            EXPECT_FALSE(texts.error().message().empty());
        }
    }
}

}  // namespace
}  // namespace scanner::settings
