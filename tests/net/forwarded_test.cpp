#include "net/server/forwarded.hpp"

#include "net/pacing/rate_floor.hpp"
#include "net/server/request_rules.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace scanner::net {
namespace {

using namespace std::chrono_literals;

const std::vector<core::AddressRange> kTrusted{*core::parse_address_range("127.0.0.1"),
                                               *core::parse_address_range("10.0.0.0/8")};

std::string client(const std::vector<std::string>& lines) {
    std::vector<Header> headers{{"Host", "h"}};
    for (const std::string& line : lines) headers.push_back({"X-Forwarded-For", line});
    const auto address = forwarded_for(headers, kTrusted);
    return address ? core::address_text(*address) : "";
}

TEST(ForwardedFor, is_the_nearest_address_that_is_not_a_proxy) {
    EXPECT_EQ(client({"192.0.2.1"}), "192.0.2.1");
    EXPECT_EQ(client({"203.0.113.9, 192.0.2.1"}), "192.0.2.1") << "what the client says of itself is not believed";
    EXPECT_EQ(client({"192.0.2.1, 10.1.1.1 ,127.0.0.1"}), "192.0.2.1") << "through several proxies";
    EXPECT_EQ(client({"203.0.113.9", "192.0.2.1", "10.0.0.2"}), "192.0.2.1") << "several lines are one list";
    EXPECT_EQ(client({"127.0.0.2"}), "127.0.0.2");
    EXPECT_EQ(client({"10.0.0.3, 10.0.0.2"}), "10.0.0.3") << "the proxies' own network";
}

TEST(ForwardedFor, reads_what_proxies_write_of_an_address) {
    EXPECT_EQ(client({"192.0.2.1:4711"}), "192.0.2.1");
    EXPECT_EQ(client({"[2001:db8::1]:4711"}), "2001:db8::1");
    EXPECT_EQ(client({"[2001:db8::1]"}), "2001:db8::1");
    EXPECT_EQ(client({"2001:db8::1"}), "2001:db8::1");
}

TEST(ForwardedFor, stops_where_there_is_no_address) {
    EXPECT_EQ(client({}), "");
    EXPECT_EQ(client({""}), "");
    EXPECT_EQ(client({"unknown"}), "");
    EXPECT_EQ(client({"192.0.2.1, unknown"}), "");
    EXPECT_EQ(client({"192.0.2.1, unknown, 10.0.0.2"}), "10.0.0.2");
    EXPECT_EQ(client({"192.0.2.1, "}), "");
    EXPECT_EQ(client({std::string(7'000, ',')}), "");
}

TEST(RateFloor, looks_at_whole_windows_of_waiting) {
    RateFloor floor(1'000.0, 10s);
    EXPECT_TRUE(floor.took(9s, 0)) << "nothing yet is not too little yet";
    EXPECT_TRUE(floor.took(1s, 10'000));
    EXPECT_TRUE(floor.took(9'999ms, 1));
    EXPECT_FALSE(floor.took(1ms, 9'000));
    RateFloor slow(1'000.0, 10s);
    for (int i = 0; i < 9; ++i) EXPECT_TRUE(slow.took(1s, 900)) << i;
    EXPECT_FALSE(slow.took(1s, 900)) << "progress all the time, and too little of it";
}

TEST(RequestRules, see_folded_lines_of_the_head_only) {
    EXPECT_TRUE(has_folded_line("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"));
    EXPECT_TRUE(has_folded_line("Transfer-Encoding:\r\n\tchunked\r\n\r\n"));
    EXPECT_TRUE(has_folded_line("X: a\r\n "));
    EXPECT_FALSE(has_folded_line("GET / HTTP/1.1\r\nHost: h\r\n\r\n body\r\n more"));
    EXPECT_FALSE(has_folded_line("\r\n body"));
    EXPECT_FALSE(has_folded_line("X: a\r\n"));
    EXPECT_FALSE(has_folded_line(""));
}

}  // namespace
}  // namespace scanner::net
