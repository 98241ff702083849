#include "scanner/core/numeric.hpp"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string_view>

namespace scanner::core {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(ParseDouble, reads_what_the_exchange_prints) {
    EXPECT_EQ(parse_double("84066.9"), 84066.9);
    EXPECT_EQ(parse_double("0.001000000000000000"), 0.001);
    EXPECT_EQ(parse_double("1.0000000000E-8"), 1e-8);
    EXPECT_EQ(parse_double("0E-18"), 0.0);
    EXPECT_EQ(parse_double("-0.000123"), -0.000123);
    EXPECT_EQ(parse_double("5"), 5.0);
}

class NoDouble : public testing::TestWithParam<std::string_view> {};
TEST_P(NoDouble, is_refused) {
    EXPECT_EQ(parse_double(GetParam()), std::nullopt);
}
INSTANTIATE_TEST_SUITE_P(ParseDouble, NoDouble,
                         testing::Values("", " ", " 1", "1 ", "1x", "1,5", "null", "NaN", "nan", "inf", "-inf",
                                         "Infinity", "1e999", "-1e999", "0x10", "+1", "--1", "1e", ".", "e5"));

TEST(ParseInt, reads_all_of_64_bits) {
    EXPECT_EQ(parse_int("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(parse_int("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(parse_int("1000000000000000001"), 1'000'000'000'000'000'001) << "a trade id, beyond 2^53";
}

class NoInt : public testing::TestWithParam<std::string_view> {};
TEST_P(NoInt, is_refused) {
    EXPECT_EQ(parse_int(GetParam()), std::nullopt);
}
INSTANTIATE_TEST_SUITE_P(ParseInt, NoInt,
                         testing::Values("", "9223372036854775808", "1.0", "1e3", " 1", "1 ", "+1", "0x1", "-", "abc"));

TEST(RoundTo, rounds_halves_to_even) {
    EXPECT_EQ(round_to(0.5, 0), 0.0);
    EXPECT_EQ(round_to(1.5, 0), 2.0);
    EXPECT_EQ(round_to(2.5, 0), 2.0);
    EXPECT_EQ(round_to(0.125, 2), 0.12);
    EXPECT_EQ(round_to(1.23456, 4), 1.2346);
    EXPECT_EQ(round_to(-1.23456, 4), -1.2346);
}

TEST(RoundTo, never_gives_negative_zero) {
    EXPECT_FALSE(std::signbit(round_to(-0.00001, 4)));
    EXPECT_FALSE(std::signbit(round_to(-0.0, 4)));
}

TEST(RoundTo, leaves_integers_and_non_finite_values_unchanged) {
    EXPECT_EQ(round_to(1e300, 4), 1e300);
    EXPECT_EQ(round_to(kInfinity, 4), kInfinity);
    EXPECT_TRUE(std::isnan(round_to(kNan, 4)));
}

TEST(FormatDouble, is_the_shortest_that_reads_back) {
    EXPECT_EQ(format_double(0.1), "0.1");
    EXPECT_EQ(format_double(84066.9), "84066.9");
    EXPECT_EQ(format_double(1e-9), "1e-09");
    EXPECT_EQ(format_double(0.1 + 0.2), "0.30000000000000004");
    EXPECT_EQ(format_double(0.0), "0");
    EXPECT_EQ(format_double(-std::numeric_limits<double>::max()), "-1.7976931348623157e+308");
}

TEST(FormatDouble, reads_back_exactly_whatever_the_bits) {
    std::mt19937_64 bits(20261122);  // NOLINT: the same numbers in every run
    for (int i = 0; i < 20'000; ++i) {
        const auto value = std::bit_cast<double>(bits());
        if (!std::isfinite(value)) continue;
        ASSERT_EQ(parse_double(format_double(value)), value);
    }
}

TEST(FormatDouble, writes_decimals_as_the_standard_library_does) {
    const auto expect_same = [](double value) {
        std::array<char, 32> text{};
        const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
        ASSERT_EQ(format_double(value), std::string_view(text.data(), end.ptr));
    };
    std::mt19937_64 random(7);
    double power = 1.0;
    for (int places = 0; places <= 12; ++places, power *= 10.0) {
        for (std::uint64_t most = 10; most < 100'000'000'000'000'000; most *= 10) {
            for (int i = 0; i < 200; ++i) {
                const double value = static_cast<double>(random() % most) / power;
                expect_same(value);
                expect_same(-value);
                expect_same(std::nextafter(value, 1e300));
            }
        }
    }
    for (const double value : {0.001, 0.00099999999, 1e5, 1.2e6, 9'999'999.0, 9'999'999.99999999, 1e7, 100'000.5, -0.0})
        expect_same(value);
}

TEST(AppendDouble, appends) {
    std::string out = "x=";
    append_double(out, 2.5);
    EXPECT_EQ(out, "x=2.5");
}

TEST(IsFinitePositive, knows_prices_from_the_rest) {
    EXPECT_TRUE(is_finite_positive(1e-12));
    for (const double value : {0.0, -1.0, kInfinity, -kInfinity, kNan})
        EXPECT_FALSE(is_finite_positive(value)) << value;
}

}  // namespace
}  // namespace scanner::core
