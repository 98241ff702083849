#include "net/http_server_fixture.hpp"
#include "net/server/client_limits.hpp"
#include "net/server/http_session.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace scanner::net {
namespace {

using boost::asio::ip::make_address;

constexpr core::SteadyTime kStart{1h};

TEST(ClientLimits, a_burst_and_then_so_many_a_second) {
    ClientLimits limits({.requests_per_sec = 10.0, .burst = 3.0});
    const auto client = limits.client(make_address("192.0.2.1"), kStart);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(client->take_request(kStart)) << i;
    EXPECT_FALSE(client->take_request(kStart));
    EXPECT_FALSE(client->take_request(kStart + 99ms));
    EXPECT_TRUE(client->take_request(kStart + 150ms));
    EXPECT_FALSE(client->take_request(kStart + 150ms));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(client->take_request(kStart + 1h)) << "never more than a burst: " << i;
    EXPECT_FALSE(client->take_request(kStart + 1h));
}

TEST(ClientLimits, all_connections_of_an_address_share_one) {
    ClientLimits limits({.max_connections = 2, .burst = 1.0});
    auto first = limits.client(make_address("192.0.2.1"), kStart);
    auto second = limits.client(make_address("192.0.2.1"), kStart);
    EXPECT_EQ(first.get(), second.get());
    EXPECT_EQ(limits.excess(second), 0U);
    const auto third = limits.client(make_address("192.0.2.1"), kStart);
    EXPECT_EQ(limits.excess(third), 1U);
    EXPECT_EQ(limits.excess(limits.client(make_address("192.0.2.2"), kStart)), 0U);
    first.release();
    EXPECT_EQ(limits.excess(third), 0U);
    const ClientUse moved = std::move(second);
    EXPECT_EQ(third->uses(), 2U) << "moving a connection's use does not count it twice";
}

TEST(ClientLimits, a_network_of_ipv6_is_one_client_and_a_mapped_address_what_it_maps) {
    ClientLimits limits({});
    const auto client = limits.client(make_address("2001:db8:1:2::1"), kStart);
    EXPECT_EQ(client.get(), limits.client(make_address("2001:db8:1:2:ffff::9"), kStart).get());
    EXPECT_NE(client.get(), limits.client(make_address("2001:db8:1:3::1"), kStart).get());
    EXPECT_EQ(limits.client(make_address("::ffff:192.0.2.1"), kStart).get(),
              limits.client(make_address("192.0.2.1"), kStart).get());
}

TEST(ClientLimits, the_loopback_has_none) {
    ClientLimits limits({.max_connections = 1, .burst = 1.0});
    for (const char* const address : {"127.0.0.1", "::1", "::ffff:127.0.0.1"}) {
        EXPECT_FALSE(limits.client(make_address(address), kStart)) << address;
    }
    EXPECT_EQ(limits.excess(ClientUse()), 0U);
}

TEST(ClientLimits, an_address_that_reconnects_for_each_request_is_remembered_until_it_has_rested) {
    ClientLimits limits({.requests_per_sec = 1.0, .burst = 2.0});
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(limits.client(make_address("192.0.2.1"), kStart)->take_request(kStart));
        limits.evict_idle(kStart);
    }
    EXPECT_FALSE(limits.client(make_address("192.0.2.1"), kStart)->take_request(kStart));
    EXPECT_EQ(limits.size(), 1U);
    limits.evict_idle(kStart + 2s);
    EXPECT_EQ(limits.size(), 0U) << "and no longer: memory does not grow with addresses that were here once";
}

TEST(ClientLimits, requests_beyond_are_answered_429_and_the_connection_stays) {
    boost::asio::io_context io(1);
    TestHandler handler;
    const auto core = std::make_shared<ServerCore>(io.get_executor(), HttpServerOptions(), handler);
    ClientLimits limits({.requests_per_sec = 0.001, .burst = 2.0});
    auto client = limits.client(make_address("192.0.2.1"), std::chrono::steady_clock::now());
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    boost::asio::ip::tcp::socket socket(io, boost::asio::ip::tcp::v4(), ends[0]);
    start_http_session(core, std::move(socket), std::move(client), Refusal::none);

    const std::string requests = request_line("/") + request_line("/") + request_line("/") + request_line("/");
    ASSERT_EQ(::send(ends[1], requests.data(), requests.size(), 0), static_cast<ssize_t>(requests.size()));
    ::shutdown(ends[1], SHUT_WR);
    io.run_for(20s);
    std::string answers(64U << 10U, '\0');
    const auto count = ::recv(ends[1], answers.data(), answers.size(), 0);
    ::close(ends[1]);
    ASSERT_GT(count, 0);
    answers.resize(static_cast<std::size_t>(count));
    std::vector<std::string> statuses;
    for (auto at = answers.find("HTTP/1.1 "); at != std::string::npos; at = answers.find("HTTP/1.1 ", at + 1)) {
        statuses.push_back(answers.substr(at + 9, 3));
    }
    EXPECT_EQ(statuses, (std::vector<std::string>{"200", "200", "429", "429"}));
    EXPECT_EQ(core->connection_count(), 0U);
}

}  // namespace
}  // namespace scanner::net
