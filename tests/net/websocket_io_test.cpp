#include "support/loop_thread.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include "scanner/net/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using core::ErrorCode;
using core::Result;
using test::LoopThread;
using test::RawClient;
using test::WebSocketClient;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::shared_ptr<const std::string> text(std::string value) {
    return std::make_shared<const std::string>(std::move(value));
}

/// How a conversation went, read by the test once it has ended.
struct Conversation {
    std::vector<ErrorCode> read_errors;
    std::vector<ErrorCode> write_errors;
    std::vector<std::string> messages;
    int started = 0;
    int ended = 0;
};

class TestHandler final : public RequestHandler {
public:
    asio::awaitable<ServerResponse> handle(ServerRequest /*request*/) override {
        ServerResponse response;
        response.body = text("plain");
        co_return response;
    }

    std::optional<ServerResponse> refuse_websocket(const ServerRequest& request) override {
        if (request.path() == "/throw-in-refuse") throw std::runtime_error("broken on purpose");
        if (request.header("origin") != "http://evil") return std::nullopt;
        ServerResponse response;
        response.status = 403;
        response.body = text("origin");
        return response;
    }

    asio::awaitable<void> handle_websocket(ServerRequest request, WebSocket& socket) override {
        ++conversation.started;
        const auto path = request.path();
        if (path == "/throw") throw std::runtime_error("broken on purpose");
        if (path == "/close") co_await socket.close(4001, std::string(122, 'r') + "\xC3\xA4 and more");
        if (path == "/close-badly") co_await socket.close(1005, "");
        if (path == "/flood") co_await flood(socket);
        if (path == "/hello") co_await greet(socket);
        if (path == "/echo") co_await echo(socket);
        ++conversation.ended;
    }

    ServerResponse protocol_error(int status, std::string detail) override {
        ServerResponse response;
        response.status = status;
        response.body = text("problem: " + detail);
        return response;
    }

    Conversation conversation;

private:
    asio::awaitable<void> echo(WebSocket& socket) {
        for (;;) {
            auto message = co_await socket.read();
            if (!message) {
                conversation.read_errors.push_back(message.error().code());
                const auto after = co_await socket.write(text("too late"), false);
                if (!after) conversation.write_errors.push_back(after.error().code());
                co_return;
            }
            conversation.messages.push_back(message->data);
            const auto written = co_await socket.write(text(message->data), message->binary);
            if (!written) conversation.write_errors.push_back(written.error().code());
        }
    }
    asio::awaitable<void> greet(WebSocket& socket) {
        const auto written = co_await socket.write(text("hello"), false);
        EXPECT_TRUE(written);
    }
    asio::awaitable<void> flood(WebSocket& socket) {
        const auto data = text(std::string(256U << 10U, 'x'));
        for (;;) {
            const auto written = co_await socket.write(data, false);
            if (written) continue;
            conversation.write_errors.push_back(written.error().code());
            co_return;
        }
    }
};

class WebSocketTest : public testing::Test {
protected:
    void TearDown() override {
        if (server_) stop(100ms);
        loop_.call([this] {
            server_.reset();
            return true;
        });
    }

    [[nodiscard]] std::uint16_t port() {
        if (!server_) {
            loop_.call([this] {
                auto made = make_http_server(loop_.io().get_executor(), options_, handler_);
                if (!made) throw std::runtime_error(made.error().message());
                server_ = std::move(*made);
                return true;
            });
        }
        return server_->port();
    }
    std::unique_ptr<WebSocketClient> connect(std::string target, bool deflate = false) {
        test::WebSocketClientOptions options;
        options.port = port();
        options.target = std::move(target);
        options.deflate = deflate;
        auto client = test::connect_websocket(options);
        if (!client) throw std::runtime_error(client.error().message());
        return std::move(*client);
    }
    void stop(std::chrono::milliseconds grace) { loop_.run(server_->stop(grace)); }
    HttpServerStatistics statistics() {
        return loop_.call([this] { return server_->statistics(); });
    }
    std::size_t connections() {
        return loop_.call([this] { return server_->connection_count(); });
    }
    template <class Condition>
    static bool eventually(Condition condition) {
        for (int tries = 0; tries < 1000; ++tries) {
            if (condition()) return true;
            std::this_thread::sleep_for(5ms);
        }
        return false;
    }
    bool connections_become(std::size_t count) {
        return eventually([&] { return connections() == count; });
    }
    Conversation conversation() {
        return loop_.call([this] { return handler_.conversation; });
    }
    /// Reads until the connection ends.
    static void drain(WebSocketClient& client) {
        while (client.read()) {
        }
    }
    std::string answer(const std::string& request) {
        RawClient client(port());
        client.send(request);
        return client.read_until("\r\n\r\n") + client.read_all(200ms);
    }

