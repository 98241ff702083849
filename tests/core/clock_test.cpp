#include "scanner/core/clock.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <optional>
#include <string>

namespace scanner::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(FormatTime, is_rfc_3339_with_milliseconds) {
    EXPECT_EQ(format_time(from_unix_ms(0)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_time(from_unix_ms(1'795'325'040'123)), "2026-11-22T05:24:00.123Z");
    EXPECT_EQ(format_time(from_unix_ms(-1)), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(format_time(from_unix_ms(951'782'400'000)), "2000-02-29T00:00:00.000Z");
}

TEST(ParseTime, reads_what_format_time_writes) {
    for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1'795'325'040'123},
                                  std::int64_t{-86'400'001}, std::int64_t{253'402'300'799'999}}) {
        EXPECT_EQ(parse_time(format_time(from_unix_ms(ms))), from_unix_ms(ms)) << ms;
    }
}

TEST(ParseTime, understands_offsets_and_fractions) {
    const auto expected = from_unix_ms(1'795'325'040'120);
    EXPECT_EQ(parse_time("2026-11-22T05:24:00.12Z"), expected);
    EXPECT_EQ(parse_time("2026-11-22t05:24:00.120z"), expected);
    EXPECT_EQ(parse_time("2026-11-22 13:24:00.12+08:00"), expected);
    EXPECT_EQ(parse_time("2026-11-21T23:54:00.120999999-05:30"), expected);
    EXPECT_EQ(parse_time("2026-11-22T05:24:00Z"), expected - milliseconds(120));
    EXPECT_EQ(parse_time("2016-12-31T23:59:60Z"), parse_time("2017-01-01T00:00:00Z")) << "a leap second";
}

class NoTime : public testing::TestWithParam<std::string_view> {};
TEST_P(NoTime, is_refused) {
    EXPECT_EQ(parse_time(GetParam()), std::nullopt);
}
INSTANTIATE_TEST_SUITE_P(ParseTime, NoTime,
                         testing::Values("", "2026", "2026-11-22", "2026-11-22T05:24:00", "2026-11-22T05:24:00.Z",
                                         "2026-11-22T05:24:00.1234567890Z", "2026-13-01T00:00:00Z",
                                         "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-10T00:00:00Z",
                                         "2026-11-22T24:00:00Z", "2026-11-22T05:60:00Z", "2026-11-22T05:24:61Z",
                                         "2026-11-22T05:24:00+24:00", "2026-11-22T05:24:00+0800",
                                         "2026-11-22T05:24:00Z ", " 2026-11-22T05:24:00Z", "2026-1-22T05:24:00Z",
                                         "+026-11-22T05:24:00Z", "2026/11/22T05:24:00Z"));

/// The machine's time zone for the length of a test.
class TimeZone : public testing::TestWithParam<const char*> {
protected:
    TimeZone() {
        const char* const before = std::getenv("TZ");
        if (before != nullptr) before_ = before;
        ::setenv("TZ", GetParam(), 1);
        ::tzset();
    }
    ~TimeZone() override {
        if (before_) {
            ::setenv("TZ", before_->c_str(), 1);
        } else {
            ::unsetenv("TZ");
        }
        ::tzset();
    }

private:
    std::optional<std::string> before_;
};

TEST_P(TimeZone, changes_nothing_not_even_when_its_clocks_do) {
    // The hours around the last switches of Berlin, New York and Lord Howe (half an hour) in 2026.
    for (const char* const around : {"2026-03-29T01:00:00.000Z", "2026-10-25T01:00:00.000Z", "2026-03-08T07:00:00.000Z",
                                     "2026-11-01T06:00:00.000Z", "2026-04-04T15:00:00.000Z"}) {
        const WallTime middle = *parse_time(around);
        std::string before;
        for (auto time = middle - hours(2); time <= middle + hours(2); time += std::chrono::minutes(1)) {
            const std::string text = format_time(time);
            EXPECT_EQ(parse_time(text), time);
            EXPECT_GT(text, before) << "every minute once, in order";
            EXPECT_EQ(std::chrono::floor<std::chrono::minutes>(time), time);
            before = text;
        }
    }
    EXPECT_NE(parse_time("2026-10-25T02:30:00+02:00"), parse_time("2026-10-25T02:30:00+01:00"))
        << "the half hour that Berlin has twice";
    EXPECT_EQ(parse_time("2026-10-25T02:30:00+01:00"), parse_time("2026-10-25T01:30:00Z"));
}

INSTANTIATE_TEST_SUITE_P(ParseTime, TimeZone,
                         testing::Values("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                                         "Asia/Kathmandu"),
                         [](const auto& tested) {
                             std::string name = tested.param;
                             std::ranges::replace(name, '/', '_');
                             return name;
                         });

TEST(FromUnixMs, gives_a_time_that_can_be_written_and_subtracted_whatever_the_number) {
    const auto last = from_unix_ms(std::numeric_limits<std::int64_t>::max());
    const auto first = from_unix_ms(std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(format_time(last), "9999-12-31T23:59:59.999Z");
    EXPECT_EQ(format_time(first), "0000-01-01T00:00:00.000Z");
    EXPECT_LT(first - last, std::chrono::milliseconds(0));
    EXPECT_EQ(to_unix_ms(from_unix_ms(1'795'325'040'123)), 1'795'325'040'123);
    EXPECT_TRUE(is_unix_ms(0));
    EXPECT_TRUE(is_unix_ms(253'402'300'799'999));
    EXPECT_FALSE(is_unix_ms(253'402'300'800'000));
    EXPECT_FALSE(is_unix_ms(-1));
}

TEST(ManualClock, stands_still_until_told_to_move) {
    ManualClock clock(from_unix_ms(1'000));
    const SteadyTime start = clock.steady_now();
    EXPECT_EQ(clock.now(), from_unix_ms(1'000));
    clock.advance(milliseconds(250));
    EXPECT_EQ(clock.now(), from_unix_ms(1'250));
    EXPECT_EQ(clock.steady_now() - start, milliseconds(250));
}

TEST(ManualClock, steps_the_wall_clock_alone) {
    ManualClock clock(from_unix_ms(1'000));
    const SteadyTime start = clock.steady_now();
    clock.step_wall(-hours(1));
    EXPECT_EQ(clock.now(), from_unix_ms(1'000) - hours(1));
    EXPECT_EQ(clock.steady_now(), start);
}

TEST(SystemClock, tells_the_machines_time) {
    const auto before = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    const WallTime now = system_clock().now();
    EXPECT_GE(now, before);
    EXPECT_LE(now, std::chrono::system_clock::now());
    const SteadyTime first = system_clock().steady_now();
    EXPECT_LE(first, system_clock().steady_now());
}

}  // namespace
}  // namespace scanner::core
