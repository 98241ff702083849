#include "net/scripted_server.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/net/deadline.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>
#include <zlib.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using core::ErrorCode;
using test::ok;
using test::run_on;
using test::Scripted;
using test::ScriptedServer;
using Then = Scripted::Then;
using Answer = core::Result<ClientResponse>;

/// The tests talk to 127.0.0.1 themselves, whatever proxy this machine uses.
class NoProxy final : public testing::Environment {
public:
    void SetUp() override {
        for (const char* const name : {"http_proxy", "all_proxy", "ALL_PROXY"})
            unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
    }
};
[[maybe_unused]] const testing::Environment* const kNoProxy = testing::AddGlobalTestEnvironment(new NoProxy);

struct Bench {
    explicit Bench(ScriptedServer::Script script, const HttpClientOptions& options = {})
        : server(io, std::move(script)), client(make_curl_client(io.get_executor(), options)) {}

    Answer get(const std::string& path = "/", std::chrono::milliseconds timeout = 10s) {
        return send({.url = server.url(path), .timeout = timeout});
    }
    Answer send(ClientRequest request) { return run_on(io, client->send(std::move(request))); }
    /// Lets the loop run until `condition` holds; fails the test if that takes too long.
    template <class Condition>
    void run_until(Condition condition) {
        io.restart();
        const auto limit = std::chrono::steady_clock::now() + 10s;
        while (!condition() && std::chrono::steady_clock::now() < limit) io.run_one_for(100ms);
        EXPECT_TRUE(condition());
    }

    asio::io_context io{1};
    ScriptedServer server;
    std::unique_ptr<HttpClient> client;
};

ErrorCode code(const Answer& answer) {
    EXPECT_FALSE(answer.has_value());
    return answer ? ErrorCode::internal : answer.error().code();
}

std::string gzip(const std::string& text) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string packed(deflateBound(&stream, static_cast<uLong>(text.size())) + 32, '\0');
    std::string input = text;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

asio::awaitable<void> fetch(HttpClient* client, ClientRequest request, std::vector<Answer>* answers) {
    answers->push_back(co_await client->send(std::move(request)));
}

asio::awaitable<std::vector<Answer>> fetch_all(HttpClient* client, ClientRequest request, int times) {
    std::vector<Answer> answers;
    TaskGroup group(co_await asio::this_coro::executor, nullptr);
    for (int i = 0; i < times; ++i) EXPECT_TRUE(group.spawn("fetch", fetch(client, request, &answers)));
    const auto joined = co_await group.join(std::chrono::steady_clock::now() + 15s);
    EXPECT_TRUE(joined.has_value());
    co_return answers;
}

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
    // Longer than a label may be, so that the resolver refuses it without asking anybody.
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
    EXPECT_EQ(bench.server.most_open(), 8);
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
