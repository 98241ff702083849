#include "net/server/request_rules.hpp"
#include "net/server/response_head.hpp"

#include "scanner/net/http_client.hpp"
#include "scanner/net/http_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace scanner::net {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr AnswerTo kGet{};
constexpr AnswerTo kHead{.head = true};
constexpr AnswerTo kOldGet{.version = 10, .keep_alive = false};
constexpr std::string_view kServerLines = "Server: s\r\nDate: d\r\n";

ServerResponse text_response(std::string text) {
    ServerResponse response;
    response.body = std::make_shared<const std::string>(std::move(text));
    return response;
}

boost::asio::awaitable<void> no_stream(BodyWriter& writer) {
    static_cast<void>(writer);
    co_return;
}

ServerResponse stream_response() {
    ServerResponse response;
    response.stream = no_stream;
    return response;
}

std::string head_of(const ServerResponse& response, AnswerTo to = kGet) {
    std::string head;
    append_response_head(head, response, plan_response(response, to), to, kServerLines);
    return head;
}

TEST(ResponsePlan, states_the_length_of_a_body) {
    const auto plan = plan_response(text_response("four"), kGet);
    EXPECT_EQ(plan.framing, BodyFraming::length);
    EXPECT_EQ(plan.length, 4U);
    EXPECT_TRUE(plan.send_body);
    EXPECT_FALSE(plan.close);
}

TEST(ResponsePlan, states_but_does_not_send_the_body_of_a_head_request) {
    const auto plan = plan_response(text_response("four"), kHead);
    EXPECT_EQ(plan.length, 4U);
    EXPECT_FALSE(plan.send_body);
    EXPECT_FALSE(plan.close);
    EXPECT_EQ(plan_response(stream_response(), kHead).framing, BodyFraming::chunked);
}

TEST(ResponsePlan, has_neither_body_nor_length_for_204_and_304) {
    for (const int status : {204, 304}) {
        auto response = text_response("four");
        response.status = status;
        const auto plan = plan_response(response, kGet);
        EXPECT_EQ(plan.framing, BodyFraming::none);
        EXPECT_FALSE(plan.send_body);
        EXPECT_THAT(head_of(response), Not(HasSubstr("Content-Length")));
    }
}

TEST(ResponsePlan, chunks_a_stream_and_ends_it_by_closing_in_http_1_0) {
    EXPECT_EQ(plan_response(stream_response(), kGet).framing, BodyFraming::chunked);
    const AnswerTo old_but_kept{.version = 10, .keep_alive = true};
    const auto plan = plan_response(stream_response(), old_but_kept);
    EXPECT_EQ(plan.framing, BodyFraming::until_close);
    EXPECT_TRUE(plan.close);
}

TEST(ResponsePlan, closes_after_less_than_was_declared) {
    auto response = text_response("four");
    response.declared_length = 10;
    EXPECT_EQ(plan_response(response, kGet).length, 10U);
    EXPECT_TRUE(plan_response(response, kGet).close);
    EXPECT_FALSE(plan_response(response, kHead).close);
    response.declared_length = 2;
    EXPECT_EQ(plan_response(response, kGet).length, 2U);
    EXPECT_FALSE(plan_response(response, kGet).close);
}

