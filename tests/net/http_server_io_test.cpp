#include "net/http_server_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace scanner::net {
namespace {

using core::ErrorCode;
using testing::AllOf;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// -- HTTP/1.1 --------------------------------------------------------------------------------------------------------

TEST_F(HttpServerTest, answers_with_its_name_the_date_and_the_length) {
    options_.server_name = "openresty";
    const auto received = get("/");
    EXPECT_THAT(received,
                AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nServer: openresty\r\n"),
                      ContainsRegex("\r\nDate: [A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9]+ [0-9:]+ GMT\r\n"),
                      HasSubstr("\r\nContent-Length: 5\r\n"), EndsWith("\r\n\r\nhello")));
}

TEST_F(HttpServerTest, keeps_the_connection_for_more_requests) {
    RawClient client(port());
    for (int count = 0; count < 3; ++count) {
        client.send(request_line("/target?n=" + std::to_string(count)));
        EXPECT_THAT(client.read_until("n=" + std::to_string(count)), EndsWith("/target?n=" + std::to_string(count)));
    }
    EXPECT_EQ(connections(), 1U);
    EXPECT_EQ(statistics().requests, 3U);
    EXPECT_EQ(statistics().accepted, 1U);
}

TEST_F(HttpServerTest, passes_the_request_on_as_it_came) {
    answer(
        "PUT /echo?a=%20 HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nx-one: 2 \r\nContent-Length: 4\r\nConnection: "
        "close\r\n\r\nbody");
    EXPECT_EQ(handler_.last.method, "PUT");
    EXPECT_EQ(handler_.last.target, "/echo?a=%20");
    EXPECT_EQ(handler_.last.body, "body");
    EXPECT_EQ(handler_.last.header("X-ONE"), "1");
    EXPECT_EQ(handler_.last.headers.size(), 5U);
    EXPECT_EQ(handler_.last.remote_address, "127.0.0.1");
    EXPECT_FALSE(handler_.last.keep_alive);
}

TEST_F(HttpServerTest, answers_with_and_without_its_base_path) {
    options_.base_path = "/scanner";
    EXPECT_THAT(get("/scanner/target?a=1"), EndsWith("\r\n\r\n/target?a=1"));
    EXPECT_THAT(get("/target?a=1"), EndsWith("\r\n\r\n/target?a=1"));
    EXPECT_THAT(get("http://host/scanner/target"), EndsWith("\r\n\r\n/target"));
}

TEST_F(HttpServerTest, answers_pipelined_requests_in_order) {
    RawClient client(port());
    std::string requests;
    for (int count = 0; count < 200; ++count) requests += request_line("/target?n=" + std::to_string(count) + ";");
    requests += "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nlast";
    requests += request_line("/slow") + request_line("/target?end");
    client.send(requests);
    const auto received = client.read_until("?end");
    std::size_t at = 0;
    for (int count = 0; count < 200; ++count) {
        at = received.find("?n=" + std::to_string(count) + ";", at);
        ASSERT_NE(at, std::string::npos) << count;
    }
    EXPECT_THAT(received.substr(at),
                AllOf(HasSubstr("\r\n\r\nlast"), HasSubstr("\r\n\r\nslow"), EndsWith("/target?end")));
}

TEST_F(HttpServerTest, reads_a_request_that_comes_byte_by_byte) {
    RawClient client(port());
    for (const char byte : std::string("\r\nPOST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")) {
        client.send(std::string_view(&byte, 1));
        std::this_thread::sleep_for(1ms);
    }
    EXPECT_THAT(client.read_until("abc"), EndsWith("\r\n\r\nabc"));
}

TEST_F(HttpServerTest, reads_chunked_bodies_and_drops_trailers) {
    RawClient client(port());
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nfirst\r\n6\r");
    std::this_thread::sleep_for(5ms);
    client.send("\nsecond\r\n0\r\nX-Trailer: t\r\n\r\n");
    EXPECT_THAT(client.read_until("second"), EndsWith("Content-Length: 11\r\n\r\nfirstsecond"));
    EXPECT_EQ(handler_.last.header("x-trailer"), "");
}

TEST_F(HttpServerTest, sends_head_without_the_body) {
    RawClient client(port());
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + request_line("/target"));
    const auto received = client.read_until("/target");
    EXPECT_THAT(received, AllOf(HasSubstr("Content-Length: 5\r\n\r\nHTTP/1.1 200"), EndsWith("/target")));
}

TEST_F(HttpServerTest, sends_no_body_with_204) {
    RawClient client(port());
    client.send(request_line("/none") + request_line("/target"));
    const auto received = client.read_until("/target");
    EXPECT_THAT(received, AllOf(StartsWith("HTTP/1.1 204 No Content\r\n"), Not(HasSubstr("ignored"))));
}

TEST_F(HttpServerTest, speaks_http_1_0) {
    EXPECT_THAT(answer("GET / HTTP/1.0\r\n\r\n"), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("hello")));
    RawClient client(port());
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(client.read_until("hello"), HasSubstr("Connection: keep-alive\r\n"));
    client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(client.read_all(),
                AllOf(Not(HasSubstr("chunked")), HasSubstr("Connection: close"), EndsWith("\r\n\r\nfirstsecond")));
    EXPECT_TRUE(client.ended());
}

