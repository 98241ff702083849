#include "scanner/core/decimal.hpp"

#include "scanner/core/numeric.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace scanner::core {
namespace {

TEST(DecimalUnit, gives_whole_multiples_as_decimals) {
    EXPECT_EQ(format_double(DecimalUnit(0.1).times(1672)), "167.2");
    EXPECT_EQ(format_double(1672 * 0.1), "167.20000000000002") << "what it is for";
    EXPECT_EQ(DecimalUnit(0.001).times(1'884'880), 1884.88);
    EXPECT_EQ(DecimalUnit(1e-15).times(119'999), 1.19999e-10);
    EXPECT_EQ(DecimalUnit(2.5).times(3), 7.5);
    EXPECT_EQ(DecimalUnit(1e6).times(7), 7e6);
    EXPECT_EQ(DecimalUnit(1e-30).times(3), 3e-30) << "beyond the exact powers of ten";
    EXPECT_EQ(DecimalUnit(0.1).times(-3), -0.3);
    EXPECT_EQ(DecimalUnit(0.1).times(0), 0.0);
}

TEST(DecimalUnit, agrees_with_the_decimal_that_it_stands_for) {
    std::mt19937_64 random(1);
    std::uniform_int_distribution<long long> counts(1, 999'999'999);
    std::uniform_int_distribution<int> digits(1, 9'999);
    std::uniform_int_distribution<int> exponents(-25, 6);
    for (int round = 0; round < 20'000; ++round) {
        const long long count = counts(random);
        const int mantissa = digits(random);
        const int exponent = exponents(random);
        const DecimalUnit unit(*parse_double(std::to_string(mantissa) + "e" + std::to_string(exponent)));
        const double exact = *parse_double(std::to_string(count * mantissa) + "e" + std::to_string(exponent));
        ASSERT_EQ(unit.times(static_cast<double>(count)), exact) << count << " * " << mantissa << "e" << exponent;
    }
}

TEST(DecimalUnit, multiplies_plainly_where_it_cannot_be_exact) {
    EXPECT_EQ(DecimalUnit(0.1).times(1.5), 1.5 * 0.1);
    EXPECT_EQ(DecimalUnit(1.0 / 3.0).times(3), 1.0);
    EXPECT_EQ(DecimalUnit(0.1).times(1e300), 1e300 * 0.1);
    EXPECT_EQ(DecimalUnit(0.0).times(5), 0.0);
    EXPECT_TRUE(std::isnan(DecimalUnit(std::numeric_limits<double>::quiet_NaN()).times(2)));
}

TEST(DecimalUnit, rounds_to_the_decimals_that_it_has) {
    EXPECT_EQ(DecimalUnit(0.1).rounded(13'333'333.333333334), 13'333'333.3);
    EXPECT_EQ(DecimalUnit(0.001).rounded(28'808.125), 28'808.125);
    EXPECT_EQ(DecimalUnit(1'000.0).rounded(2'884'910.0000001), 2'884'910.0);
    EXPECT_EQ(DecimalUnit(0.1).rounded(0.01), 0.01) << "better than nothing";
    EXPECT_EQ(DecimalUnit(0.1).rounded(1e300), 1e300);
    EXPECT_EQ(DecimalUnit(0.0).rounded(1.25), 1.25);
    EXPECT_EQ(DecimalUnit(0.125).decimals(), 3);
}

TEST(Decimals, add_up_without_last_bits) {
    EXPECT_EQ(add_decimals(0.1, 0.2), 0.3);
    EXPECT_EQ(add_decimals(2.736, 1.508), 4.244);
    EXPECT_EQ(add_decimals(3e-10, 12e-10), 15e-10);
    EXPECT_EQ(add_decimals(0.0, 0.7), 0.7);
    EXPECT_EQ(add_decimals(5.0, 7.0), 12.0);
    EXPECT_EQ(add_decimals(1.0 / 3.0, 0.5), 1.0 / 3.0 + 0.5) << "no decimal to speak of";
    EXPECT_EQ(add_decimals(1e300, 1e-300), 1e300);
    double sum = 0.0;
    for (int i = 0; i < 1'000; ++i) sum = add_decimals(sum, 0.001);
    EXPECT_EQ(sum, 1.0);
}

TEST(DecimalUnit, cleans_the_last_bits_and_nothing_else) {
    const DecimalUnit unit(0.1);
    EXPECT_EQ(unit.cleaned(167.20000000000002), 167.2);
    EXPECT_EQ(unit.cleaned(0.1 + 0.2), 0.3);
    EXPECT_EQ(unit.cleaned(167.25), 167.25);
    EXPECT_EQ(unit.cleaned(167.2000001), 167.2000001);
    EXPECT_EQ(unit.cleaned(0.0), 0.0);
    EXPECT_EQ(unit.cleaned(1e-20), 1e-20);
    EXPECT_EQ(DecimalUnit(0.0).cleaned(5.5), 5.5);
    double sum = 0.0;
    for (int i = 0; i < 1'000; ++i) sum += 0.1;
    EXPECT_NE(sum, 100.0);
    EXPECT_EQ(unit.cleaned(sum), 100.0);
}

}  // namespace
}  // namespace scanner::core
