#include "scanner/core/symbol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scanner::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(UnifiedSymbol, of_a_perpetual_swap) {
    EXPECT_EQ(unified_symbol("BTC-USDT"), "BTC/USDT:USDT");
    EXPECT_EQ(unified_symbol("龙虾-USDT"), "龙虾/USDT:USDT");
}

TEST(UnifiedSymbol, leaves_other_codes_alone) {
    EXPECT_EQ(unified_symbol("BTC-USDT-261225"), "BTC-USDT-261225");
    EXPECT_EQ(unified_symbol("BTC-USD"), "BTC-USD");
    EXPECT_EQ(unified_symbol("-USDT"), "-USDT");
    EXPECT_EQ(unified_symbol("BTC"), "BTC");
    EXPECT_EQ(unified_symbol(""), "");
}

struct Spelling {
    std::string_view text;
    std::string_view code;
};

class EverySpelling : public testing::TestWithParam<Spelling> {};

TEST_P(EverySpelling, is_understood) {
    EXPECT_EQ(parse_symbol(GetParam().text), GetParam().code) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    ParseSymbol, EverySpelling,
    testing::Values(Spelling{"BTC/USDT:USDT", "BTC-USDT"}, Spelling{"btc/usdt:usdt", "BTC-USDT"},
                    Spelling{"BTC%2FUSDT%3AUSDT", "BTC-USDT"}, Spelling{"BTC%2fUSDT:USDT", "BTC-USDT"},
                    Spelling{"BTC/USDT", "BTC-USDT"}, Spelling{"BTC-USDT", "BTC-USDT"},
                    Spelling{"btc_usdt", "BTC-USDT"}, Spelling{"BTCUSDT", "BTC-USDT"}, Spelling{"btcusdt", "BTC-USDT"},
                    Spelling{"btc", "BTC-USDT"}, Spelling{"%62tc", "BTC-USDT"}, Spelling{"1INCH", "1INCH-USDT"},
                    Spelling{"BRK.B", "BRK.B-USDT"}, Spelling{"usdt", "USDT-USDT"}, Spelling{"龙虾", "龙虾-USDT"},
                    Spelling{"币安人生usdt", "币安人生-USDT"}, Spelling{"%E9%BE%99%E8%99%BE-USDT", "龙虾-USDT"},
                    Spelling{"%e9%be%99%e8%99%be%2Fusdt%3Ausdt", "龙虾-USDT"},
                    Spelling{"BTC-USDT-261225", "BTC-USDT-261225"}, Spelling{"BTC/USDT:USDT-261225", "BTC-USDT-261225"},
                    Spelling{"BTC-USD", "BTC-USD"}));

TEST(ParseSymbol, gives_back_what_unified_symbol_made) {
    for (const std::string code : {"BTC-USDT", "1000SATS-USDT", "币安人生-USDT"}) {
        EXPECT_EQ(parse_symbol(unified_symbol(code)), code);
    }
}

class HostileName : public testing::TestWithParam<std::string> {};

