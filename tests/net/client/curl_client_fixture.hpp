#pragma once

#include "net/scripted_server.hpp"
#include "support/gzip.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/net/deadline.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/task_group.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace scanner::net {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using core::ErrorCode;
using test::Scripted;
using test::ScriptedServer;
using Then = Scripted::Then;
using test::gzip;
using test::run_on;
using Answer = core::Result<ClientResponse>;

/// The tests talk to 127.0.0.1 themselves, whatever proxy this machine uses.
class NoProxy final : public testing::Environment {
public:
    void SetUp() override {
        for (const char* const name : {"http_proxy", "all_proxy", "ALL_PROXY"})
            unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
    }
};
inline const testing::Environment* const kNoProxy = testing::AddGlobalTestEnvironment(new NoProxy);

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

inline ErrorCode code(const Answer& answer) {
    EXPECT_FALSE(answer.has_value());
    return answer ? ErrorCode::internal : answer.error().code();
}

inline asio::awaitable<void> fetch(HttpClient* client, ClientRequest request, std::vector<Answer>* answers) {
    answers->push_back(co_await client->send(std::move(request)));
}

inline asio::awaitable<std::vector<Answer>> fetch_all(HttpClient* client, ClientRequest request, int times) {
    std::vector<Answer> answers;
    TaskGroup group(co_await asio::this_coro::executor, nullptr);
    for (int i = 0; i < times; ++i) EXPECT_TRUE(group.spawn("fetch", fetch(client, request, &answers)));
    const auto joined = co_await group.join(std::chrono::steady_clock::now() + 15s);
    EXPECT_TRUE(joined.has_value());
    co_return answers;
}

}  // namespace scanner::net