TEST_F(HttpServerTest, closes_when_the_answer_says_so) {
    const auto received = answer(request_line("/close"));
    EXPECT_THAT(received, AllOf(HasSubstr("Connection: close\r\n"), EndsWith("last")));
}

TEST_F(HttpServerTest, tells_a_client_that_waits_to_continue) {
    RawClient client(port());
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("bo");
    std::this_thread::sleep_for(5ms);
    client.send("dy");
    EXPECT_THAT(client.read_until("body"), AllOf(StartsWith("HTTP/1.1 200 OK"), EndsWith("body")));
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody");
    EXPECT_THAT(client.read_until("body"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(HttpServerTest, does_not_invite_a_body_that_is_too_large) {
    options_.max_body_bytes = 10;
    EXPECT_THAT(answer("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n"),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(answer("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n"), StartsWith("HTTP/1.1 417 "));
}

TEST_F(HttpServerTest, sends_large_bodies_to_readers_that_take_their_time) {
    handler_.big_bytes = 8U << 20U;
    RawClient client(port(), 4096);
    client.send(request_line("/big") + request_line("/target"));
    EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("Content-Length: 8388608\r\n"));
    EXPECT_EQ(client.read_bytes(8U << 20U), std::string(8U << 20U, 'x'));
    EXPECT_THAT(client.read_until("/target"), EndsWith("/target"));
}

// -- streams ---------------------------------------------------------------------------------------------------------

TEST_F(HttpServerTest, sends_a_stream_in_chunks_and_goes_on) {
    RawClient client(port());
    client.send(request_line("/stream") + request_line("/target"));
    EXPECT_THAT(client.read_until("0\r\n\r\n"),
                AllOf(HasSubstr("Transfer-Encoding: chunked\r\n"), Not(HasSubstr("Content-Length")),
                      EndsWith("\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n")));
    EXPECT_THAT(client.read_until("/target"), EndsWith("/target"));
}

TEST_F(HttpServerTest, sends_a_stream_of_declared_length_as_it_is) {
    RawClient client(port());
    client.send(request_line("/declared") + request_line("/target"));
    EXPECT_THAT(client.read_until("second"),
                AllOf(HasSubstr("Content-Length: 11\r\n\r\nfirstsecond"), Not(HasSubstr("chunked"))));
    EXPECT_THAT(client.read_until("/target"), EndsWith("/target"));
}

TEST_F(HttpServerTest, answers_an_empty_stream_with_an_empty_body) {
    EXPECT_THAT(get("/empty-stream"), AllOf(HasSubstr("Content-Length: 0\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, does_not_run_a_stream_for_head) {
    const auto received = answer("HEAD /throw-first HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(received, AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, closes_after_less_than_was_declared) {
    EXPECT_THAT(answer(request_line("/short-stream")),
                AllOf(HasSubstr("Content-Length: 50\r\n"), EndsWith("\r\n\r\nfirstsecond")));
    EXPECT_THAT(answer(request_line("/short-body")),
                AllOf(HasSubstr("Content-Length: 50\r\n"), EndsWith("\r\n\r\nhello")));
}

TEST_F(HttpServerTest, cuts_a_body_to_what_was_declared) {
    RawClient client(port());
    client.send(request_line("/cut-body") + request_line("/target"));
    EXPECT_THAT(client.read_until("/target"), HasSubstr("Content-Length: 2\r\n\r\nheHTTP/1.1"));
}

TEST_F(HttpServerTest, refuses_to_write_more_than_was_declared) {
    RawClient client(port());
    client.send(request_line("/too-much") + request_line("/target"));
    EXPECT_THAT(client.read_until("/target"), HasSubstr("Content-Length: 3\r\n\r\nabcHTTP/1.1"));
    ASSERT_EQ(handler_.writes.size(), 3U);
    EXPECT_EQ(handler_.writes[0].error().code(), ErrorCode::invalid_input);
    EXPECT_TRUE(handler_.writes[1]);
    EXPECT_FALSE(handler_.writes[2]);
}

TEST_F(HttpServerTest, drops_the_connection_when_a_stream_aborts) {
    RawClient client(port());
    client.send(request_line("/abort"));
    EXPECT_THAT(client.read_all(), EndsWith("5\r\nstart\r\n"));
    EXPECT_TRUE(client.reset());
    RawClient other(port());
    other.send(request_line("/abort-first"));
    EXPECT_EQ(other.read_all(), "");
    EXPECT_TRUE(other.reset());
}

TEST_F(HttpServerTest, ends_a_stream_whose_reader_went_away) {
    {
        RawClient client(port());
        client.send(request_line("/flood"));
        client.read_bytes(100'000);
    }
    ASSERT_TRUE(connections_become(0));
    ASSERT_EQ(handler_.writes.size(), 1U);
    EXPECT_EQ(handler_.writes[0].error().code(), ErrorCode::network);
}

}  // namespace
}  // namespace scanner::net
