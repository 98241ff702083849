#include "net/client/curl_client_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace scanner::net {
namespace {

using test::ok;

TEST(CurlClient, gives_status_headers_and_body_whatever_the_status) {
    Bench bench([](const std::string&) {
        return Scripted{
            "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nX-First:  one \r\nx-first: two\r\nX-Empty:\r\n\r\nwhat?"};
    });
    const Answer answer = bench.get("/linear-swap-ex/market/depth?contract_code=BTC-USDT&type=step0");
    ASSERT_TRUE(answer.has_value()) << answer.error().message();
    EXPECT_EQ(answer->status, 404);
    EXPECT_EQ(answer->body, "what?");
    EXPECT_EQ(find_header(answer->headers, "X-FIRST"), "one");
    EXPECT_EQ(find_header(answer->headers, "x-empty"), "");
    EXPECT_EQ(find_header(answer->headers, "absent"), "");
    EXPECT_EQ(answer->headers.size(), 4U);
    EXPECT_GT(answer->elapsed.count(), 0);
    const std::string& request = bench.server.requests().at(0);
    EXPECT_TRUE(request.starts_with("GET /linear-swap-ex/market/depth?contract_code=BTC-USDT&type=step0 HTTP/1.1\r\n"))
        << request;
    EXPECT_NE(request.find("User-Agent: market-scanner\r\n"), std::string::npos) << request;
    EXPECT_NE(request.find("gzip"), std::string::npos) << request;
}

TEST(CurlClient, keeps_its_connection_for_the_next_request) {
    Bench bench([](const std::string&) { return ok("{}"); });
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(bench.get().has_value()) << i;
    EXPECT_EQ(bench.server.requests().size(), 20U);
    EXPECT_EQ(bench.server.accepted(), 1);
}

TEST(CurlClient, opens_a_new_connection_when_the_kept_one_was_closed) {
    Bench bench([](const std::string&) {
        Scripted answer = ok("{}");  // says nothing of closing
        answer.then = Then::close;
        return answer;
    });
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(bench.get().has_value()) << i;
    EXPECT_EQ(bench.server.accepted(), 5);
}

TEST(CurlClient, undoes_gzip) {
    const std::string text = R"({"status":"ok","ticks":[)" + std::string(300'000, ' ') + "]}";
    Bench bench([&](const std::string&) { return ok(gzip(text), "Content-Encoding: gzip\r\n"); });
    const Answer answer = bench.get();
    ASSERT_TRUE(answer.has_value()) << answer.error().message();
    EXPECT_EQ(answer->body, text);
}

TEST(CurlClient, reads_chunks) {
    Bench bench([](const std::string&) {
        return Scripted{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nover\r\n5\r\n here\r\n0\r\n\r\n"};
    });
    EXPECT_EQ(bench.get()->body, "over here");
}

TEST(CurlClient, passes_over_interim_answers) {
    Bench bench(
        [](const std::string&) { return Scripted{"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok("{}").bytes}; });
    const Answer answer = bench.get();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->headers.size(), 1U);
}

TEST(CurlClient, does_not_follow_redirects) {
    Bench bench([](const std::string&) {
        return Scripted{"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"};
    });
    EXPECT_EQ(bench.get()->status, 302);
    EXPECT_EQ(bench.server.requests().size(), 1U);
}

TEST(CurlClient, sends_method_headers_and_body_as_given) {
    Bench bench([](const std::string&) { return ok(""); });
    const std::string body("{\"alert\":1}\0binary", 18);
    ASSERT_TRUE(
        bench
            .send({.method = "POST",
                   .url = bench.server.url("/hook"),
                   .headers = {{"Content-Type", "application/json"}, {"X-Signature", "t=1,v1=ab"}, {"X-None", ""}},
                   .body = body})
            .has_value());
    const std::string& request = bench.server.requests().at(0);
    EXPECT_TRUE(request.starts_with("POST /hook HTTP/1.1\r\n")) << request;
    EXPECT_NE(request.find("Content-Type: application/json\r\n"), std::string::npos) << request;
    EXPECT_NE(request.find("X-Signature: t=1,v1=ab\r\n"), std::string::npos) << request;
    EXPECT_NE(request.find("X-None:\r\n"), std::string::npos) << request;
    EXPECT_EQ(request.find("Expect"), std::string::npos) << request;
    EXPECT_TRUE(request.ends_with(body));
}

TEST(CurlClient, knows_the_other_methods) {
    Bench bench([](const std::string& request) {
        return request.starts_with("HEAD") ? Scripted{"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"} : ok("");
    });
    for (const std::string method : {"HEAD", "DELETE", "PUT", "PATCH", "POST", "OPTIONS", "GET"}) {
        const Answer answer = bench.send({.method = method, .url = bench.server.url(), .timeout = 5s});
        ASSERT_TRUE(answer.has_value()) << method << answer.error().message();
        const std::string& request = bench.server.requests().back();
        EXPECT_TRUE(request.starts_with(method + " / HTTP/1.1\r\n")) << request;
        EXPECT_EQ(request.find("Content-Type"), std::string::npos) << request;
    }
    EXPECT_EQ(bench.server.accepted(), 1) << "a handle carries nothing over to its next request";
}

TEST(CurlClient, refuses_requests_that_would_say_something_else) {
    Bench bench([](const std::string&) { return ok("{}"); });
    const std::string url = bench.server.url();
    const std::vector<ClientRequest> requests = {
        {.url = ""},
        {.url = "/relative"},
        {.url = "127.0.0.1:80"},
        {.url = "file:///etc/passwd"},
        {.url = "ftp://127.0.0.1/"},
        {.url = "http://"},
        {.url = "http://127.0.0.1:99999/"},
        {.url = url + "a b"},
        {.url = url + "\r\nX: y"},
        {.method = "", .url = url},
        {.method = "GET / HTTP/1.1\r\nX:", .url = url},
        {.url = url, .headers = {{"X-A", "b\r\nX-C: d"}}},
        {.url = url, .headers = {{"X A", "b"}}},
        {.url = url, .headers = {{"", "b"}}},
    };
    for (const ClientRequest& request : requests) {
        EXPECT_EQ(code(bench.send(request)), ErrorCode::invalid_input) << request.method << ' ' << request.url;
    }
    EXPECT_TRUE(bench.server.requests().empty());
}

TEST(CurlClient, messages_name_the_service_and_keep_its_secrets) {
    Bench bench([](const std::string&) { return Scripted{"", 0ms, Then::close}; });
    const std::string host = "127.0.0.1:" + std::to_string(bench.server.port());
    const Answer answer = bench.send({.url = "http://user:pass@" + host + "/hooks/s3cret?token=s3cret"});
    ASSERT_FALSE(answer.has_value());
    EXPECT_TRUE(answer.error().message().starts_with("GET http://" + host + ": ")) << answer.error().message();
    EXPECT_EQ(answer.error().message().find("s3cret"), std::string::npos);
    EXPECT_EQ(answer.error().message().find("pass"), std::string::npos);
}

TEST(CurlClient, honours_the_usual_proxy_variables) {
    Bench bench([](const std::string&) { return ok("by proxy"); });
    setenv("http_proxy", bench.server.url().c_str(), 1);  // NOLINT(concurrency-mt-unsafe): the only thread
    const Answer answer = bench.send({.url = "http://api.example/path"});
    unsetenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
    ASSERT_TRUE(answer.has_value()) << answer.error().message();
    EXPECT_EQ(answer->body, "by proxy");
    EXPECT_TRUE(bench.server.requests().at(0).starts_with("GET http://api.example/path HTTP/1.1\r\n"));
}

TEST(CurlClient, two_clients_keep_out_of_each_others_way) {
    Bench bench([](const std::string&) { return ok("{}"); });
    const auto other = make_curl_client(bench.io.get_executor(), {});
    EXPECT_TRUE(bench.get().has_value());
    EXPECT_TRUE(run_on(bench.io, other->send({.url = bench.server.url()})).has_value());
    EXPECT_EQ(bench.server.accepted(), 2);
}

}  // namespace
}  // namespace scanner::net
