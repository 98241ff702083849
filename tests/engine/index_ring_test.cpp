#include "engine/index_ring.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace scanner::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const core::WallTime kStart = core::from_unix_ms(1'790'000'000'000);

IndexRow row(milliseconds at, double price) {
    return {.row = {price, kStart + at}, .list_time = kStart + at + milliseconds(80)};
}

TEST(IndexRing, gives_the_row_that_is_nearest_in_time) {
    IndexRing ring;
    EXPECT_EQ(ring.nearest(kStart), nullptr);
    for (int i = 0; i < 60; ++i) ring.add(row(seconds(i), 100.0 + i));
    EXPECT_EQ(ring.nearest(kStart + milliseconds(20'400))->row.price, 120.0);
    EXPECT_EQ(ring.nearest(kStart + milliseconds(20'600))->row.price, 121.0);
    EXPECT_EQ(ring.nearest(kStart + milliseconds(20'500))->row.price, 120.0) << "the older of two";
    EXPECT_EQ(ring.nearest(kStart - seconds(10))->row.price, 100.0);
    EXPECT_EQ(ring.nearest(kStart + seconds(500))->row.price, 159.0);
}

TEST(IndexRing, remembers_two_minutes_and_no_more_than_it_holds) {
    IndexRing ring;
    for (int i = 0; i < 400; ++i) ring.add(row(seconds(i), 1.0 + i));
    EXPECT_EQ(ring.size(), 121U);
    EXPECT_EQ(ring.nearest(kStart)->row.price, 280.0);
    for (int i = 0; i < 1'000; ++i) ring.add(row(seconds(400) + milliseconds(100) * i, 1.0));
    EXPECT_EQ(ring.size(), IndexRing::kMaxRows) << "told faster than once a second";
}

TEST(IndexRing, takes_an_answer_out_of_a_cache_for_what_it_is) {
    IndexRing ring;
    ring.add(row(seconds(10), 110.0));
    ring.add(row(seconds(4), 104.0));
    EXPECT_EQ(ring.nearest(kStart)->row.price, 110.0);
    ring.add(row(seconds(10), 111.0));
    EXPECT_EQ(ring.size(), 1U);
    EXPECT_EQ(ring.nearest(kStart)->row.price, 111.0) << "the same moment, told again";
}

TEST(IndexRing, starts_afresh_when_the_clock_was_set_back) {
    IndexRing ring;
    ring.add(row(std::chrono::hours(1), 1.0));
    ring.add(row(seconds(1), 2.0));
    EXPECT_EQ(ring.size(), 1U);
    EXPECT_EQ(ring.nearest(kStart + std::chrono::hours(1))->row.price, 2.0);
}

}  // namespace
}  // namespace scanner::engine
