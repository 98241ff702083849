#pragma once

#include "support/loop_thread.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include "scanner/net/http_message.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/net/request_handler.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace scanner::net {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using core::ErrorCode;
using test::LoopThread;
using test::RawClient;
using test::WebSocketClient;

inline std::shared_ptr<const std::string> text(std::string value) {
    return std::make_shared<const std::string>(std::move(value));
}

/// How a session went, read by the test once it has ended.
struct Session {
    std::vector<ErrorCode> read_errors;
    std::vector<ErrorCode> write_errors;
    std::vector<std::string> messages;
    int started = 0;
    int ended = 0;
};

class SessionHandler final : public RequestHandler {
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
        ++session.started;
        const auto path = request.path();
        if (path == "/throw") throw std::runtime_error("broken on purpose");
        if (path == "/close") co_await socket.close(4001, std::string(122, 'r') + "\xC3\xA4 and more");
        if (path == "/close-badly") co_await socket.close(1005, "");
        if (path == "/flood") co_await flood(socket);
        if (path == "/hello") co_await greet(socket);
        if (path == "/echo") co_await echo(socket);
        ++session.ended;
    }

    ServerResponse protocol_error(int status, std::string detail) override {
        ServerResponse response;
        response.status = status;
        response.body = text("problem: " + detail);
        return response;
    }

    Session session;

private:
    asio::awaitable<void> echo(WebSocket& socket) {
        for (;;) {
            auto message = co_await socket.read();
            if (!message) {
                session.read_errors.push_back(message.error().code());
                const auto after = co_await socket.write(text("too late"), false);
                if (!after) session.write_errors.push_back(after.error().code());
                co_return;
            }
            session.messages.push_back(message->data);
            const auto written = co_await socket.write(text(message->data), message->binary);
            if (!written) session.write_errors.push_back(written.error().code());
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
            session.write_errors.push_back(written.error().code());
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
    Session session() {
        return loop_.call([this] { return handler_.session; });
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
    SessionHandler handler_;
    std::unique_ptr<HttpServer> server_;
};

inline constexpr std::string_view kHandshake =
    "GET /hello HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

inline std::string handshake_with(std::string_view from, std::string_view to) {
    std::string request(kHandshake);
    return request.replace(request.find(from), from.size(), to);
}

}  // namespace scanner::net
