#include "scanner/core/text.hpp"

#include <gtest/gtest.h>

namespace scanner::core {
namespace {

TEST(Text, lowers_ascii_letters_and_nothing_else) {
    EXPECT_EQ(lower_case("AZaz09-_[@`{"), "azaz09-_[@`{");
    EXPECT_EQ(lower_case("Ärger \xC3\x84"), "Ärger \xC3\x84") << "bytes of UTF-8 are no letters";
    EXPECT_EQ(lower_case(std::string_view("A\0B", 3)), std::string("a\0b", 3));
    EXPECT_EQ(lower_case(""), "");
}

TEST(Text, compares_without_regard_to_case) {
    EXPECT_TRUE(equal_ignoring_case("Content-Type", "CONTENT-type"));
    EXPECT_TRUE(equal_ignoring_case("", ""));
    EXPECT_FALSE(equal_ignoring_case("gzip", "gzi"));
    EXPECT_FALSE(equal_ignoring_case("[", "{")) << "they are 32 apart, as letters are";
    EXPECT_FALSE(equal_ignoring_case("\xC3\x84", "\xC3\xA4"));
}

TEST(Text, trims_blanks_at_both_ends) {
    EXPECT_EQ(trimmed(" \tgzip; q=1\t "), "gzip; q=1");
    EXPECT_EQ(trimmed("gzip\n"), "gzip\n") << "a line break is no optional whitespace";
    EXPECT_EQ(trimmed("\r\n gzip\n", kWhitespace), "gzip");
    EXPECT_EQ(trimmed(" \t "), "");
    EXPECT_EQ(trimmed(""), "");
}

}  // namespace
}  // namespace scanner::core