    LoopThread loop_;
    HttpServerOptions options_;
    TestHandler handler_;
    std::unique_ptr<HttpServer> server_;
};

constexpr std::string_view kHandshake =
    "GET /hello HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

std::string handshake_with(std::string_view from, std::string_view to) {
    std::string request(kHandshake);
    return request.replace(request.find(from), from.size(), to);
}

// -- handshake -------------------------------------------------------------------------------------------------------

TEST_F(WebSocketTest, answers_the_handshake_of_the_standard) {
    options_.server_name = "openresty";
    const auto received = answer(std::string(kHandshake));
    EXPECT_THAT(received,
                AllOf(StartsWith("HTTP/1.1 101 "), HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
                      HasSubstr("Server: openresty\r\n"), HasSubstr("\r\n\r\n\x81\x05hello")));
    EXPECT_EQ(statistics().websockets_opened, 1U);
}

TEST_F(WebSocketTest, refuses_what_is_no_proper_handshake) {
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
    EXPECT_EQ(conversation().started, 0);
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
    EXPECT_THAT(conversation().read_errors, testing::ElementsAre(ErrorCode::malformed));
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
    EXPECT_THAT(conversation().read_errors, testing::ElementsAre(ErrorCode::malformed, ErrorCode::malformed));
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
    EXPECT_THAT(conversation().read_errors, testing::ElementsAre(ErrorCode::network));
    EXPECT_THAT(conversation().write_errors, testing::ElementsAre(ErrorCode::network));
}

TEST_F(WebSocketTest, ends_when_the_peer_vanishes) {
    const auto client = connect("/echo");
    client->drop();
    ASSERT_TRUE(connections_become(0));
    EXPECT_THAT(conversation().read_errors, testing::ElementsAre(ErrorCode::network));
    EXPECT_EQ(conversation().ended, 1);
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
    EXPECT_THAT(conversation().read_errors, testing::ElementsAre(ErrorCode::timeout));
    EXPECT_EQ(statistics().websockets_silent, 1U);
}

TEST_F(WebSocketTest, cuts_a_stuck_reader_off) {
    options_.write_timeout = 150ms;
    const auto client = connect("/flood");
    ASSERT_TRUE(connections_become(0));
    EXPECT_THAT(conversation().write_errors, testing::ElementsAre(ErrorCode::timeout));
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
    EXPECT_TRUE(eventually([this] { return conversation().started == 1; }));
    EXPECT_TRUE(connections_become(0));
    sender.join();
    EXPECT_EQ(conversation().ended, 1);
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
    EXPECT_THAT(conversation().read_errors, testing::ElementsAre(ErrorCode::cancelled));
    EXPECT_THAT(conversation().write_errors, testing::ElementsAre(ErrorCode::cancelled));
    EXPECT_EQ(connections(), 0U);
}

TEST_F(WebSocketTest, stops_in_time_with_peers_that_do_not_answer) {
    const auto silent = connect("/echo");
    const auto stuck = connect("/flood");
    ASSERT_TRUE(eventually([this] { return conversation().started == 2; }));
    const auto start = std::chrono::steady_clock::now();
    stop(8s);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    EXPECT_EQ(connections(), 0U);
    EXPECT_EQ(conversation().ended, 2);
}

TEST(WebSocketLoop, may_be_destroyed_with_conversations_under_way) {
    TestHandler handler;
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
    ASSERT_TRUE(eventually([this] { return conversation().started == 2; }));
    stop(50ms);
    EXPECT_EQ(connections(), 0U);
    EXPECT_EQ(conversation().ended, 2);
}

}  // namespace
}  // namespace scanner::net
