#include "api/sample.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/request_handler.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace scanner::api {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Sends `bytes` over a new connection and reads until the server closes it.
asio::awaitable<std::string> exchange_bytes(std::uint16_t port, std::string bytes) {
    asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
    const asio::ip::tcp::endpoint server(asio::ip::address_v4::loopback(), port);
    co_await socket.async_connect(server, asio::use_awaitable);
    co_await asio::async_write(socket, asio::buffer(bytes), asio::use_awaitable);
    std::string answer;
    boost::system::error_code closed;
    co_await asio::async_read(socket, asio::dynamic_buffer(answer), asio::redirect_error(asio::use_awaitable, closed));
    co_return answer;
}

asio::awaitable<void> stop_server(net::HttpServer& server) {
    co_await server.stop(std::chrono::seconds(1));
}

class ServedApi : public testing::Test {
protected:
    void SetUp() override {
        engine_.listed = test::sample_universe();
        engine_.publish(test::make_ranking());
        options_.version = "1.2.3";
        handler_ = make_api_handler(options_, ports_);
        auto server = net::make_http_server(io_.get_executor(), {}, *handler_);
        ASSERT_TRUE(server) << server.error().message();
        server_ = std::move(*server);
    }
    void TearDown() override {
        if (server_ != nullptr) scanner::test::run_on(io_, stop_server(*server_));
    }
    std::string send(std::string bytes) {
        return scanner::test::run_on(io_, exchange_bytes(server_->port(), std::move(bytes)));
    }
    std::string ask(std::string_view method, std::string_view target, std::string_view headers = "") {
        std::string request(method);
        request.append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\nConnection: close\r\n");
        return send(request.append(headers).append("\r\n"));
    }
    static std::string body_of(const std::string& answer) {
        const std::size_t end = answer.find("\r\n\r\n");
        return end == std::string::npos ? "" : answer.substr(end + 4);
    }

    asio::io_context io_{1};
    core::ManualClock clock_{test::kNow};
    test::FakeEngine engine_;
    Metrics metrics_{"1.2.3"};
    ApiOptions options_;
    ApiPorts ports_{.engine = engine_, .metrics = metrics_, .clock = clock_};
    std::unique_ptr<net::RequestHandler> handler_;
    std::unique_ptr<net::HttpServer> server_;
};

TEST_F(ServedApi, answers_over_a_socket) {
    const std::string answer = ask("GET", "/rankings?top=2");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: application/json\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nX-Scan-Seq: 7\r\n"));
    const json body = json::parse(body_of(answer));
    EXPECT_EQ(body["items"].size(), 2U);
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: " + std::to_string(body_of(answer).size()) + "\r\n"));
}

TEST_F(ServedApi, answers_head_without_a_body) {
    const std::string length = std::to_string(body_of(ask("GET", "/rankings")).size());
    const std::string answer = ask("HEAD", "/rankings");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: " + length + "\r\n"));
    EXPECT_EQ(body_of(answer), "");
}

TEST_F(ServedApi, answers_not_modified_without_a_body) {
    const std::string first = ask("GET", "/symbols");
    const std::size_t tag = first.find("ETag: ") + 6;
    const std::string answer =
        ask("GET", "/symbols", "If-None-Match: " + first.substr(tag, first.find('\r', tag) - tag) + "\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 304 Not Modified\r\n"));
    EXPECT_EQ(body_of(answer), "");
}

TEST_F(ServedApi, answers_gzip) {
    const std::string answer = ask("GET", "/rankings", "Accept-Encoding: gzip\r\n");
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
    EXPECT_THAT(body_of(answer), StartsWith("\x1f\x8b"));
}

TEST_F(ServedApi, answers_several_requests_on_one_connection) {
    const std::string one = "GET /health HTTP/1.1\r\nHost: test\r\n\r\n";
    const std::string last = "GET /nowhere HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    const std::string answers = send(one + one + last);
    EXPECT_THAT(answers, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answers, HasSubstr("HTTP/1.1 404 Not Found\r\n"));
    EXPECT_NE(answers.find("{\"status\":\"ok\"}"), answers.rfind("{\"status\":\"ok\"}"));
}

TEST_F(ServedApi, answers_malformed_requests_with_problems) {
    for (const std::string& garbage :
         {std::string("GARBAGE\r\n\r\n"), std::string("GET /rankings HTTP/1.1\r\n\r\n"),
          std::string("GET /rankings HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), std::string("\0\0\0\0\r\n\r\n", 8)}) {
        const std::string answer = send(garbage);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << garbage;
        EXPECT_THAT(answer, HasSubstr("application/problem+json")) << garbage;
        EXPECT_EQ(json::parse(body_of(answer))["status"], 400) << garbage;
    }
    EXPECT_THAT(ask("GET", "/rankings?x=" + std::string(20'000, 'a')), StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(ask("GET", "/rankings?x=" + std::string(9'000, 'a')), StartsWith("HTTP/1.1 414 "));
    EXPECT_THAT(ask("POST", "/rankings", "Content-Length: 999999999\r\n"), StartsWith("HTTP/1.1 413 "));
}

TEST_F(ServedApi, refuses_a_websocket_with_a_problem) {
    const std::string answer = ask("GET", "/rankings",
                                   "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer, HasSubstr("application/problem+json"));
}

TEST_F(ServedApi, lets_no_header_be_smuggled_in) {
    const std::string answer = ask("GET", "/nowhere%0d%0aX-Evil:%201");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer, Not(HasSubstr("\nX-Evil")));
}

}  // namespace
}  // namespace scanner::api
