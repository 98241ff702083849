#include "net/client/connect_target.hpp"

#include <gtest/gtest.h>

#include <string>

namespace scanner::net {
namespace {

using core::ErrorCode;

ConnectTarget target_of(const std::string& url, const std::optional<std::string>& proxy = "") {
    auto target = connect_target(url, proxy);
    EXPECT_TRUE(target.has_value()) << url;
    return target ? *target : ConnectTarget();
}

TEST(ConnectTarget, takes_a_url_apart) {
    const auto plain = target_of("ws://Feed.Example:8080/a/b?c=d");
    EXPECT_FALSE(plain.tls);
    EXPECT_EQ(plain.host, "feed.example");
    EXPECT_EQ(plain.port, 8080);
    EXPECT_EQ(plain.host_header, "feed.example:8080");
    EXPECT_EQ(plain.path, "/a/b?c=d");
    EXPECT_EQ(plain.label, "ws://feed.example:8080");
    EXPECT_FALSE(plain.proxy.has_value());
    const auto secure = target_of("wss://api.hbdm.com");
    EXPECT_TRUE(secure.tls);
    EXPECT_EQ(secure.port, 443);
    EXPECT_EQ(secure.host_header, "api.hbdm.com");
    EXPECT_EQ(secure.path, "/");
    EXPECT_EQ(target_of("ws://[::1]:81/").host_header, "[::1]:81");
    EXPECT_EQ(target_of("ws://[::1]:81/").host, "::1");
}

TEST(ConnectTarget, refuses_what_it_cannot_reach) {
    for (const char* const url :
         {"", "feed.example", "http://feed.example", "ws://", "ws://user@feed.example", "ws:///x"}) {
        const auto target = connect_target(url, "");
        ASSERT_FALSE(target.has_value()) << url;
        EXPECT_EQ(target.error().code(), ErrorCode::invalid_input);
    }
}

TEST(ConnectTarget, proxies) {
    const auto given = target_of("wss://feed.example/x", "http://me:a%40b@proxy.example:3128");
    ASSERT_TRUE(given.proxy.has_value());
    EXPECT_EQ(given.proxy->host, "proxy.example");
    EXPECT_EQ(given.proxy->port, 3128);
    EXPECT_EQ(given.proxy->credentials, "me:a@b");
    EXPECT_EQ(target_of("ws://feed.example/", "proxy.example").proxy->port, 1080) << "curl's own default";
    EXPECT_EQ(connect_request(given, "agent"),
              "CONNECT feed.example:443 HTTP/1.1\r\nHost: feed.example:443\r\nUser-Agent: agent\r\n"
              "Proxy-Authorization: Basic bWU6YUBi\r\n\r\n");
    EXPECT_FALSE(connect_target("ws://feed.example/", "socks5://proxy.example").has_value());
}

TEST(ConnectTarget, a_proxys_answer) {
    EXPECT_TRUE(read_connect_answer("HTTP/1.1 200 Connection established\r\n\r\n").has_value());
    EXPECT_TRUE(read_connect_answer("HTTP/1.0 204 x\r\nVia: y\r\n\r\n").has_value());
    const auto code = [](std::string_view answer) {
        const auto read = read_connect_answer(answer);
        EXPECT_FALSE(read.has_value()) << answer;
        return read ? ErrorCode::internal : read.error().code();
    };
    EXPECT_EQ(code("HTTP/1.1 403 Forbidden\r\n\r\n"), ErrorCode::http_status);
    EXPECT_EQ(code("HTTP/1.1 101 Switching\r\n\r\n"), ErrorCode::http_status);
    EXPECT_EQ(code("HTTP/1.1 abc\r\n\r\n"), ErrorCode::malformed);
    EXPECT_EQ(code("HTTP/1.1 "), ErrorCode::malformed);
    EXPECT_EQ(code("SSH-2.0-x\r\n\r\n"), ErrorCode::malformed);
    EXPECT_EQ(code("HTTP/1.1 200 OK\r\n\r\nmore"), ErrorCode::malformed);
}

}  // namespace
}  // namespace scanner::net
