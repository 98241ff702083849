#include "scanner/net/retry_after.hpp"

#include <gtest/gtest.h>

#include <string>

namespace scanner::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const core::WallTime kNow = *core::parse_time("2026-11-22T05:24:00.250Z");

std::optional<milliseconds> wait(const std::string& value, const std::string& date = "") {
    std::vector<Header> headers{{"Retry-After", value}};
    if (!date.empty()) headers.push_back({"Date", date});
    return retry_after(headers, kNow);
}

TEST(RetryAfter, is_seconds_also_with_a_fraction) {
    EXPECT_EQ(wait("17"), seconds(17));
    EXPECT_EQ(wait("2.5"), milliseconds(2'500));
    EXPECT_EQ(wait(" 0.0001 "), milliseconds(1)) << "rounded up: never before";
    EXPECT_EQ(wait("0"), milliseconds(0));
    for (const char* text :
         {"", "-1", "+1", "soon", "1e3", "nan", "inf", "1.2.3", ".", "2 5", "99999999999999999999"}) {
        EXPECT_FALSE(wait(text)) << text;
    }
    EXPECT_FALSE(retry_after({}, kNow));
}

TEST(RetryAfter, is_a_date_by_the_clock_of_the_server) {
    EXPECT_EQ(wait("Sun, 22 Nov 2026 05:24:10 GMT"), milliseconds(9'750));
    EXPECT_EQ(wait("Sun, 22 Nov 2026 05:00:00 GMT"), milliseconds(0)) << "over already";
    EXPECT_EQ(wait("Wed, 21 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:00 GMT"), seconds(30)) << "a wrong clock";
    EXPECT_EQ(wait("Sun, 22 Nov 2026 05:24:10 GMT", "yesterday"), milliseconds(9'750));
}

TEST(HttpDate, comes_in_three_forms) {
    const core::WallTime time = *core::parse_time("1994-11-06T08:49:37Z");
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), time);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), time);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), time);
    EXPECT_EQ(parse_http_date("Sun Nov 16 08:49:37 1994"), time + std::chrono::days(10));
    for (const char* text :
         {"", "Sun", "Sun, ", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
          "Sun, 31 Feb 2026 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
          "Sun, 06 Noo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT x", "Sun, 06 Nov 94 08:49:37 GMT",
          "123, 06 Nov 1994 08:49:37 GMT", "Sun Nov 06 08:49:37 94"}) {
        EXPECT_FALSE(parse_http_date(text)) << text;
    }
}

}  // namespace
}  // namespace scanner::net
