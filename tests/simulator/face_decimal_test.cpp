#include "simulator/face/encode/decimal.hpp"

#include <gtest/gtest.h>

namespace scanner::simulator::face {
namespace {

TEST(FaceDecimal, eighteen_decimals_are_printed_as_on_the_wire) {
    EXPECT_EQ(decimal_text(0.001, Print::scale18), "0.001000000000000000");
    EXPECT_EQ(decimal_text(0.1, Print::scale18), "0.100000000000000000");
    EXPECT_EQ(decimal_text(1e6, Print::scale18), "1000000.000000000000000000");
    EXPECT_EQ(decimal_text(2788265.515, Print::scale18), "2788265.515000000000000000");
    EXPECT_EQ(decimal_text(0.000004284823878526, Print::scale18), "0.000004284823878526");
    EXPECT_EQ(decimal_text(-0.000564462990948592, Print::scale18), "-0.000564462990948592");
}

TEST(FaceDecimal, tiny_values_take_e_notation_as_big_decimals_do) {
    EXPECT_EQ(decimal_text(1e-8, Print::scale18), "1.0000000000E-8");
    EXPECT_EQ(decimal_text(1e-10, Print::scale18), "1.00000000E-10");
    EXPECT_EQ(decimal_text(0.0, Print::scale18), "0E-18");
    EXPECT_EQ(decimal_text(1e-30, Print::scale18), "0E-18");
    EXPECT_EQ(decimal_text(-1e-30, Print::scale18), "0E-18");
    EXPECT_EQ(decimal_text(3.398e-6, Print::number), "0.000003398");
    EXPECT_EQ(decimal_text(3.398e-7, Print::number), "3.398E-7");
    EXPECT_EQ(decimal_text(1e-7, Print::number), "1E-7");
}

TEST(FaceDecimal, the_nineteenth_decimal_rounds_half_up) {
    EXPECT_EQ(decimal_text(0.1234567890123456, Print::scale18), "0.123456789012345600");
    EXPECT_EQ(decimal_text(15, 19, Print::scale18), "2E-18");
    EXPECT_EQ(decimal_text(5, 19, Print::scale18), "1E-18");
    EXPECT_EQ(decimal_text(4, 19, Print::scale18), "0E-18");
    EXPECT_EQ(decimal_text(999999999999999995, 19, Print::scale18), "0.100000000000000000");
}

TEST(FaceDecimal, strings_are_plain_however_small_or_large) {
    EXPECT_EQ(decimal_text(0.0000034008, Print::plain), "0.0000034008");
    EXPECT_EQ(decimal_text(3.398e-7, Print::plain), "0.0000003398");
    EXPECT_EQ(decimal_text(458094000000.0, Print::plain), "458094000000");
    EXPECT_EQ(decimal_text(1e21, Print::plain), "1000000000000000000000");
    EXPECT_EQ(decimal_text(0.0, Print::plain), "0");
    EXPECT_EQ(decimal_text(-0.0, Print::plain), "0");
    EXPECT_EQ(decimal_text(77111.0, Print::plain), "77111");
}

TEST(FaceDecimal, dotted_numbers_always_have_a_point) {
    EXPECT_EQ(decimal_text(0.0, Print::dotted), "0.0");
    EXPECT_EQ(decimal_text(5.0, Print::dotted), "5.0");
    EXPECT_EQ(decimal_text(229963.474, Print::dotted), "229963.474");
}

TEST(FaceDecimal, steps_are_exact_where_doubles_are_not) {
    EXPECT_EQ(steps_text(771051, step_of(0.1), Print::number), "77105.1");
    EXPECT_EQ(steps_text(771050, step_of(0.1), Print::number), "77105");
    EXPECT_EQ(steps_text(34008, step_of(1e-10), Print::number), "0.0000034008");
    EXPECT_EQ(steps_text(3, step_of(0.1), Print::plain), "0.3");
    EXPECT_EQ(steps_text(7, step_of(0.25), Print::plain), "1.75");
    EXPECT_EQ(steps_text(458094, step_of(1e6), Print::plain), "458094000000");
    EXPECT_EQ(steps_text(-3, step_of(0.01), Print::plain), "-0.03");
}

TEST(FaceDecimal, a_product_beyond_64_bits_falls_back_to_its_double) {
    EXPECT_EQ(steps_text(9'000'000'000'000'000'000, Step{.mantissa = 1000, .scale = 0}, Print::plain),
              "9000000000000000000000");
}

TEST(FaceDecimal, steps_know_their_decimals) {
    EXPECT_EQ(step_of(1e-10).scale, 10);
    EXPECT_EQ(step_of(0.5).mantissa, 5);
    EXPECT_EQ(step_of(1000000.0).mantissa, 1000000);
    EXPECT_EQ(step_of(1000000.0).scale, 0);
}

}  // namespace
}  // namespace scanner::simulator::face
