#include "engine/scan/scan_schedule.hpp"

#include <gtest/gtest.h>

namespace scanner::engine {
namespace {

using std::chrono::seconds;

TEST(ScanSchedule, pauses_for_the_interval_while_all_is_well) {
    const ScanSchedule schedule(seconds(15));
    EXPECT_EQ(schedule.pause(), seconds(15));
    EXPECT_EQ(schedule.backoff(), seconds(0));
}

TEST(ScanSchedule, doubles_with_each_failure_up_to_five_minutes) {
    ScanSchedule schedule(seconds(15));
    for (const int expected : {30, 60, 120, 240, 300, 300}) {
        schedule.failed();
        EXPECT_EQ(schedule.pause(), seconds(expected));
    }
    for (int i = 0; i < 1000; ++i) schedule.failed();
    EXPECT_EQ(schedule.pause(), seconds(300));
}

TEST(ScanSchedule, one_success_ends_the_back_off) {
    ScanSchedule schedule(seconds(15));
    schedule.failed();
    schedule.failed();
    schedule.succeeded();
    EXPECT_EQ(schedule.pause(), seconds(15));
    EXPECT_EQ(schedule.failure_streak(), 0);
}

TEST(ScanSchedule, an_interval_beyond_the_cap_is_kept) {
    ScanSchedule schedule(seconds(900));
    schedule.failed();
    EXPECT_EQ(schedule.pause(), seconds(900));
}

}  // namespace
}  // namespace scanner::engine
