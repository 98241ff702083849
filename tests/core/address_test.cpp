#include "scanner/core/address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace scanner::core {
namespace {

AddressBytes address(std::string_view text) {
    const auto parsed = parse_address(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(AddressBytes{});
}

TEST(ParseAddress, takes_numeric_addresses_and_nothing_else) {
    EXPECT_EQ(address("::ffff:192.0.2.1"), address("192.0.2.1")) << "both spellings are one address";
    EXPECT_EQ(address_text(address("::ffff:192.0.2.1")), "192.0.2.1");
    EXPECT_EQ(address_text(address("2001:DB8::0:1")), "2001:db8::1");
    for (const std::string& text :
         {std::string(), std::string("localhost"), std::string("1.2.3"), std::string("0x7f.1"),
          std::string("127.0.0.1:80"), std::string("[::1]"), std::string("fe80::1%eth0"), std::string("1.2.3.4\0", 8),
          std::string(200, '1'), std::string(" 1.2.3.4")}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
}

TEST(ParseAddress, knows_the_loopback) {
    for (const char* text : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
        EXPECT_TRUE(is_loopback_address(address(text))) << text;
    }
    for (const char* text : {"128.0.0.1", "0.0.0.0", "::", "::2", "2001:db8::1"}) {
        EXPECT_FALSE(is_loopback_address(address(text))) << text;
    }
}

TEST(AddressRange, contains_what_shares_its_prefix) {
    const auto contains = [](std::string_view range, std::string_view text) {
        return parse_address_range(range)->contains(address(text));
    };
    EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
    EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
    EXPECT_TRUE(contains("10.1.2.3/8", "10.9.9.9")) << "bits beyond the prefix do not count";
    EXPECT_TRUE(contains("172.16.0.0/12", "172.31.255.255"));
    EXPECT_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
    EXPECT_TRUE(contains("192.0.2.1", "::ffff:192.0.2.1"));
    EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
    EXPECT_TRUE(contains("2001:db8::/32", "2001:db8:ffff::1"));
    EXPECT_FALSE(contains("2001:db8::/32", "2001:db9::1"));
    EXPECT_FALSE(contains("::/1", "2.2.2.2") && contains("128.0.0.0/1", "1.1.1.1"));
    EXPECT_TRUE(contains("0.0.0.0/0", "8.8.8.8"));
    EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
}

TEST(AddressRange, is_written_as_it_is_read) {
    for (const char* text : {"10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1"}) {
        EXPECT_EQ(to_string(*parse_address_range(text)), text);
    }
    for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8",
                             "10.0.0.0/ 8", "proxy.example/8", "10.0.0/8"}) {
        EXPECT_FALSE(parse_address_range(text)) << text;
    }
}

TEST(ClientName, is_the_address_or_the_network_of_a_subscriber) {
    EXPECT_EQ(client_name("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(client_name("::ffff:192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(client_name("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    EXPECT_EQ(client_name("2001:db8:1:2::9"), client_name("2001:db8:1:2:ffff::1"));
    EXPECT_NE(client_name("2001:db8:1:2::9"), client_name("2001:db8:1:3::9"));
}

TEST(ParseAuthority, takes_hosts_with_and_without_a_port) {
    const auto host = [](std::string_view text) { return std::string(parse_authority(text)->host); };
    EXPECT_EQ(host("scanner.example"), "scanner.example");
    EXPECT_EQ(host("scanner_1:8010"), "scanner_1");
    EXPECT_EQ(host("127.0.0.1:8010"), "127.0.0.1");
    EXPECT_EQ(host("[::1]:8010"), "::1");
    EXPECT_EQ(host("[2001:db8::1]"), "2001:db8::1");
    EXPECT_EQ(host("h:"), "h");
    EXPECT_EQ(parse_authority("h:65535")->port, "65535");
}

TEST(ParseAuthority, takes_nothing_that_only_looks_like_one) {
    for (const char* text : {"",
                             ":80",
                             "a b",
                             "a/b",
                             "a b/@evil",
                             "127.0.0.1:x@evil.com",
                             "user@host",
                             "[evil]",
                             "[::1",
                             "[::1].evil.com",
                             "[::1]x",
                             "[::1]:x",
                             "[127.0.0.1]",
                             "h:65536",
                             "h:-1",
                             "h:80:80",
                             "::1",
                             "h\t",
                             "h,i j",
                             "a%zz",
                             "a%4",
                             "é",
                             "h#f",
                             "h?q",
                             "[v1.x]",
                             "[fe80::1%25eth0]"}) {
        EXPECT_FALSE(parse_authority(text)) << text;
    }
}

}  // namespace
}  // namespace scanner::core
