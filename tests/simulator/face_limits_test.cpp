#include "simulator/face/faults/limits.hpp"

#include <gtest/gtest.h>

namespace scanner::simulator::face {
namespace {

using namespace std::chrono_literals;

constexpr core::SteadyTime kStart{std::chrono::hours(1)};

TEST(FaceLimits, class_b_allows_240_in_three_seconds_and_counts_down) {
    RateLimiter limiter;
    for (int i = 0; i < 240; ++i) {
        const auto decision = limiter.take("10.0.0.1", LimitClass::api, kStart + std::chrono::milliseconds(i));
        ASSERT_TRUE(decision->allowed);
        ASSERT_EQ(decision->remaining, 239 - i);
    }
    const auto refused = limiter.take("10.0.0.1", LimitClass::api, kStart + 2'900ms);
    EXPECT_FALSE(refused->allowed);
    EXPECT_EQ(refused->remaining, 0);
    EXPECT_EQ(refused->limit, 240);
    EXPECT_EQ(refused->interval, 3s);
    EXPECT_EQ(refused->until_reset, 100ms);
    EXPECT_TRUE(limiter.take("10.0.0.1", LimitClass::api, kStart + 3s)->allowed);
}

TEST(FaceLimits, market_data_has_its_own_800_a_second) {
    RateLimiter limiter;
    for (int i = 0; i < 800; ++i) ASSERT_TRUE(limiter.take("10.0.0.1", LimitClass::market, kStart)->allowed);
    EXPECT_FALSE(limiter.take("10.0.0.1", LimitClass::market, kStart)->allowed);
    EXPECT_TRUE(limiter.take("10.0.0.1", LimitClass::api, kStart)->allowed) << "classes do not share";
    EXPECT_TRUE(limiter.take("10.0.0.2", LimitClass::market, kStart)->allowed) << "clients do not share";
    EXPECT_TRUE(limiter.take("10.0.0.1", LimitClass::market, kStart + 1s)->allowed);
}

TEST(FaceLimits, contract_elements_are_scarce_and_other_paths_free) {
    RateLimiter limiter;
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(limiter.take("a", LimitClass::elements, kStart)->allowed);
    EXPECT_FALSE(limiter.take("a", LimitClass::elements, kStart + 1'999ms)->allowed);
    EXPECT_EQ(limiter.take("a", LimitClass::none, kStart), std::nullopt);
}

TEST(FaceLimits, memory_is_bounded_however_many_clients_come) {
    RateLimiter limiter;
    for (int i = 0; i < 30'000; ++i) {
        EXPECT_TRUE(limiter.take(std::to_string(i), LimitClass::api, kStart)->allowed);
    }
    EXPECT_LE(limiter.remembered(), 4'096U * kLimitClasses);
    EXPECT_TRUE(limiter.take("late", LimitClass::api, kStart + 10s)->allowed);
}

TEST(FaceLimits, modes_have_names) {
    for (const auto mode : {OverLimit::body, OverLimit::json, OverLimit::html, OverLimit::none}) {
        EXPECT_EQ(parse_over_limit(to_string(mode)), mode);
    }
    EXPECT_EQ(parse_over_limit("403"), std::nullopt);
}

}  // namespace
}  // namespace scanner::simulator::face
