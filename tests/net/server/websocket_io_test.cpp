#include "net/server/websocket_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scanner::net {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// -- handshake -------------------------------------------------------------------------------------------------------

TEST_F(WebSocketTest, answers_the_handshake_of_the_standard) {
    options_.server_name = "openresty";
    const auto received = answer(std::string(kHandshake));
    EXPECT_THAT(received,
                AllOf(StartsWith("HTTP/1.1 101 "), HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
                      HasSubstr("Server: openresty\r\n"), HasSubstr("\r\n\r\n\x81\x05hello")));
    EXPECT_EQ(statistics().websockets_opened, 1U);
}

TEST_F(WebSocketTest, refuses_malformed_handshakes) {
    EXPECT_THAT(answer(handshake_with("Version: 13", "Version: 8")),
                AllOf(StartsWith("HTTP/1.1 426 "), HasSubstr("Sec-WebSocket-Version: 13\r\n")));
    EXPECT_THAT(answer(handshake_with("dGhl", "")), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer(handshake_with("Upgrade: websocket", "Upgrade: h2c")),
                AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("plain")));
    EXPECT_EQ(statistics().websockets_opened, 0U);
}

TEST_F(WebSocketTest, lets_the_handler_refuse) {
    test::WebSocketClientOptions options;
    options.port = port();
    options.headers = {{"Origin", "http://evil"}};
    int status = 0;
    const auto client = test::connect_websocket(options, &status);
    ASSERT_FALSE(client);
    EXPECT_EQ(status, 403);
    EXPECT_THAT(answer(handshake_with("/hello", "/throw-in-refuse")), StartsWith("HTTP/1.1 500 "));
    EXPECT_EQ(session().started, 0);
}

TEST_F(WebSocketTest, keeps_frames_that_came_with_the_handshake) {
    RawClient client(port());
    // "abc" masked with zeros, behind a handshake longer than Beast's own buffer.
    client.send(handshake_with("/hello", "/echo?" + std::string(4'000, 'x')) + std::string("\x81\x83\0\0\0\0abc", 9));
    client.read_until("\r\n\r\n");
    EXPECT_EQ(client.read_bytes(5),
              "\x81\x03"
              "abc");
}

// -- messages --------------------------------------------------------------------------------------------------------

TEST_F(WebSocketTest, carries_text_and_binary_messages) {
    const auto client = connect("/echo");
    ASSERT_TRUE(client->send("t\xC3\xA4xt"));
    auto message = client->read();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->data, "t\xC3\xA4xt");
    EXPECT_FALSE(message->binary);
    ASSERT_TRUE(client->send(std::string("\0\xFF", 2), true));
    message = client->read();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->data, std::string("\0\xFF", 2));
    EXPECT_TRUE(message->binary);
    ASSERT_TRUE(client->send(""));
    message = client->read();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->data, "");
}

TEST_F(WebSocketTest, joins_fragments_with_pings_between_them) {
    const auto client = connect("/echo");
    ASSERT_TRUE(client->send_fragment("one ", false));
    ASSERT_TRUE(client->ping("now"));
    ASSERT_TRUE(client->send_fragment("two ", false));
    ASSERT_TRUE(client->send_fragment("three", true));
    const auto message = client->read();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->data, "one two three");
    EXPECT_THAT(client->pongs(), testing::ElementsAre("now"));
}

TEST_F(WebSocketTest, carries_messages_up_to_the_limit) {
    options_.max_websocket_message_bytes = 100'000;
    const auto client = connect("/echo");
    for (const std::size_t size : {255U, 256U, 257U, 65'536U, 100'000U}) {
        ASSERT_TRUE(client->send(std::string(size, 'x')));
        const auto message = client->read();
        ASSERT_TRUE(message) << size;
        EXPECT_EQ(message->data, std::string(size, 'x'));
    }
}

TEST_F(WebSocketTest, closes_with_1009_on_a_larger_message) {
    options_.max_websocket_message_bytes = 1'000;
    const auto client = connect("/echo");
    ASSERT_TRUE(client->send(std::string(1'001, 'x')));
    drain(*client);
    EXPECT_EQ(client->close_code(), 1009);
    ASSERT_TRUE(connections_become(0));
    EXPECT_THAT(session().read_errors, testing::ElementsAre(ErrorCode::malformed));
}

TEST_F(WebSocketTest, closes_with_1009_on_a_larger_message_in_pieces) {
    options_.max_websocket_message_bytes = 1'000;
    const auto client = connect("/echo");
    for (int count = 0; count < 3; ++count) static_cast<void>(client->send_fragment(std::string(400, 'x'), false));
    drain(*client);
    EXPECT_EQ(client->close_code(), 1009);
}

TEST_F(WebSocketTest, closes_on_bad_frames) {
    const auto unmasked = connect("/echo");
    ASSERT_TRUE(
        unmasked->send_raw("\x81\x03"
                           "abc"));
    drain(*unmasked);
    EXPECT_EQ(unmasked->close_code(), 1002);
    const auto not_utf8 = connect("/echo");
    ASSERT_TRUE(not_utf8->send("\xFF\xFF"));
    drain(*not_utf8);
    EXPECT_EQ(not_utf8->close_code(), 1007);
    ASSERT_TRUE(connections_become(0));
    EXPECT_THAT(session().read_errors, testing::ElementsAre(ErrorCode::malformed, ErrorCode::malformed));
}

TEST_F(WebSocketTest, compresses_when_both_want_it) {
    options_.websocket_deflate = true;
    const auto client = connect("/echo", true);
    EXPECT_THAT(client->response_header("Sec-WebSocket-Extensions"), HasSubstr("permessage-deflate"));
    const std::string repetitive(50'000, 'x');
    for (int count = 0; count < 3; ++count) {
        ASSERT_TRUE(client->send(repetitive));
        const auto message = client->read();
        ASSERT_TRUE(message);
        EXPECT_EQ(message->data, repetitive);
    }
    const auto plain = connect("/echo", false);
    EXPECT_EQ(plain->response_header("Sec-WebSocket-Extensions"), "");
}

TEST_F(WebSocketTest, limits_what_a_compressed_message_becomes) {
    options_.websocket_deflate = true;
    options_.max_websocket_message_bytes = 1'000;
    const auto client = connect("/echo", true);
    ASSERT_TRUE(client->send(std::string(1'000'000, 'x')));
    drain(*client);
    EXPECT_EQ(client->close_code(), 1009);
}

}  // namespace
}  // namespace scanner::net
