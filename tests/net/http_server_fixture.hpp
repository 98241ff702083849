#pragma once

#include "support/loop_thread.hpp"
#include "support/raw_client.hpp"

#include "scanner/net/http_message.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/net/request_handler.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace scanner::net {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using core::Result;
using test::LoopThread;
using test::RawClient;

inline std::shared_ptr<const std::string> text(std::string value) {
    return std::make_shared<const std::string>(std::move(value));
}

inline ServerResponse respond_with(std::string body, int status = 200) {
    ServerResponse response;
    response.status = status;
    response.body = text(std::move(body));
    return response;
}

inline asio::awaitable<void> pause_for(std::chrono::milliseconds duration) {
    asio::steady_timer timer(co_await asio::this_coro::executor, duration);
    co_await timer.async_wait(asio::use_awaitable);
}

/// What the tests ask for, by path. Everything on the loop thread.
class TestHandler final : public RequestHandler {
public:
    asio::awaitable<ServerResponse> handle(ServerRequest request) override {
        last = request;
        const auto path = request.path();
        if (path == "/echo") co_return respond_with(request.body);
        if (path == "/target") co_return respond_with(request.target);
        if (path == "/big") co_return respond_with(std::string(big_bytes, 'x'));
        if (path == "/none") co_return respond_with("ignored", 204);
        if (path == "/throw") throw std::runtime_error("broken on purpose");
        if (path == "/slow") {
            co_await pause_for(100ms);
            co_return respond_with("slow");
        }
        if (path == "/stuck") {
            ++stuck;
            co_await pause_for(1h);
            co_return respond_with("never");
        }
        if (path == "/close") {
            auto response = respond_with("last");
            response.close = true;
            co_return response;
        }
        co_return stream_or_hello(request);
    }

    std::optional<ServerResponse> refuse_websocket(const ServerRequest& /*request*/) override {
        return respond_with("no", 403);
    }
    asio::awaitable<void> handle_websocket(ServerRequest /*request*/, WebSocket& /*socket*/) override { co_return; }

    ServerResponse protocol_error(int status, std::string detail) override {
        if (throw_in_protocol_error) throw std::runtime_error("broken as well");
        return respond_with("problem: " + detail, status);
    }

    ServerRequest last;
    std::size_t big_bytes = 0;
    int stuck = 0;
    bool throw_in_protocol_error = false;
    std::vector<Result<void>> writes;
    bool saw_stopping = false;

private:
    ServerResponse stream_or_hello(const ServerRequest& request) {
        const auto path = request.path();
        ServerResponse response = respond_with("hello");
        if (path == "/stream") response.stream = pieces;
        if (path == "/empty-stream") response.stream = nothing;
        if (path == "/declared") {
            response.declared_length = 11;
            response.stream = pieces;
        }
        if (path == "/short-stream") {
            response.declared_length = 50;
            response.stream = pieces;
        }
        if (path == "/short-body") response.declared_length = 50;
        if (path == "/cut-body") response.declared_length = 2;
        if (path == "/abort") response.stream = write_and_abort;
        if (path == "/abort-first") response.stream = abort_first;
        if (path == "/throw-first") response.stream = throw_first;
        if (path == "/throw-later") response.stream = throw_later;
        if (path == "/too-much") {
            response.declared_length = 3;
            response.stream = [this](BodyWriter& writer) { return write_too_much(writer); };
        }
        if (path == "/flood") response.stream = [this](BodyWriter& writer) { return flood(writer); };
        if (path == "/events") response.stream = [this](BodyWriter& writer) { return events(writer); };
        return response;
    }