TEST_P(HostileName, is_refused) {
    EXPECT_EQ(parse_symbol(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(ParseSymbol, HostileName,
                         testing::Values("", " ", " BTC", "BTC ", "B TC", "-", "/", ":", "-USDT", "/USDT", "BTC-",
                                         "BTC/", "BTC//USDT", "BTC--USDT", "BTC/USDT:", "BTC/USDT:BTC", "BTC:USDT",
                                         "BTC/USDT:USDT:USDT", "BTC/USDT:USDT-", "BTC-USDT-261225-X", "../etc/passwd",
                                         "..", ".", "../USDT", "..%2f..%2fetc", "BTC%00", std::string("BTC\0USDT", 8),
                                         "BTC\n", "BTC%0a", "BTC\x7F", "%", "%4", "%zz", "BTC%", "BTC%2",
                                         "BTC;DROP TABLE", "BTC'--", "<b>", "BTC?x=1", "BTC#1", "BTC+ETH", "BTC,ETH",
                                         "BTC&x", "BTC\\USDT", "\"BTC\"", "$BTC", "{BTC}", "\xFF\xFE", "BTC\xC3",
                                         "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "BTC\u200B", "\u202EBTC",
                                         "BTC\u00A0", "BTC\u3000", "\uFEFFBTC", "BTC\u0085", "BTC\U000E0041",
                                         "BTC\uFFFD"));

TEST(ParseSymbol, the_longest_name_is_understood_in_every_form_that_it_is_given_back_in) {
    const std::string code = std::string(64, 'A') + "-USDT";
    EXPECT_EQ(parse_symbol(std::string(64, 'A')), code);
    EXPECT_EQ(parse_symbol(code), code);
    EXPECT_EQ(parse_symbol(unified_symbol(code)), code);
}

TEST(ParseSymbol, refuses_what_is_longer_than_64_bytes) {
    EXPECT_TRUE(parse_symbol(std::string(64, 'A')));
    EXPECT_FALSE(parse_symbol(std::string(65, 'A')));
    EXPECT_FALSE(parse_symbol(std::string(1'000'000, 'A')));
    std::string encoded;
    for (int i = 0; i < 64; ++i) encoded += "%41";
    EXPECT_EQ(parse_symbol(encoded), std::string(64, 'A') + "-USDT");
    EXPECT_FALSE(parse_symbol(encoded + "%41"));
}

TEST(ParseSymbol, decodes_once) {
    EXPECT_EQ(parse_symbol("BTC%252FUSDT"), std::nullopt);
}

TEST(NearestNames, finds_what_was_meant) {
    const std::vector<std::string> known{"ETH-USDT", "BTC-USDT", "PEPE-USDT", "PEOPLE-USDT", "DOGE-USDT", "龙虾-USDT"};
    EXPECT_THAT(nearest_names("BTX-USDT", known, 1), ElementsAre("BTC-USDT"));
    EXPECT_THAT(nearest_names("TBC-USDT", known, 1), ElementsAre("BTC-USDT"));
    EXPECT_THAT(nearest_names("BTCC", known, 1), ElementsAre("BTC-USDT"));
    EXPECT_THAT(nearest_names("eth", known, 1), ElementsAre("ETH-USDT"));
    EXPECT_THAT(nearest_names("BTC/USDT:USDT", known, 1), ElementsAre("BTC-USDT"));
    EXPECT_THAT(nearest_names("1000PEPE-USDT", known), ElementsAre("PEPE-USDT"));
    EXPECT_THAT(nearest_names("PEP-USDT", known, 2), ElementsAre("PEPE-USDT"));
    EXPECT_THAT(nearest_names("PE", known, 2), ElementsAre("PEPE-USDT", "PEOPLE-USDT"));
}

TEST(NearestNames, does_not_call_the_common_ending_likeness) {
    EXPECT_THAT(nearest_names("XYZW-USDT", std::vector<std::string>{"BTC-USDT", "DOGE-USDT"}), IsEmpty());
}

TEST(NearestNames, gives_at_most_what_is_asked_nearest_first_and_in_a_fixed_order) {
    const std::vector<std::string> known{"AAAD", "AAAC", "AAAA", "AABB", "AAAA"};
    EXPECT_THAT(nearest_names("AAAB", known, 3), ElementsAre("AAAA", "AAAC", "AAAD"));
    EXPECT_THAT(nearest_names("AAAB", known, 0), IsEmpty());
    EXPECT_THAT(nearest_names("", known), IsEmpty());
    EXPECT_THAT(nearest_names(std::string(200, 'A'), known), IsEmpty());
}

TEST(NearestNames, works_for_setting_names_too) {
    const std::vector<std::string> known{"http-port", "http-address", "min-qvol-usdt"};
    EXPECT_THAT(nearest_names("htp-port", known, 1), ElementsAre("http-port"));
    EXPECT_THAT(nearest_names("min-qvol", known, 1), ElementsAre("min-qvol-usdt"));
}

}  // namespace
}  // namespace scanner::core
