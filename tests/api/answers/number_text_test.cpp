#include "api/answers/number_text.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace scanner::api {
namespace {

using signals::Digits;

/// The same by the long way: the rounded double, and the shortest text that reads back as it.
std::string by_rounding(double value, Digits digits) {
    const double rounded = signals::rounded(value, digits);
    const bool whole = std::fabs(rounded) < 9007199254740992.0 && rounded == std::trunc(rounded);
    return whole ? std::to_string(static_cast<std::int64_t>(rounded)) : core::format_double(rounded);
}

std::string text(double value, Digits digits = signals::all_digits()) {
    return std::string(NumberText(value, digits).view());
}

std::vector<Digits> all_kinds() {
    std::vector<Digits> kinds{signals::all_digits()};
    for (int count = 0; count <= 12; ++count) kinds.push_back(signals::decimals(count));
    for (int count = 1; count <= 15; ++count) kinds.push_back(signals::significant(count));
    return kinds;
}

void expect_same(double value) {
    for (const Digits digits : all_kinds()) {
        for (const double signed_value : {value, -value}) {
            ASSERT_EQ(text(signed_value, digits), by_rounding(signed_value, digits))
                << core::format_double(signed_value) << " to kind " << static_cast<int>(digits.kind) << ", "
                << digits.count;
        }
    }
}

TEST(NumberText, is_what_answers_have_always_had) {
    EXPECT_EQ(text(2e7), "20000000");
    EXPECT_EQ(text(84066.9), "84066.9");
    EXPECT_EQ(text(0.1 + 0.2), "0.30000000000000004");
    EXPECT_EQ(text(0.0001), "1e-04");
    EXPECT_EQ(text(-0.0), "0");
    EXPECT_EQ(text(-0.00004, signals::decimals(4)), "0");
    EXPECT_EQ(text(0.12471912214450412, signals::significant(6)), "0.124719");
    EXPECT_EQ(text(999'999.7, signals::significant(6)), "1000000");
    EXPECT_EQ(text(123'456'789.5, signals::significant(6)), "123457000");
}

TEST(NumberText, is_the_rounded_double_for_any_magnitude) {
    core::Random random(20'261'130);
    for (int i = 0; i < 2'000; ++i) expect_same(random.log_uniform(1e-9, 1e18));
}

TEST(NumberText, is_the_rounded_double_for_what_has_few_decimals) {
    core::Random random(14);
    for (int i = 0; i < 2'000; ++i) {
        const double unit = std::pow(10.0, std::floor(random.uniform() * 13.0));
        expect_same(std::floor(random.log_uniform(1.0, 1e10)) / unit);
    }
}

TEST(NumberText, is_the_rounded_double_beside_powers_of_ten_and_in_the_middle_between_two) {
    for (int exponent = -14; exponent <= 20; ++exponent) {
        const double power = std::pow(10.0, exponent);
        for (const double value : {power, 5.0 * power, 0.5 * power, 1.5 * power, 2.5 * power, 1.00000005 * power}) {
            expect_same(value);
            expect_same(std::nextafter(value, 0.0));
            expect_same(std::nextafter(value, 1e300));
        }
    }
    for (const double value : {4503599627370496.0, 9007199254740991.0, 9007199254740992.0, 1e22, 1e300, 5e-324}) {
        expect_same(value);
    }
}

}  // namespace
}  // namespace scanner::api
