#include "scanner/core/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace scanner::core {
namespace {

TEST(Random, is_the_same_everywhere) {
    // Bits, not just values near: the simulator's markets must be the same on every machine.
    Random random(42, 7);
    EXPECT_EQ(random.next(), 10466970054758337867ULL);
    EXPECT_EQ(random.normal(), 0x1.48036df52aabcp-1);
    EXPECT_EQ(random.exponential(3.0), 0x1.6cd6df04ff9fp-4);
    EXPECT_EQ(random.lognormal(10.0, 0.5), 0x1.087cca8f38471p+3);
}

TEST(Random, portable_log_and_exp_agree_with_the_library) {
    for (double x = 1e-300; x < 1e300; x *= 37.1)
        EXPECT_NEAR(portable_log(x), std::log(x), 3e-16 * std::abs(std::log(x)) + 3e-16);
    for (double x = -690.0; x < 690.0; x += 3.7) EXPECT_NEAR(portable_exp(x) / std::exp(x), 1.0, 1e-15);
    EXPECT_EQ(portable_log(1.0), 0.0);
    EXPECT_EQ(portable_exp(0.0), 1.0);
}

TEST(Random, streams_of_one_seed_differ) {
    std::set<std::uint64_t> first;
    for (std::uint64_t stream = 0; stream < 1'000; ++stream) first.insert(Random(1, stream).next());
    EXPECT_EQ(first.size(), 1'000U);
}

TEST(Random, moments_are_right) {
    Random random(9);
    constexpr int kDraws = 200'000;
    double normal = 0.0, squares = 0.0, exponential = 0.0, lognormal = 0.0, poisson_small = 0.0, poisson_large = 0.0;
    for (int i = 0; i < kDraws; ++i) {
        const double z = random.normal();
        normal += z;
        squares += z * z;
        exponential += random.exponential(2.0);
        lognormal += random.lognormal(5.0, 0.8);
        poisson_small += static_cast<double>(random.poisson(1.7));
        poisson_large += static_cast<double>(random.poisson(80.0));
    }
    EXPECT_NEAR(normal / kDraws, 0.0, 0.01);
    EXPECT_NEAR(squares / kDraws, 1.0, 0.015);
    EXPECT_NEAR(exponential / kDraws, 2.0, 0.03);
    EXPECT_NEAR(lognormal / kDraws, 5.0, 0.06);
    EXPECT_NEAR(poisson_small / kDraws, 1.7, 0.02);
    EXPECT_NEAR(poisson_large / kDraws, 80.0, 0.2);
}

TEST(Random, ranges_hold) {
    Random random(5);
    for (int i = 0; i < 10'000; ++i) {
        const double u = random.uniform();
        ASSERT_GE(u, 0.0);
        ASSERT_LT(u, 1.0);
        ASSERT_GT(random.positive_uniform(), 0.0);
        ASSERT_LT(random.below(7), 7U);
        ASSERT_GE(random.pareto(2.0), 1.0);
        const double x = random.log_uniform(0.02, 0.4);
        ASSERT_GE(x, 0.02);
        ASSERT_LE(x, 0.4);
    }
}

}  // namespace
}  // namespace scanner::core
