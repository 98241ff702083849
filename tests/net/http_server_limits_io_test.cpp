#include "net/http_server_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace scanner::net {
namespace {

using core::ErrorCode;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// -- errors ----------------------------------------------------------------------------------------------------------

TEST_F(HttpServerTest, survives_handlers_that_throw) {
    RawClient client(port());
    client.send(request_line("/throw"));
    EXPECT_THAT(client.read_until("error"), AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("problem: internal error")));
    client.send(request_line("/target"));
    EXPECT_THAT(client.read_until("/target"), EndsWith("/target"));
    EXPECT_THAT(answer(request_line("/throw-first")), StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(answer(request_line("/throw-later")), Not(HasSubstr("0\r\n\r\n")));
    EXPECT_EQ(statistics().handler_exceptions, 3U);
    ASSERT_EQ(errors_.size(), 3U);
    EXPECT_EQ(errors_[0], "GET /throw: broken on purpose");
    EXPECT_EQ(errors_[1], "stream: broken stream");
}

TEST_F(HttpServerTest, survives_an_error_page_that_throws) {
    handler_.throw_in_protocol_error = true;
    EXPECT_THAT(answer("\x16\x03\x01\r\n"), AllOf(StartsWith("HTTP/1.1 400 "), EndsWith("\r\n\r\nBad Request")));
}

TEST_F(HttpServerTest, refuses_malformed_requests) {
    const std::vector<std::string> malformed{
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8),
        "GET\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: h\r\n\r\n",
        "GET / HTTX/1.1\r\nHost: h\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
        "G\xFFT / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nNo colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nSpace : x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nBad: a\x01z\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\nBare: line\n\n\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    for (const auto& request : malformed) {
        EXPECT_THAT(answer(request),
                    AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("Connection: close\r\n"), HasSubstr("problem: ")))
            << testing::PrintToString(request);
    }
    EXPECT_EQ(statistics().protocol_errors, malformed.size());
    EXPECT_EQ(statistics().requests, 0U);
}

TEST_F(HttpServerTest, refuses_other_transfer_encodings) {
    EXPECT_THAT(answer("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 501 "));
}

