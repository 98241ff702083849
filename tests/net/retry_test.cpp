#include "scanner/net/retry.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace scanner::net {
namespace {

using namespace std::chrono_literals;
using core::ErrorCode;

RandomUnit always(double value) {
    return [value] { return value; };
}
constexpr double kAlmostOne = 1.0 - 0x1p-53;

TEST(Backoff, doubles_its_ceiling_up_to_the_cap) {
    Backoff backoff({.max_attempts = 6, .base = 200ms, .cap = 1s}, always(kAlmostOne));
    EXPECT_EQ(backoff.next(), 200ms);
    EXPECT_EQ(backoff.next(), 400ms);
    EXPECT_EQ(backoff.next(), 800ms);
    EXPECT_EQ(backoff.next(), 1000ms);
    EXPECT_EQ(backoff.next(), 1000ms);
    EXPECT_EQ(backoff.next(), std::nullopt);
    EXPECT_EQ(backoff.next(), std::nullopt);
}

TEST(Backoff, spreads_over_the_whole_range) {
    Backoff lowest({.max_attempts = 3, .base = 200ms, .cap = 1s}, always(0.0));
    EXPECT_EQ(lowest.next(), 0ms);
    Backoff middle({.max_attempts = 3, .base = 200ms, .cap = 1s}, always(0.5));
    EXPECT_EQ(middle.next(), 100ms);
    EXPECT_EQ(middle.next(), 200ms);
}

TEST(Backoff, keeps_above_its_floor) {
    Backoff lowest({.max_attempts = 0, .base = 200ms, .cap = 1s, .floor = 100ms}, always(0.0));
    EXPECT_EQ(lowest.next(), 100ms);
    Backoff highest({.max_attempts = 0, .base = 200ms, .cap = 1s, .floor = 100ms}, always(kAlmostOne));
    EXPECT_EQ(highest.next(), 200ms);
    Backoff floor_above({.max_attempts = 0, .base = 200ms, .cap = 1s, .floor = 2s}, always(0.5));
    EXPECT_EQ(floor_above.next(), 2s);
}

TEST(Backoff, one_attempt_means_no_second) {
    Backoff backoff({.max_attempts = 1}, always(0.5));
    EXPECT_EQ(backoff.next(), std::nullopt);
}

TEST(Backoff, does_not_retry_what_cannot_succeed) {
    Backoff backoff({.max_attempts = 5}, always(0.5));
    EXPECT_EQ(backoff.next(ErrorCode::invalid_input), std::nullopt);
    EXPECT_TRUE(backoff.next(ErrorCode::timeout).has_value());
}

TEST(Backoff, goes_on_for_ever_when_asked_to_and_starts_small_again_after_a_success) {
    Backoff backoff({.max_attempts = 0, .base = 1ms, .cap = 30s}, always(kAlmostOne));
    for (int i = 0; i < 5'000; ++i) {
        const auto delay = backoff.next();
        ASSERT_TRUE(delay.has_value());
        ASSERT_GT(*delay, 0ms);
        ASSERT_LE(*delay, 30s);
    }
    EXPECT_EQ(backoff.next(), 30s);
    EXPECT_EQ(backoff.failed_attempts(), 5'001);
    backoff.reset();
    EXPECT_EQ(backoff.next(), 1ms);
}

TEST(Retry, tells_passing_troubles_from_lasting_ones) {
    for (const auto code : {ErrorCode::timeout, ErrorCode::network, ErrorCode::http_status, ErrorCode::rate_limited,
                            ErrorCode::malformed}) {
        EXPECT_TRUE(is_retryable(code)) << core::to_string(code);
    }
    for (const auto code : {ErrorCode::invalid_input, ErrorCode::not_found, ErrorCode::cancelled,
                            ErrorCode::maintenance, ErrorCode::exchange_rejected, ErrorCode::unavailable,
                            ErrorCode::conflict, ErrorCode::io, ErrorCode::internal}) {
        EXPECT_FALSE(is_retryable(code)) << core::to_string(code);
    }
    for (const int status : {408, 425, 429, 500, 502, 503, 504}) EXPECT_TRUE(is_retryable_status(status)) << status;
    for (const int status : {200, 301, 400, 401, 403, 404, 405, 409, 410, 422, 501, 505}) {
        EXPECT_FALSE(is_retryable_status(status)) << status;
    }
}

TEST(RandomUnit, stays_within_its_range_and_repeats_with_its_seed) {
    const RandomUnit random = make_random_unit(7);
    const RandomUnit same = make_random_unit(7);
    std::set<double> seen;
    double sum = 0.0;
    for (int i = 0; i < 10'000; ++i) {
        const double value = random();
        ASSERT_GE(value, 0.0);
        ASSERT_LT(value, 1.0);
        ASSERT_EQ(value, same());
        sum += value;
        seen.insert(value);
    }
    EXPECT_EQ(seen.size(), 10'000U);
    EXPECT_NEAR(sum / 10'000.0, 0.5, 0.02);
    EXPECT_NE(make_random_unit(8)(), make_random_unit(9)());
}

TEST(RandomUnit, a_copy_goes_on_instead_of_repeating) {
    const RandomUnit random = make_random_unit(1);
    const RandomUnit copy = random;  // NOLINT(performance-unnecessary-copy-initialization): the copy is the point
    EXPECT_NE(random(), copy());
}

}  // namespace
}  // namespace scanner::net
