#include "net/client/curl_client_fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace scanner::net {
namespace {

using test::ok;

TEST(CurlClient, a_body_cut_short_is_malformed) {
    const std::vector<std::string> answers = {
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"status\":",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"status\":",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n",
    };
    for (const std::string& bytes : answers) {
        Bench bench([&](const std::string&) { return Scripted{bytes, 0ms, Then::close}; });
        EXPECT_EQ(code(bench.get()), ErrorCode::malformed) << bytes;
    }
}

TEST(CurlClient, an_answer_that_is_not_http_is_malformed) {
    const std::vector<std::string> answers = {
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        ok("this is not gzip", "Content-Encoding: gzip\r\n").bytes,
    };
    for (const std::string& bytes : answers) {
        Bench bench([&](const std::string&) { return Scripted{bytes, 0ms, Then::close}; });
        EXPECT_EQ(code(bench.get()), ErrorCode::malformed) << bytes;
    }
}

TEST(CurlClient, refuses_a_body_that_is_too_long) {
    const std::string big(100'001, 'x');
    const std::vector<Scripted> answers = {
        ok(big),
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n" + big + "\r\n0\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\n\r\n" + big, 0ms, Then::close},
        ok(gzip(std::string(50'000'000, '\0')), "Content-Encoding: gzip\r\n"),  // 49 kB on the wire
    };
    for (const Scripted& scripted : answers) {
        Bench bench([&](const std::string&) { return scripted; });
        const Answer answer = bench.send({.url = bench.server.url(), .max_body_bytes = 100'000});
        EXPECT_EQ(code(answer), ErrorCode::malformed);
        EXPECT_NE(answer.error().message().find("longer than 100000 bytes"), std::string::npos)
            << answer.error().message();
    }
    Bench bench([&](const std::string&) { return ok(big); });
    EXPECT_TRUE(bench.send({.url = bench.server.url(), .max_body_bytes = 100'001}).has_value());
}

TEST(CurlClient, refuses_headers_without_end) {
    Bench bench([](const std::string&) {
        std::string bytes = "HTTP/1.1 200 OK\r\n";
        for (int i = 0; i < 10'000; ++i)
            bytes += "X-Header-" + std::to_string(i) + ": " + std::string(100, 'x') + "\r\n";
        return Scripted{bytes, 0ms, Then::hang};
    });
    EXPECT_EQ(code(bench.get()), ErrorCode::malformed);
}

TEST(CurlClient, gives_up_on_a_slow_answer_and_its_connection) {
    bool slow = true;
    Bench bench([&](const std::string&) { return slow ? Scripted{"HTTP/1.1 200 OK\r\n", 0ms, Then::hang} : ok("{}"); });
    EXPECT_EQ(code(bench.get("/", 30ms)), ErrorCode::timeout);
    bench.run_until([&] { return bench.server.open() == 0; });
    slow = false;
    EXPECT_TRUE(bench.get().has_value());
    EXPECT_EQ(bench.server.accepted(), 2);
}

TEST(CurlClient, counts_waiting_for_a_connection_towards_the_timeout) {
    Bench bench([](const std::string&) { return Scripted{"", 0ms, Then::hang}; }, {.max_connections = 1});
    const auto answers =
        run_on(bench.io, fetch_all(bench.client.get(), {.url = bench.server.url(), .timeout = 40ms}, 3));
    ASSERT_EQ(answers.size(), 3U);
    for (const Answer& answer : answers) EXPECT_EQ(code(answer), ErrorCode::timeout);
}

TEST(CurlClient, a_service_that_cannot_be_reached_is_a_network_error) {
    Bench bench([](const std::string&) { return Scripted{"HTTP/1.1 400 Bad Request\r\n\r\n", 0ms, Then::close}; });
    const auto refused = "http://127.0.0.1:" + std::to_string(test::closed_port(bench.io)) + "/";
    EXPECT_EQ(code(bench.send({.url = refused})), ErrorCode::network);
    // Longer than a label may be, so that the resolver refuses it without asking a server.
    EXPECT_EQ(code(bench.send({.url = "http://" + std::string(70, 'a') + ".invalid/"})), ErrorCode::network);
    // Plain HTTP where TLS is expected.
    EXPECT_EQ(code(bench.send({.url = "https" + bench.server.url().substr(4)})), ErrorCode::network);
}

TEST(CurlClient, a_connection_that_breaks_is_a_network_error) {
    const std::vector<Scripted> answers = {
        {"", 0ms, Then::reset},
        {"", 0ms, Then::close},
    };
    for (const Scripted& scripted : answers) {
        Bench bench([&](const std::string&) { return scripted; });
        EXPECT_EQ(code(bench.get()), ErrorCode::network);
    }
}

TEST(CurlClient, a_connection_that_breaks_in_mid_answer_is_an_error) {
    Bench bench([&](const std::string&) {
        return Scripted{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", 0ms, Then::reset};
    });
    // A broken connection or an answer cut short: versions of libcurl see it differently.
    const ErrorCode seen = code(bench.get());
    EXPECT_TRUE(seen == ErrorCode::network || seen == ErrorCode::malformed) << core::to_string(seen);
}

TEST(CurlClient, a_handle_works_again_whatever_became_of_its_last_request) {
    Bench bench([](const std::string& request) {
        if (request.starts_with("GET /reset")) return Scripted{"", 0ms, Then::reset};
        if (request.starts_with("GET /short"))
            return Scripted{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", 0ms, Then::close};
        if (request.starts_with("GET /slow")) return Scripted{"", 0ms, Then::hang};
        return ok("{}");
    });
    const std::string refused = "http://127.0.0.1:" + std::to_string(test::closed_port(bench.io)) + "/";
    const std::string unresolved = "http://" + std::string(70, 'a') + ".invalid/";
    for (const std::string& url : {refused, unresolved, bench.server.url("/reset"), bench.server.url("/short"),
                                   bench.server.url("/slow"), std::string("http://127.0.0.1:99999/")}) {
        EXPECT_FALSE(bench.send({.url = url, .timeout = 30ms}).has_value()) << url;
        const Answer next = bench.get();
        EXPECT_TRUE(next.has_value()) << url << ": " << (next ? "" : next.error().message());
    }
}

TEST(CurlClient, shares_few_connections_among_many_requests) {
    Bench bench([](const std::string&) { return Scripted{ok("{}").bytes, 5ms}; }, {.max_connections = 8});
    const auto answers = run_on(bench.io, fetch_all(bench.client.get(), {.url = bench.server.url()}, 40));
    ASSERT_EQ(answers.size(), 40U);
    for (const Answer& answer : answers) EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(bench.server.max_open(), 8);
    EXPECT_EQ(bench.server.accepted(), 8);
}

TEST(CurlClient, a_slow_answer_does_not_hold_up_the_others) {
    Bench bench([](const std::string& request) {
        return request.starts_with("GET /slow") ? Scripted{"", 0ms, Then::hang} : ok("{}");
    });
    std::vector<Answer> slow;
    TaskGroup group(bench.io.get_executor(), nullptr);
    ASSERT_TRUE(group.spawn("slow", fetch(bench.client.get(), {.url = bench.server.url("/slow")}, &slow)));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(bench.get("/quick").has_value());
    EXPECT_TRUE(slow.empty());
}

TEST(CurlClient, cancelling_withdraws_the_request) {
    Bench bench([](const std::string& request) {
        return request.starts_with("GET /slow") ? Scripted{"", 0ms, Then::hang} : ok("{}");
    });
    std::vector<Answer> answers;
    TaskGroup group(bench.io.get_executor(), nullptr);
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(group.spawn("slow", fetch(bench.client.get(), {.url = bench.server.url("/slow")}, &answers)));
    }
    bench.run_until([&] { return bench.server.requests().size() == 3; });
    group.cancel();
    EXPECT_TRUE(run_on(bench.io, group.join(std::chrono::steady_clock::now() + 10s)).has_value());
    ASSERT_EQ(answers.size(), 3U);
    for (const Answer& answer : answers) EXPECT_EQ(code(answer), ErrorCode::cancelled);
    bench.run_until([&] { return bench.server.open() == 0; });
    EXPECT_TRUE(bench.get().has_value());
}

TEST(CurlClient, an_outer_deadline_withdraws_the_request_too) {
    Bench bench([](const std::string&) { return Scripted{"", 0ms, Then::hang}; });
    const Answer answer =
        run_on(bench.io, with_timeout(bench.client->send({.url = bench.server.url(), .timeout = 10s}), 20ms));
    EXPECT_EQ(code(answer), ErrorCode::timeout);
    bench.run_until([&] { return bench.server.open() == 0; });
}

TEST(CurlClient, a_request_cancelled_while_it_waits_for_a_connection_leaves_the_line) {
    Bench bench(
        [](const std::string& request) {
            return request.starts_with("GET /first") ? Scripted{ok("{}").bytes, 30ms} : ok("{}");
        },
        {.max_connections = 1});
    std::vector<Answer> first;
    std::vector<Answer> waiting;
    TaskGroup keep(bench.io.get_executor(), nullptr);
    TaskGroup drop(bench.io.get_executor(), nullptr);
    ASSERT_TRUE(keep.spawn("first", fetch(bench.client.get(), {.url = bench.server.url("/first")}, &first)));
    ASSERT_TRUE(drop.spawn("waiting", fetch(bench.client.get(), {.url = bench.server.url("/waiting")}, &waiting)));
    bench.run_until([&] { return bench.server.requests().size() == 1; });
    drop.cancel();
    EXPECT_TRUE(run_on(bench.io, drop.join(std::chrono::steady_clock::now() + 10s)).has_value());
    EXPECT_TRUE(run_on(bench.io, keep.join(std::chrono::steady_clock::now() + 10s)).has_value());
    EXPECT_EQ(code(waiting.at(0)), ErrorCode::cancelled);
    EXPECT_TRUE(first.at(0).has_value());
    EXPECT_TRUE(bench.get("/next").has_value());
    EXPECT_EQ(bench.server.requests().size(), 2U);
}

TEST(CurlClient, going_away_cancels_what_is_under_way) {
    Bench bench([](const std::string&) { return Scripted{"", 0ms, Then::hang}; }, {.max_connections = 2});
    std::vector<Answer> answers;
    TaskGroup group(bench.io.get_executor(), nullptr);
    for (int i = 0; i < 5; ++i) {  // three of them wait for a connection
        ASSERT_TRUE(group.spawn("pending", fetch(bench.client.get(), {.url = bench.server.url()}, &answers)));
    }
    bench.run_until([&] { return bench.server.requests().size() == 2; });
    bench.client.reset();
    EXPECT_TRUE(run_on(bench.io, group.join(std::chrono::steady_clock::now() + 10s)).has_value());
    ASSERT_EQ(answers.size(), 5U);
    for (const Answer& answer : answers) EXPECT_EQ(code(answer), ErrorCode::cancelled);
    bench.run_until([&] { return bench.server.open() == 0; });
}

TEST(CurlClient, a_request_not_begun_when_the_client_goes_is_cancelled) {
    Bench bench([](const std::string&) { return ok("{}"); });
    auto request = bench.client->send({.url = bench.server.url()});
    bench.client.reset();
    EXPECT_EQ(code(run_on(bench.io, std::move(request))), ErrorCode::cancelled);
    EXPECT_EQ(bench.server.accepted(), 0);
}

TEST(CurlClient, requests_left_over_go_with_the_loop) {
    std::vector<Answer> answers;
    {
        Bench bench([](const std::string&) { return Scripted{"", 0ms, Then::hang}; });
        for (int i = 0; i < 3; ++i) {
            asio::co_spawn(bench.io, fetch(bench.client.get(), {.url = bench.server.url()}, &answers), asio::detached);
        }
        bench.run_until([&] { return bench.server.requests().size() == 3; });
    }
    EXPECT_TRUE(answers.empty());
}

}  // namespace
}  // namespace scanner::net