TEST_F(HttpServerTest, limits_the_head_in_one_piece) {
    options_.max_header_bytes = 2048;
    EXPECT_THAT(answer("GET / HTTP/1.1\r\nHost: h\r\nLong: " + std::string(4096, 'x') + "\r\n\r\n"),
                StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(answer("GET /" + std::string(100'000, 'x')), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, limits_the_sum_of_ten_thousand_headers) {
    RawClient client(port());
    client.send("GET / HTTP/1.1\r\nHost: h\r\n");
    // Line by line, as would get past a limit on what is unparsed.
    for (int count = 0; count < 10'000 && client.send("a: b\r\n"); ++count) {
        if (count % 100 == 0) std::this_thread::sleep_for(1ms);
    }
    EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 431 "));
    EXPECT_TRUE(client.ended());
}

TEST_F(HttpServerTest, limits_the_body) {
    options_.max_body_bytes = 1000;
    EXPECT_THAT(answer("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x')),
                AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("1000 bytes")));
    const std::string chunk = "1f4\r\n" + std::string(500, 'x') + "\r\n";
    const std::string chunked =
        "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_THAT(answer(chunked + chunk + chunk + "0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer(chunked + chunk + chunk + "1\r\nx\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, delivers_the_refusal_to_a_client_that_still_sends) {
    options_.max_body_bytes = 1000;
    const auto received =
        answer("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n" + std::string(4'000'000, 'x'), 5s);
    EXPECT_THAT(received, AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("problem: ")));
}

TEST_F(HttpServerTest, limits_chunk_headers_and_trailers) {
    const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_THAT(answer(head + "5;" + std::string(200'000, 'x')), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer(head + "0\r\nTrailer: " + std::string(200'000, 'x')), StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpServerTest, turns_connections_beyond_the_limit_away) {
    options_.max_connections = 2;
    RawClient first(port());
    RawClient second(port());
    first.send(request_line("/target"));
    first.read_until("/target");
    second.send(request_line("/target"));
    second.read_until("/target");
    EXPECT_THAT(answer(request_line("/")), AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("too many connections")));
    EXPECT_EQ(statistics().refused, 1U);
    first.send(request_line("/"));
    EXPECT_THAT(first.read_until("hello"), EndsWith("hello"));
}

TEST_F(HttpServerTest, one_address_may_have_a_quarter_of_the_connections) {
    options_.max_connections = 8;
    RawClient first(port(), 0, "127.0.0.2");
    RawClient second(port(), 0, "127.0.0.2");
    for (RawClient* client : {&first, &second}) {
        client->send(request_line("/target"));
        client->read_until("/target");
    }
    RawClient third(port(), 0, "127.0.0.2");
    third.send(request_line("/"));
    EXPECT_THAT(third.read_all(),
                AllOf(StartsWith("HTTP/1.1 429 "), EndsWith("too many connections from one address")));
    EXPECT_EQ(statistics().refused, 1U);

    RawClient neighbour(port(), 0, "127.0.0.3");
    neighbour.send(request_line("/target"));
    EXPECT_THAT(neighbour.read_until("/target"), EndsWith("/target")) << "nobody else is turned away";
    for (int i = 0; i < 4; ++i) EXPECT_THAT(get("/target"), EndsWith("/target")) << "nor the operator, or a proxy";
    first.send(request_line("/target"));
    EXPECT_THAT(first.read_until("/target"), EndsWith("/target")) << "and what is open goes on";
}

// -- deadlines -------------------------------------------------------------------------------------------------------

TEST_F(HttpServerTest, ends_requests_that_take_too_long) {
    options_.read_timeout = 100ms;
    RawClient client(port());
    client.send("GET / HTTP/1.1\r\nHost: h\r\n");
    for (int count = 0; count < 60 && client.send("a: b\r\n"); ++count) std::this_thread::sleep_for(5ms);
    EXPECT_THAT(client.read_all(), AllOf(StartsWith("HTTP/1.1 408 "), HasSubstr("Connection: close")));
    EXPECT_TRUE(client.ended());
    EXPECT_EQ(statistics().request_timeouts, 1U);
}

TEST_F(HttpServerTest, closes_connections_that_idle_without_a_word) {
    options_.idle_timeout = 100ms;
    RawClient fresh(port());
    EXPECT_EQ(fresh.read_all(), "");
    EXPECT_TRUE(fresh.ended());
    RawClient used(port());
    used.send(request_line("/"));
    EXPECT_THAT(used.read_all(), EndsWith("hello"));
    EXPECT_TRUE(used.ended());
    RawClient newlines(port());
    for (int count = 0; count < 200 && newlines.send("\r\n"); ++count) std::this_thread::sleep_for(5ms);
    EXPECT_EQ(newlines.read_all(), "");
    EXPECT_TRUE(newlines.ended());
}

TEST_F(HttpServerTest, does_not_count_the_handlers_time) {
    options_.idle_timeout = 40ms;
    options_.read_timeout = 40ms;
    EXPECT_THAT(get("/slow"), EndsWith("slow"));
}

TEST_F(HttpServerTest, drops_readers_that_take_nothing) {
    options_.write_timeout = 150ms;
    handler_.big_bytes = 64U << 20U;
    RawClient body(port(), 4096);
    body.send(request_line("/big"));
    RawClient stream(port(), 4096);
    stream.send(request_line("/flood"));
    EXPECT_TRUE(eventually([this] { return statistics().slow_readers_dropped == 2; }));
    EXPECT_TRUE(connections_become(0));
    ASSERT_EQ(handler_.writes.size(), 1U);
    EXPECT_EQ(handler_.writes[0].error().code(), ErrorCode::timeout);
}

TEST_F(HttpServerTest, lets_slow_readers_be_while_they_take_something) {
    options_.write_timeout = 200ms;
    handler_.big_bytes = 24U << 20U;
    RawClient client(port(), 4096);
    client.send(request_line("/big"));
    client.read_until("\r\n\r\n");
    const auto start = std::chrono::steady_clock::now();
    std::size_t received = 0;
    while (received < handler_.big_bytes && !client.ended()) {
        received += client.read_bytes(1U << 20U).size();
        std::this_thread::sleep_for(25ms);
    }
    EXPECT_EQ(received, handler_.big_bytes);
    EXPECT_GT(std::chrono::steady_clock::now() - start, options_.write_timeout);
    EXPECT_EQ(statistics().slow_readers_dropped, 0U);
}

// -- start and stop --------------------------------------------------------------------------------------------------

TEST_F(HttpServerTest, reports_an_address_in_use_at_once) {
    options_.port = port();
    const auto second =
        loop_.call([this] { return make_http_server(loop_.io().get_executor(), options_, handler_).error(); });
    EXPECT_EQ(second.code(), ErrorCode::io);
    options_.address = "not.an.address";
    const auto third =
        loop_.call([this] { return make_http_server(loop_.io().get_executor(), options_, handler_).error(); });
    EXPECT_EQ(third.code(), ErrorCode::invalid_input);
}

TEST_F(HttpServerTest, lets_running_answers_finish_when_it_stops) {
    RawClient idle(port());
    idle.send(request_line("/target"));
    idle.read_until("/target");
    RawClient busy(port());
    busy.send(request_line("/slow"));
    RawClient streaming(port());
    streaming.send(request_line("/events"));
    streaming.read_until("event\n");
    stop(5s);
    EXPECT_EQ(idle.read_all(), "");
    EXPECT_TRUE(idle.ended());
    EXPECT_THAT(busy.read_all(), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("slow")));
    EXPECT_THAT(streaming.read_all(), EndsWith("4\r\nbye\n\r\n0\r\n\r\n"));
    EXPECT_TRUE(handler_.saw_stopping);
    ASSERT_EQ(handler_.writes.size(), 3U);
    EXPECT_TRUE(handler_.writes[1]);
    EXPECT_EQ(handler_.writes[2].error().code(), ErrorCode::cancelled);
    EXPECT_EQ(connections(), 0U);
    EXPECT_THROW(RawClient(server_->port()), std::runtime_error);
}

TEST_F(HttpServerTest, cancels_what_has_not_ended_in_time) {
    RawClient client(port());
    client.send(request_line("/stuck"));
    ASSERT_TRUE(eventually([this] { return loop_.call([this] { return handler_.stuck == 1; }); }));
    RawClient half(port());
    half.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    ASSERT_TRUE(connections_become(2));
    const auto start = std::chrono::steady_clock::now();
    stop(100ms);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    EXPECT_EQ(connections(), 0U);
    client.read_all();
    EXPECT_TRUE(client.ended());
    EXPECT_EQ(statistics().handler_exceptions, 0U);
}

TEST_F(HttpServerTest, drops_everything_when_destroyed) {
    RawClient client(port());
    client.send(request_line("/target"));
    client.read_until("/target");
    loop_.call([this] {
        server_.reset();
        return true;
    });
    EXPECT_EQ(client.read_all(), "");
    EXPECT_TRUE(client.ended());
}

TEST(HttpServer, may_be_destroyed_with_a_loop_that_never_runs_again) {
    TestHandler handler;
    auto loop = std::make_unique<LoopThread>();
    auto server = loop->call([&] { return *make_http_server(loop->io().get_executor(), {}, handler); });
    RawClient stuck(server->port());
    stuck.send(request_line("/stuck"));
    RawClient streaming(server->port());
    streaming.send(request_line("/events"));
    streaming.read_until("event\n");
    RawClient idle(server->port());
    idle.send(request_line("/target"));
    idle.read_until("/target");
    loop->join();
    EXPECT_EQ(server->connection_count(), 3U);
    server.reset();
    loop.reset();
    EXPECT_EQ(idle.read_all(), "");
    EXPECT_TRUE(idle.ended());
    stuck.read_all();
    EXPECT_TRUE(stuck.ended());
}

TEST_F(HttpServerTest, serves_a_thousand_connections_at_a_time) {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int count = 0; count < 1'000; ++count) clients.push_back(std::make_unique<RawClient>(port()));
    for (auto& client : clients) client->send(request_line("/target"));
    for (auto& client : clients) ASSERT_THAT(client->read_until("/target"), EndsWith("/target"));
    EXPECT_EQ(connections(), 1'000U);
    clients.clear();
    EXPECT_TRUE(connections_become(0));
}

}  // namespace
}  // namespace scanner::net
