#include "net/server/websocket_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scanner::net {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

// -- the end ---------------------------------------------------------------------------------------------------------

TEST_F(WebSocketTest, closes_with_1000_when_the_handler_returns) {
    const auto client = connect("/hello");
    EXPECT_EQ(client->read()->data, "hello");
    EXPECT_FALSE(client->read());
    EXPECT_EQ(client->close_code(), 1000);
    EXPECT_TRUE(connections_become(0));
}

TEST_F(WebSocketTest, closes_with_1011_when_the_handler_throws) {
    const auto client = connect("/throw");
    EXPECT_FALSE(client->read());
    EXPECT_EQ(client->close_code(), 1011);
    EXPECT_EQ(statistics().handler_exceptions, 1U);
}

TEST_F(WebSocketTest, closes_with_the_code_and_as_much_of_the_reason_as_fits) {
    const auto client = connect("/close");
    EXPECT_FALSE(client->read());
    EXPECT_EQ(client->close_code(), 4001);
    EXPECT_EQ(client->close_reason(), std::string(122, 'r'));
    const auto badly = connect("/close-badly");
    EXPECT_FALSE(badly->read());
    EXPECT_EQ(badly->close_code(), 1011);
}

TEST_F(WebSocketTest, answers_the_peers_close) {
    const auto client = connect("/echo");
    EXPECT_TRUE(client->close(3333, "done"));
    EXPECT_EQ(client->close_code(), 3333);
    ASSERT_TRUE(connections_become(0));
    EXPECT_THAT(session().read_errors, testing::ElementsAre(ErrorCode::network));
    EXPECT_THAT(session().write_errors, testing::ElementsAre(ErrorCode::network));
}

TEST_F(WebSocketTest, ends_when_the_peer_vanishes) {
    const auto client = connect("/echo");
    client->drop();
    ASSERT_TRUE(connections_become(0));
    EXPECT_THAT(session().read_errors, testing::ElementsAre(ErrorCode::network));
    EXPECT_EQ(session().ended, 1);
}

TEST_F(WebSocketTest, does_not_wait_long_for_the_answer_to_a_close) {
    RawClient client(port());
    client.send(kHandshake);
    client.read_until("hello");
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(connections_become(0));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 4s);
    EXPECT_THAT(client.read_all(), StartsWith("\x88"));
    EXPECT_TRUE(client.ended());
}

// -- deadlines -------------------------------------------------------------------------------------------------------

TEST_F(WebSocketTest, pings_a_silent_peer_and_keeps_it_when_it_answers) {
    // A peer has two intervals to answer: long enough for a client thread that a busy machine lets wait.
    options_.websocket_ping_interval = 500ms;
    const auto client = connect("/echo");
    EXPECT_TRUE(eventually([&client] {
        EXPECT_EQ(client->read(200ms).error().code(), ErrorCode::timeout);
        return client->pings() >= 2;
    }));
    ASSERT_TRUE(client->send("still here"));
    EXPECT_EQ(client->read()->data, "still here");
    EXPECT_EQ(statistics().websockets_silent, 0U);
}

TEST_F(WebSocketTest, drops_a_peer_that_does_not_answer_pings) {
    options_.websocket_ping_interval = 50ms;
    const auto client = connect("/echo");
    ASSERT_TRUE(connections_become(1));
    ASSERT_TRUE(connections_become(0));
    EXPECT_THAT(session().read_errors, testing::ElementsAre(ErrorCode::timeout));
    EXPECT_EQ(statistics().websockets_silent, 1U);
}

TEST_F(WebSocketTest, cuts_a_stuck_reader_off) {
    options_.write_timeout = 150ms;
    const auto client = connect("/flood");
    ASSERT_TRUE(connections_become(0));
    EXPECT_THAT(session().write_errors, testing::ElementsAre(ErrorCode::timeout));
    EXPECT_EQ(statistics().slow_readers_dropped, 1U);
}

TEST_F(WebSocketTest, cuts_a_stuck_reader_off_behind_a_ping) {
    options_.write_timeout = 150ms;
    options_.websocket_ping_interval = 100ms;
    RawClient client(port(), 4096);
    client.send(handshake_with("/hello", "/echo"));
    client.read_until("\r\n\r\n");
    // Echoes pile up unread until the server can neither write nor, waiting for that, read.
    const std::string message = std::string("\x82\xFE\xFF\xFF\0\0\0\0", 8) + std::string(65'535, 'x');
    std::thread sender([&] {
        while (client.send(message)) {
        }
    });
    EXPECT_TRUE(eventually([this] { return session().started == 1; }));
    EXPECT_TRUE(connections_become(0));
    sender.join();
    EXPECT_EQ(session().ended, 1);
}

// -- shutdown --------------------------------------------------------------------------------------------------------

TEST_F(WebSocketTest, says_1001_when_it_stops) {
    const auto client = connect("/echo");
    ASSERT_TRUE(client->send("one"));
    ASSERT_TRUE(client->read());
    std::thread stopping([this] { stop(5s); });
    EXPECT_FALSE(client->read());
    stopping.join();
    EXPECT_EQ(client->close_code(), 1001);
    EXPECT_THAT(session().read_errors, testing::ElementsAre(ErrorCode::cancelled));
    EXPECT_THAT(session().write_errors, testing::ElementsAre(ErrorCode::cancelled));
    EXPECT_EQ(connections(), 0U);
}

TEST_F(WebSocketTest, stops_in_time_with_peers_that_do_not_answer) {
    const auto silent = connect("/echo");
    const auto stuck = connect("/flood");
    ASSERT_TRUE(eventually([this] { return session().started == 2; }));
    const auto start = std::chrono::steady_clock::now();
    stop(8s);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    EXPECT_EQ(connections(), 0U);
    EXPECT_EQ(session().ended, 2);
}

TEST(WebSocketLoop, may_be_destroyed_with_sessions_under_way) {
    SessionHandler handler;
    auto loop = std::make_unique<LoopThread>();
    auto server = loop->call([&] { return *make_http_server(loop->io().get_executor(), {}, handler); });
    test::WebSocketClientOptions options;
    options.port = server->port();
    options.target = "/echo";
    auto reading = *test::connect_websocket(options);
    ASSERT_TRUE(reading->send("one"));
    ASSERT_TRUE(reading->read());
    options.target = "/flood";
    const auto stuck = *test::connect_websocket(options);
    loop->join();
    server.reset();
    loop.reset();
    EXPECT_EQ(reading->read().error().code(), ErrorCode::network);
}

TEST_F(WebSocketTest, drops_everything_when_grace_has_passed) {
    const auto silent = connect("/echo");
    const auto stuck = connect("/flood");
    ASSERT_TRUE(eventually([this] { return session().started == 2; }));
    stop(50ms);
    EXPECT_EQ(connections(), 0U);
    EXPECT_EQ(session().ended, 2);
}

}  // namespace
}  // namespace scanner::net
