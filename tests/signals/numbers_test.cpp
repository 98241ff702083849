#include "scanner/signals/numbers.hpp"

#include "scanner/core/numeric.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace scanner::signals {
namespace {

TEST(Rounded, keeps_so_many_decimals_or_significant_digits) {
    EXPECT_EQ(rounded(0.12471912214450412, decimals(4)), 0.1247);
    EXPECT_EQ(rounded(-0.00005, decimals(4)), 0.0);
    EXPECT_FALSE(std::signbit(rounded(-0.00001, decimals(4)))) << "no negative zero";
    EXPECT_EQ(rounded(0.03641662807550992, significant(6)), 0.0364166);
    EXPECT_EQ(rounded(123'456.789, significant(6)), 123'457.0);
    EXPECT_EQ(rounded(12'345'678.9, significant(6)), 12'345'700.0);
    EXPECT_EQ(rounded(-9.9999996, significant(6)), -10.0);
    EXPECT_EQ(rounded(10'000.0, significant(6)), 10'000.0);
    EXPECT_EQ(rounded(0.0, significant(6)), 0.0);
    EXPECT_EQ(rounded(1.2345678e-9, significant(3)), 1.23e-9);
    EXPECT_EQ(rounded(0.1234567890123, all_digits()), 0.1234567890123);
}

/// The digits of a number as it is printed, without point, sign, exponent, and zeros at either end.
std::string digits_of(double value) {
    std::string text = core::format_double(value);
    text.erase(std::min(text.find('e'), text.size()));
    std::erase_if(text, [](char c) { return c == '.' || c == '-'; });
    text.erase(0, std::min(text.find_first_not_of('0'), text.size()));
    text.erase(text.find_last_not_of('0') + 1);
    return text;
}

TEST(Rounded, is_printed_with_no_more_digits_and_stays_what_it_is) {
    std::mt19937_64 random(14);
    std::uniform_real_distribution<double> mantissa(-10.0, 10.0);
    std::uniform_int_distribution<int> exponent(-9, 13);
    for (int i = 0; i < 100'000; ++i) {
        const double value = mantissa(random) * std::pow(10.0, exponent(random));
        for (const int count : {3, 6, 12}) {
            const double once = rounded(value, significant(count));
            ASSERT_LE(digits_of(once).size(), static_cast<std::size_t>(count)) << value;
            ASSERT_EQ(rounded(once, significant(count)), once) << value;
            ASSERT_NEAR(once, value, std::fabs(value) * std::pow(10.0, 1 - count)) << value;
        }
        const double once = rounded(value, decimals(4));
        ASSERT_EQ(rounded(once, decimals(4)), once) << value;
        ASSERT_NEAR(once, value, 5.1e-5 + 1e-15 * std::fabs(value)) << value;
    }
}

TEST(NumbersTable, describes_every_number_under_a_name_of_its_own) {
    std::set<std::pair<FieldGroup, std::string_view>> names;
    for (const NumberField& field : kNumbers) {
        EXPECT_TRUE(names.emplace(field.group, field.name).second) << field.name << " twice";
        EXPECT_FALSE(field.meaning.empty() || field.source.empty()) << field.name;
        EXPECT_TRUE(field.meaning.ends_with('.')) << field.name;
        EXPECT_EQ(field.unit.empty(), field.type != FieldType::number) << field.name;
        EXPECT_EQ(field.digits.kind == Digits::Kind::all, field.type != FieldType::number) << field.name;
        EXPECT_EQ(find_number_field(field.group, field.name), &field);
        EXPECT_EQ(find_number(to_string(field.number)), field.number) << field.name;
        if (field.minimum && field.maximum) EXPECT_LT(*field.minimum, *field.maximum) << field.name;
    }
}

/// A value that no default is: whole, so that every kind of member can hold it.
double value_for(const NumberField& field, std::size_t place) {
    if (field.type != FieldType::number) return 1.0;
    return 1'000.0 + static_cast<double>(place);
}

TEST(NumbersTable, leads_to_a_member_of_its_own_each_way) {
    ContractNumbers numbers;
    Edges edges;
    FlowNumbers flow;
    for (std::size_t i = 0; i < kNumbers.size(); ++i) {
        kNumbers[i].set({numbers, edges, flow}, value_for(kNumbers[i], i));
    }
    for (std::size_t i = 0; i < kNumbers.size(); ++i) {
        EXPECT_EQ(kNumbers[i].get({numbers, edges, &flow}), value_for(kNumbers[i], i)) << kNumbers[i].name;
    }
}

TEST(NumbersTable, gives_null_for_what_is_marked_as_unknown) {
    for (const NumberField& field : kNumbers) {
        ContractNumbers numbers;
        Edges edges;
        FlowNumbers flow;
        field.set({numbers, edges, flow}, 1.0);
        EXPECT_EQ(known({numbers, edges, &flow}, field), 1.0) << field.name;
        (field.group == FieldGroup::edges ? edges.unknown : numbers.unknown).add(field.number);
        EXPECT_EQ(known({numbers, edges, &flow}, field), std::nullopt) << field.name;
        EXPECT_EQ(shown({numbers, edges, &flow}, field), std::nullopt) << field.name;
        EXPECT_EQ(field.get({numbers, edges, &flow}), 1.0) << "the formula's value stays";
    }
}

}  // namespace
}  // namespace scanner::signals
