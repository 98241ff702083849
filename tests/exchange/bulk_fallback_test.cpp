#include "exchange/rest/bulk_fallback.hpp"

#include <gtest/gtest.h>

namespace scanner::exchange::rest {
namespace {

using core::ErrorCode;
using std::chrono::minutes;

const core::SteadyTime kStart{std::chrono::hours(1)};

TEST(BulkFallback, switches_after_two_useless_answers_in_a_row) {
    BulkFallback fallback(minutes(10));
    EXPECT_TRUE(fallback.try_bulk(kStart));
    fallback.bulk_failed(ErrorCode::exchange_rejected, kStart);
    EXPECT_FALSE(fallback.active());
    fallback.bulk_failed(ErrorCode::maintenance, kStart);
    EXPECT_TRUE(fallback.active());
    EXPECT_FALSE(fallback.try_bulk(kStart));
}

TEST(BulkFallback, starts_to_count_again_after_a_success) {
    BulkFallback fallback(minutes(10));
    fallback.bulk_failed(ErrorCode::malformed, kStart);
    fallback.bulk_succeeded();
    fallback.bulk_failed(ErrorCode::malformed, kStart);
    EXPECT_FALSE(fallback.active());
}

TEST(BulkFallback, does_not_mind_errors_that_say_nothing_of_the_call_itself) {
    BulkFallback fallback(minutes(10));
    for (const auto code : {ErrorCode::timeout, ErrorCode::network, ErrorCode::http_status, ErrorCode::rate_limited,
                            ErrorCode::unavailable, ErrorCode::cancelled}) {
        for (int i = 0; i < 5; ++i) fallback.bulk_failed(code, kStart);
    }
    EXPECT_FALSE(fallback.active());
}

TEST(BulkFallback, tries_the_bulk_call_again_at_every_interval) {
    BulkFallback fallback(minutes(10));
    fallback.bulk_failed(ErrorCode::not_found, kStart);
    fallback.bulk_failed(ErrorCode::not_found, kStart);
    EXPECT_FALSE(fallback.try_bulk(kStart + minutes(9)));
    EXPECT_TRUE(fallback.try_bulk(kStart + minutes(10)));
    fallback.bulk_failed(ErrorCode::timeout, kStart + minutes(10));
    EXPECT_TRUE(fallback.active());
    EXPECT_FALSE(fallback.try_bulk(kStart + minutes(19)));
    EXPECT_TRUE(fallback.try_bulk(kStart + minutes(20)));
    fallback.bulk_succeeded();
    EXPECT_FALSE(fallback.active());
    EXPECT_TRUE(fallback.try_bulk(kStart + minutes(20)));
}

}  // namespace
}  // namespace scanner::exchange::rest