TEST(ResponseHead, is_complete) {
    auto response = text_response("four");
    response.status = 404;
    response.headers = {{"Content-Type", "text/plain"}};
    EXPECT_EQ(
        head_of(response),
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nServer: s\r\nDate: d\r\nContent-Length: 4\r\n\r\n");
}

TEST(ResponseHead, says_what_becomes_of_the_connection) {
    EXPECT_THAT(head_of(text_response("")), Not(HasSubstr("Connection")));
    EXPECT_THAT(head_of(text_response(""), kOldGet), HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(head_of(text_response(""), AnswerTo{.version = 10}), HasSubstr("\r\nConnection: keep-alive\r\n"));
}

TEST(ResponseHead, keeps_the_servers_own_fields_to_itself) {
    auto response = text_response("four");
    response.headers = {{"content-length", "99"}, {"Transfer-Encoding", "chunked"}, {"CONNECTION", "close"}};
    const auto head = head_of(response);
    EXPECT_EQ(head, "HTTP/1.1 200 OK\r\nServer: s\r\nDate: d\r\nContent-Length: 4\r\n\r\n");
}

TEST(ResponseHead, lets_a_response_bring_its_own_date_or_server) {
    auto response = text_response("");
    response.headers = {{"date", "mine"}};
    EXPECT_EQ(head_of(response), "HTTP/1.1 200 OK\r\ndate: mine\r\nServer: s\r\nContent-Length: 0\r\n\r\n");
    response.headers = {{"Server", "openresty"}, {"Date", "mine"}};
    EXPECT_EQ(head_of(response), "HTTP/1.1 200 OK\r\nServer: openresty\r\nDate: mine\r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseHead, does_not_let_a_value_write_headers) {
    auto response = text_response("");
    response.headers = {{"Location", std::string("/x\r\nSet-Cookie: a=b\0c", 21)}};
    EXPECT_THAT(head_of(response), HasSubstr("Location: /x  Set-Cookie: a=b c\r\n"));
}

TEST(ResponseHead, sends_rendered_headers_as_they_are) {
    auto response = text_response("");
    response.rendered_headers = std::make_shared<const std::string>("ETag: \"1\"\r\nVary: Accept\r\n");
    EXPECT_EQ(head_of(response),
              "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nVary: Accept\r\nServer: s\r\nDate: d\r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseHead, names_the_statuses) {
    EXPECT_EQ(reason_phrase(200), "OK");
    EXPECT_EQ(reason_phrase(422), "Unprocessable Content");
    EXPECT_EQ(reason_phrase(507), "Insufficient Storage");
    EXPECT_EQ(reason_phrase(299), "Unknown");
    EXPECT_EQ(reason_phrase(999), "Unknown");
}

TEST(HttpDate, is_an_imf_fixdate) {
    using namespace std::chrono;
    EXPECT_EQ(format_http_date(sys_seconds(seconds(784'111'777))), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(format_http_date(sys_seconds(seconds(0))), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(format_http_date(sys_seconds(seconds(1'709'164'799))), "Wed, 28 Feb 2024 23:59:59 GMT");
    EXPECT_EQ(format_http_date(sys_seconds(seconds(1'709'164'800))), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(HttpDate, changes_with_the_second) {
    using namespace std::chrono;
    ServerLines lines("name");
    EXPECT_EQ(lines.at(sys_seconds(seconds(0))), "Server: name\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
    EXPECT_EQ(lines.at(sys_seconds(seconds(1))), "Server: name\r\nDate: Thu, 01 Jan 1970 00:00:01 GMT\r\n");
    EXPECT_EQ(ServerLines("").at(sys_seconds(seconds(0))), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
}

ServerRequest request_with(std::vector<Header> headers) {
    ServerRequest request;
    request.method = "GET";
    request.target = "/";
    request.headers = std::move(headers);
    return request;
}

int refusal(std::vector<Header> headers, int version = 11) {
    const auto failure = check_head(request_with(std::move(headers)), version);
    return failure ? failure->status : 0;
}

TEST(RequestRules, demand_one_host) {
    EXPECT_EQ(refusal({{"HOST", "a"}}), 0);
    EXPECT_EQ(refusal({}), 400);
    EXPECT_EQ(refusal({}, 10), 0);
    EXPECT_EQ(refusal({{"Host", "a"}, {"host", "b"}}), 400);
    EXPECT_EQ(refusal({{"Host", "a"}, {"host", "b"}}, 10), 400);
}

TEST(RequestRules, know_no_transfer_encoding_but_chunked) {
    EXPECT_EQ(refusal({{"Host", "a"}, {"Transfer-Encoding", "Chunked"}}), 0);
    EXPECT_EQ(refusal({{"Host", "a"}, {"Transfer-Encoding", "gzip, chunked"}}), 501);
    EXPECT_EQ(refusal({{"Host", "a"}, {"Transfer-Encoding", "identity"}}), 501);
    EXPECT_EQ(refusal({{"Host", "a"}, {"Transfer-Encoding", "chunked"}}, 10), 400);
}

TEST(RequestRules, meet_no_expectation_but_100_continue) {
    EXPECT_EQ(refusal({{"Host", "a"}, {"Expect", "100-Continue"}}), 0);
    EXPECT_EQ(refusal({{"Host", "a"}, {"Expect", "miracles"}}), 417);
    EXPECT_TRUE(expects_continue(request_with({{"expect", "100-continue"}}), 11));
    EXPECT_FALSE(expects_continue(request_with({{"expect", "100-continue"}}), 10));
    EXPECT_FALSE(expects_continue(request_with({}), 11));
}

std::vector<Header> handshake() {
    return {{"Host", "a"},
            {"Upgrade", "WebSocket"},
            {"Connection", "keep-alive, Upgrade"},
            {"Sec-WebSocket-Version", "13"},
            {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
}

Upgrade classify_with(std::size_t index, std::string value) {
    auto headers = handshake();
    headers[index].value = std::move(value);
    return classify_upgrade(request_with(std::move(headers)), 11);
}

TEST(RequestRules, recognise_a_websocket_handshake) {
    EXPECT_EQ(classify_upgrade(request_with(handshake()), 11), Upgrade::websocket);
    EXPECT_EQ(classify_with(1, "h2c, websocket"), Upgrade::websocket);
}

TEST(RequestRules, take_other_upgrades_for_ordinary_requests) {
    EXPECT_EQ(classify_upgrade(request_with(handshake()), 10), Upgrade::none);
    EXPECT_EQ(classify_with(1, "h2c"), Upgrade::none);
    EXPECT_EQ(classify_with(2, "keep-alive"), Upgrade::none);
    auto post = request_with(handshake());
    post.method = "POST";
    EXPECT_EQ(classify_upgrade(post, 11), Upgrade::none);
}

TEST(RequestRules, refuse_other_versions_and_keys) {
    EXPECT_EQ(classify_with(3, "8"), Upgrade::bad_version);
    EXPECT_EQ(classify_with(4, "short=="), Upgrade::bad_key);
    EXPECT_EQ(classify_with(4, "dGhlIHNhbXBsZSBub25jZQ"), Upgrade::bad_key);
    EXPECT_EQ(classify_with(4, "dGhlIHNhbXBsZSBub25j!Q=="), Upgrade::bad_key);
}

TEST(ServerRequest, divides_its_target) {
    ServerRequest request;
    request.target = "/a/b?c=d";
    EXPECT_EQ(request.path(), "/a/b");
    EXPECT_EQ(request.query(), "c=d");
}

}  // namespace
}  // namespace scanner::net