    static asio::awaitable<void> pieces(BodyWriter& writer) {
        const auto first = co_await writer.write(text("first"));
        const auto empty = co_await writer.write(text(""));
        co_await pause_for(1ms);
        const auto second = co_await writer.write(text("second"));
        EXPECT_TRUE(first && empty && second);
    }
    static asio::awaitable<void> nothing(BodyWriter& /*writer*/) { co_return; }
    static asio::awaitable<void> write_and_abort(BodyWriter& writer) {
        const auto written = co_await writer.write(text("start"));
        EXPECT_TRUE(written);
        // What a reset overtakes is lost to the client, so it must have it first.
        co_await pause_for(50ms);
        writer.abort();
        const auto after = co_await writer.write(text("more"));
        EXPECT_FALSE(after);
    }
    static asio::awaitable<void> abort_first(BodyWriter& writer) {
        writer.abort();
        co_return;
    }
    static asio::awaitable<void> throw_first(BodyWriter& /*writer*/) {
        throw std::runtime_error("broken stream");
        co_return;
    }
    static asio::awaitable<void> throw_later(BodyWriter& writer) {
        const auto written = co_await writer.write(text("start"));
        EXPECT_TRUE(written);
        throw std::runtime_error("broken stream");
    }
    asio::awaitable<void> write_too_much(BodyWriter& writer) {
        writes.push_back(co_await writer.write(text("four")));
        writes.push_back(co_await writer.write(text("abc")));
        writes.push_back(co_await writer.write(text("d")));
    }
    asio::awaitable<void> flood(BodyWriter& writer) {
        const auto piece = text(std::string(256U << 10U, 'x'));
        for (;;) {
            auto written = co_await writer.write(piece);
            if (written) continue;
            writes.push_back(std::move(written));
            co_return;
        }
    }
    asio::awaitable<void> events(BodyWriter& writer) {
        asio::steady_timer next(co_await asio::this_coro::executor, 1h);
        writer.on_stopping([&next] { next.cancel(); });
        writes.push_back(co_await writer.write(text("event\n")));
        try {
            co_await next.async_wait(asio::use_awaitable);
        } catch (const boost::system::system_error&) {
            saw_stopping = writer.stopping();
        }
        writes.push_back(co_await writer.write(text("bye\n")));
        writes.push_back(co_await writer.write(text("not any more\n")));
    }
};

class HttpServerTest : public testing::Test {
protected:
    void SetUp() override {
        options_.on_error = [this](std::string_view where, std::string_view what) {
            errors_.push_back(std::string(where) + ": " + std::string(what));
        };
    }
    void TearDown() override {
        if (server_) stop(100ms);
        loop_.call([this] {
            server_.reset();
            return true;
        });
    }

    void start() {
        loop_.call([this] {
            auto made = make_http_server(loop_.io().get_executor(), options_, handler_);
            if (!made) throw std::runtime_error(made.error().message());
            server_ = std::move(*made);
            return true;
        });
    }
    [[nodiscard]] std::uint16_t port() {
        if (!server_) start();
        return server_->port();
    }
    void stop(std::chrono::milliseconds grace) { loop_.run(server_->stop(grace)); }

    HttpServerStatistics statistics() {
        return loop_.call([this] { return server_->statistics(); });
    }
    std::size_t connections() {
        return loop_.call([this] { return server_->connection_count(); });
    }
    /// Waits until the server has noticed what the clients did.
    bool connections_become(std::size_t count) {
        return eventually([&] { return connections() == count; });
    }
    template <class Condition>
    static bool eventually(Condition condition) {
        for (int tries = 0; tries < 1000; ++tries) {
            if (condition()) return true;
            std::this_thread::sleep_for(5ms);
        }
        return false;
    }
    /// One request on a connection of its own that ends with it.
    std::string answer(const std::string& request, std::chrono::milliseconds wait = RawClient::kWait) {
        RawClient client(port());
        client.send(request);
        auto received = client.read_all(wait);
        EXPECT_TRUE(client.ended()) << "still open after: " << request.substr(0, 80);
        return received;
    }
    std::string get(const std::string& path) {
        return answer("GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    }

    LoopThread loop_;
    HttpServerOptions options_;
    TestHandler handler_;
    std::vector<std::string> errors_;
    std::unique_ptr<HttpServer> server_;
};

inline std::string request_line(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

}  // namespace scanner::net
