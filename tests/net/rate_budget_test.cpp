#include "scanner/net/rate_budget.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace scanner::net {
namespace {

using namespace std::chrono_literals;
using core::SteadyTime;
using std::chrono::milliseconds;

constexpr SteadyTime kStart{1h};
constexpr std::int64_t kResetMs = 1'790'677'527'000;

std::vector<Header> window(std::int64_t remaining, std::int64_t reset_ms, std::int64_t limit = 240) {
    return {{"Content-Type", "application/json"},
            {"RateLimit-Limit", std::to_string(limit)},
            {"ratelimit-interval", "3000"},
            {"ratelimit-remaining", std::to_string(remaining)},
            {"ratelimit-reset", std::to_string(reset_ms)}};
}

/// When the next request may go, from `now` on, in ms.
milliseconds wait(RateBudget& budget, SteadyTime now) {
    const auto ticket = budget.acquire(now);
    EXPECT_TRUE(ticket.has_value());
    return std::chrono::round<milliseconds>(budget.due(*ticket) - now);
}

TEST(RateBudget, lets_one_seconds_worth_go_at_once_and_spaces_the_rest) {
    RateBudget budget({.per_second = 4});
    for (int i = 0; i < 4; ++i) EXPECT_EQ(wait(budget, kStart), 0ms) << i;
    EXPECT_EQ(wait(budget, kStart), 250ms);
    EXPECT_EQ(wait(budget, kStart), 500ms);
    EXPECT_EQ(wait(budget, kStart + 600ms), 150ms);
}

TEST(RateBudget, fills_up_to_one_seconds_worth_while_idle) {
    RateBudget budget({.per_second = 4});
    for (int i = 0; i < 4; ++i) EXPECT_EQ(wait(budget, kStart), 0ms);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(wait(budget, kStart + 1h), 0ms) << i;
    EXPECT_EQ(wait(budget, kStart + 1h), 250ms);
}

TEST(RateBudget, never_exceeds_twice_the_cap_in_any_second) {
    RateBudget budget({.per_second = 20});
    std::vector<SteadyTime> sent;
    for (int i = 0; i < 500; ++i) {
        const SteadyTime now = kStart + milliseconds(i * 7);
        const auto ticket = budget.acquire(now);
        sent.push_back(budget.due(*ticket));
        EXPECT_GE(sent.back(), now);
        if (i > 0) EXPECT_GE(sent[static_cast<std::size_t>(i)], sent[static_cast<std::size_t>(i) - 1]);
        if (i >= 40) EXPECT_GT(sent.back() - sent[static_cast<std::size_t>(i) - 40], 999ms);
    }
    // The burst of 20 is used once; from then on 20 a second.
    EXPECT_NEAR(std::chrono::duration<double>(sent.back() - kStart).count(), (500 - 20) / 20.0, 0.01);
}

TEST(RateBudget, takes_a_cap_below_one_per_second) {
    RateBudget budget({.per_second = 0.5});
    EXPECT_EQ(wait(budget, kStart), 0ms);
    EXPECT_EQ(wait(budget, kStart), 2000ms);
}

TEST(RateBudget, refuses_a_turn_after_the_callers_deadline_and_reserves_nothing) {
    RateBudget budget({.per_second = 1});
    EXPECT_EQ(wait(budget, kStart), 0ms);
    EXPECT_FALSE(budget.acquire(kStart, kStart + 999ms).has_value());
    EXPECT_FALSE(budget.acquire(kStart, kStart + 999ms).has_value());
    EXPECT_TRUE(budget.acquire(kStart, kStart + 1s).has_value());
}

TEST(RateBudget, pauses_after_a_refusal) {
    RateBudget budget({.per_second = 100});
    budget.penalise(kStart);
    EXPECT_EQ(budget.paused_until(), kStart + 3s);
    EXPECT_EQ(budget.available(kStart + 2s), 0.0);
    EXPECT_EQ(wait(budget, kStart + 1s), 2000ms);
    EXPECT_EQ(wait(budget, kStart + 4s), 0ms);
}

TEST(RateBudget, a_pause_moves_reserved_turns_back_in_order_and_spread_out) {
    RateBudget budget({.per_second = 2});
    for (int i = 0; i < 2; ++i) (void)budget.acquire(kStart);
    const auto third = budget.acquire(kStart);
    const auto fourth = budget.acquire(kStart);
    EXPECT_EQ(budget.due(*third), kStart + 500ms);
    EXPECT_EQ(budget.due(*fourth), kStart + 1000ms);
    budget.penalise(kStart + 200ms);
    EXPECT_EQ(budget.due(*third), kStart + 3500ms);
    EXPECT_EQ(budget.due(*fourth), kStart + 4000ms);
    EXPECT_EQ(wait(budget, kStart + 200ms), 4300ms);
}

TEST(RateBudget, overlapping_refusals_lengthen_the_pause_and_do_not_add_up) {
    RateBudget budget({.per_second = 2});
    for (int i = 0; i < 2; ++i) (void)budget.acquire(kStart);
    const auto waiting = budget.acquire(kStart);
    budget.penalise(kStart);
    budget.penalise(kStart + 100ms);
    budget.penalise(kStart + 100ms);
    EXPECT_EQ(budget.paused_until(), kStart + 3100ms);
    EXPECT_EQ(budget.due(*waiting), kStart + 3600ms);
}

TEST(RateBudget, does_not_save_up_a_burst_during_a_pause) {
    RateBudget budget({.per_second = 4});
    for (int i = 0; i < 4; ++i) (void)budget.acquire(kStart);
    budget.penalise(kStart);
    EXPECT_EQ(wait(budget, kStart + 3s), 250ms);
}

TEST(RateBudget, waits_until_the_window_passes_when_it_is_nearly_used_up) {
    RateBudget budget({.per_second = 20});
    budget.observe(window(24, kResetMs), kStart);  // a tenth of 240 stays unused
    const milliseconds until = wait(budget, kStart);
    EXPECT_GE(until, 3000ms);
    EXPECT_LE(until, 3002ms);
    EXPECT_EQ(wait(budget, kStart + 4s), 0ms);
}

TEST(RateBudget, counts_its_own_reservations_against_the_window) {
    RateBudget budget({.per_second = 100});
    budget.observe(window(29, kResetMs), kStart);
    EXPECT_DOUBLE_EQ(budget.available(kStart), 5.0);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(wait(budget, kStart), 0ms) << i;
    EXPECT_DOUBLE_EQ(budget.available(kStart), 0.0);
    EXPECT_GE(wait(budget, kStart), 3000ms);
}

TEST(RateBudget, an_answer_overtaken_by_newer_ones_does_not_raise_the_count) {
    RateBudget budget({.per_second = 100});
    budget.observe(window(26, kResetMs), kStart);
    budget.observe(window(200, kResetMs), kStart + 1ms);
    budget.observe(window(200, kResetMs - 3000), kStart + 2ms);
    EXPECT_DOUBLE_EQ(budget.available(kStart + 2ms), 2.0);
}

TEST(RateBudget, a_new_window_starts_a_new_count) {
    RateBudget budget({.per_second = 20});
    budget.observe(window(20, kResetMs), kStart);
    EXPECT_EQ(budget.available(kStart + 1s), 0.0);
    budget.observe(window(239, kResetMs + 3000), kStart + 3100ms);
    EXPECT_EQ(wait(budget, kStart + 3100ms), 0ms);
}

TEST(RateBudget, learns_the_difference_of_the_clocks_and_waits_no_longer_than_needed) {
    RateBudget budget({.per_second = 20});
    // The window really ends at kStart + 3 s; the first answer comes right at its beginning, so that much is learnt.
    budget.observe(window(239, kResetMs), kStart);
    // Two seconds into the next window there is one left, not three.
    budget.observe(window(0, kResetMs + 3000), kStart + 5s);
    EXPECT_GE(budget.paused_until(), kStart + 6s);
    EXPECT_LE(budget.paused_until(), kStart + 6002ms);
}

TEST(RateBudget, errs_towards_waiting_longer_while_the_clocks_difference_is_unknown) {
    RateBudget budget({.per_second = 20});
    budget.observe(window(0, kResetMs), kStart);  // might end any moment, but in 3 s at the latest
    EXPECT_GE(budget.paused_until(), kStart + 3s);
}

TEST(RateBudget, survives_the_services_clock_being_set_back) {
    RateBudget budget({.per_second = 20});
    budget.observe(window(239, kResetMs), kStart);
    const std::int64_t an_hour_ms = 3'600'000;
    budget.observe(window(0, kResetMs + 60'000 - an_hour_ms), kStart + 60s);
    EXPECT_GE(budget.paused_until(), kStart + 63s);
    EXPECT_LE(budget.paused_until(), kStart + 63'002ms);
}

TEST(RateBudget, ignores_headers_that_make_no_sense) {
    const std::vector<std::vector<Header>> nonsense = {
        {},
        {{"ratelimit-limit", "240"}, {"ratelimit-remaining", "0"}},
        window(-1, kResetMs),
        window(0, -5),
        window(0, kResetMs, 0),
        window(0, 9'223'372'036'854'775'807),
        {{"ratelimit-limit", "240"},
         {"ratelimit-interval", "86400000"},
         {"ratelimit-remaining", "0"},
         {"ratelimit-reset", "1790677527000"}},
        {{"ratelimit-limit", "many"},
         {"ratelimit-interval", "3000"},
         {"ratelimit-remaining", "0"},
         {"ratelimit-reset", "1790677527000"}},
    };
    for (std::size_t i = 0; i < nonsense.size(); ++i) {
        RateBudget budget({.per_second = 20});
        budget.observe(nonsense[i], kStart);
        EXPECT_EQ(wait(budget, kStart), 0ms) << i;
    }
}

TEST(RateBudget, says_what_could_go_at_once) {
    RateBudget budget({.per_second = 10});
    EXPECT_DOUBLE_EQ(budget.available(kStart), 10.0);
    for (int i = 0; i < 4; ++i) (void)budget.acquire(kStart);
    EXPECT_DOUBLE_EQ(budget.available(kStart), 6.0);
    EXPECT_DOUBLE_EQ(budget.available(kStart + 200ms), 8.0);
    for (int i = 0; i < 20; ++i) (void)budget.acquire(kStart + 200ms);
    EXPECT_DOUBLE_EQ(budget.available(kStart + 200ms), 0.0);
}

}  // namespace
}  // namespace scanner::net
