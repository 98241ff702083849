#include "scanner/net/circuit_breaker.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace scanner::net {
namespace {

using namespace std::chrono_literals;
using core::SteadyTime;

constexpr SteadyTime kStart{1h};
constexpr CircuitBreaker::Options kOptions{.threshold = 3, .cooldown = 30s, .probe_timeout = 300s};

void fail(CircuitBreaker& breaker, SteadyTime now, int times) {
    for (int i = 0; i < times; ++i) {
        const auto permit = breaker.admit(now);
        ASSERT_TRUE(permit.has_value());
        breaker.failure(*permit, now);
    }
}

TEST(CircuitBreaker, opens_at_the_threshold_of_failures_in_a_row) {
    CircuitBreaker breaker(kOptions);
    fail(breaker, kStart, 2);
    EXPECT_EQ(breaker.state(kStart), CircuitState::closed);
    EXPECT_EQ(breaker.failures(), 2);
    fail(breaker, kStart, 1);
    EXPECT_EQ(breaker.state(kStart), CircuitState::open);
    EXPECT_FALSE(breaker.admit(kStart + 29'999ms).has_value());
    EXPECT_EQ(breaker.cooldown_remaining(kStart + 10s), 20s);
}

TEST(CircuitBreaker, a_success_in_between_starts_the_count_anew) {
    CircuitBreaker breaker(kOptions);
    fail(breaker, kStart, 2);
    breaker.success(*breaker.admit(kStart), kStart);
    EXPECT_EQ(breaker.failures(), 0);
    fail(breaker, kStart, 2);
    EXPECT_EQ(breaker.state(kStart), CircuitState::closed);
}

TEST(CircuitBreaker, lets_exactly_one_probe_go_when_the_cooldown_has_passed) {
    CircuitBreaker breaker(kOptions);
    fail(breaker, kStart, 3);
    const SteadyTime later = kStart + 30s;
    EXPECT_EQ(breaker.state(later), CircuitState::half_open);
    EXPECT_EQ(breaker.cooldown_remaining(later), 0ms);
    EXPECT_TRUE(breaker.admit(later).has_value());
    EXPECT_FALSE(breaker.admit(later).has_value());
    EXPECT_FALSE(breaker.admit(later + 1min).has_value());
}

TEST(CircuitBreaker, closes_when_the_probe_succeeds) {
    CircuitBreaker breaker(kOptions);
    fail(breaker, kStart, 3);
    const SteadyTime later = kStart + 31s;
    breaker.success(*breaker.admit(later), later);
    EXPECT_EQ(breaker.state(later), CircuitState::closed);
    EXPECT_EQ(breaker.failures(), 0);
    fail(breaker, later, 2);
    EXPECT_EQ(breaker.state(later), CircuitState::closed);
}

TEST(CircuitBreaker, stays_open_for_another_cooldown_when_the_probe_fails) {
    CircuitBreaker breaker(kOptions);
    fail(breaker, kStart, 3);
    const SteadyTime later = kStart + 31s;
    breaker.failure(*breaker.admit(later), later);
    EXPECT_EQ(breaker.state(later), CircuitState::open);
    EXPECT_EQ(breaker.cooldown_remaining(later), 30s);
    EXPECT_EQ(breaker.failures(), 4);
    EXPECT_TRUE(breaker.admit(later + 30s).has_value());
}

TEST(CircuitBreaker, an_abandoned_probe_makes_room_for_another) {
    CircuitBreaker breaker(kOptions);
    fail(breaker, kStart, 3);
    const SteadyTime later = kStart + 30s;
    const auto probe = breaker.admit(later);
    breaker.abandon(*probe, later);
    EXPECT_EQ(breaker.state(later), CircuitState::half_open);
    EXPECT_EQ(breaker.failures(), 3);
    const auto next = breaker.admit(later);
    ASSERT_TRUE(next.has_value());
    breaker.failure(*probe, later);  // reported twice by mistake: not the current probe's business
    EXPECT_EQ(breaker.state(later), CircuitState::half_open);
    breaker.success(*next, later);
    EXPECT_EQ(breaker.state(later), CircuitState::closed);
}

TEST(CircuitBreaker, ignores_reports_of_requests_admitted_before_it_opened) {
    CircuitBreaker breaker(kOptions);
    const auto slow_success = breaker.admit(kStart);
    const auto slow_failure = breaker.admit(kStart);
    fail(breaker, kStart, 3);
    breaker.success(*slow_success, kStart + 5s);
    EXPECT_EQ(breaker.state(kStart + 5s), CircuitState::open);
    breaker.failure(*slow_failure, kStart + 20s);
    EXPECT_EQ(breaker.cooldown_remaining(kStart + 20s), 10s);
    EXPECT_EQ(breaker.failures(), 3);
}

TEST(CircuitBreaker, a_late_report_does_not_speak_for_the_probe) {
    CircuitBreaker breaker(kOptions);
    const auto slow = breaker.admit(kStart);
    fail(breaker, kStart, 3);
    const SteadyTime later = kStart + 30s;
    const auto probe = breaker.admit(later);
    breaker.success(*slow, later);
    EXPECT_EQ(breaker.state(later), CircuitState::half_open);
    breaker.failure(*probe, later);
    EXPECT_EQ(breaker.state(later), CircuitState::open);
}

TEST(CircuitBreaker, gives_up_a_probe_that_is_never_reported) {
    CircuitBreaker breaker(kOptions);
    fail(breaker, kStart, 3);
    const auto lost = breaker.admit(kStart + 30s);
    ASSERT_TRUE(lost.has_value());
    EXPECT_FALSE(breaker.admit(kStart + 329s).has_value());
    const auto next = breaker.admit(kStart + 330s);
    ASSERT_TRUE(next.has_value());
    breaker.success(*lost, kStart + 331s);
    EXPECT_EQ(breaker.state(kStart + 331s), CircuitState::half_open);
    breaker.success(*next, kStart + 331s);
    EXPECT_EQ(breaker.state(kStart + 331s), CircuitState::closed);
}

TEST(CircuitBreaker, an_abandoned_request_while_closed_changes_nothing) {
    CircuitBreaker breaker(kOptions);
    fail(breaker, kStart, 2);
    breaker.abandon(*breaker.admit(kStart), kStart);
    EXPECT_EQ(breaker.failures(), 2);
    EXPECT_EQ(breaker.state(kStart), CircuitState::closed);
}

TEST(CircuitBreaker, names_its_states) {
    EXPECT_EQ(to_string(CircuitState::closed), "closed");
    EXPECT_EQ(to_string(CircuitState::open), "open");
    EXPECT_EQ(to_string(CircuitState::half_open), "half-open");
}

}  // namespace
}  // namespace scanner::net
