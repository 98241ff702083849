#include "net/http_server_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What of a request is read and counted before a handler answers it.
namespace scanner::net {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

/// Bodies by path: "/echo" takes them, "/none" does not, "/secret" refuses who asks.
class ChoosyHandler final : public RequestHandler {
public:
    asio::awaitable<ServerResponse> handle(ServerRequest request) override {
        ++handled;
        last_address = request.remote_address;
        last_has_limits = request.has_limits;
        if (request.path() == "/stuck") co_await pause_for(1h);
        if (request.path() == "/big") co_return respond_with(std::string(16U << 20U, 'x'));
        if (request.path() == "/export") {
            ServerResponse response;
            response.min_bytes_per_sec = 64U << 10U;
            response.stream = [](BodyWriter& writer) { return flood(writer); };
            co_return response;
        }
        co_return respond_with("got " + std::to_string(request.body.size()));
    }
    std::optional<BodyRules> body_rules(const ServerRequest& head, std::optional<std::uint64_t> declared) override {
        ++asked;
        if (head.path() == "/secret") {
            BodyRules rules{.max_bytes = kUnwantedBodyBytes};
            if (declared.value_or(rules.max_bytes + 1) > rules.max_bytes) rules.refusal = respond_with("no", 401);
            return rules;
        }
        if (head.path() == "/throws") throw std::runtime_error("broken on purpose");
        const bool takes = head.path() == "/echo" || head.path() == "/stuck";
        return BodyRules{.max_bytes = takes ? std::size_t{64U << 10U} : kUnwantedBodyBytes, .kept = takes};
    }
    std::optional<ServerResponse> refuse_websocket(const ServerRequest& /*request*/) override {
        return respond_with("no", 403);
    }
    asio::awaitable<void> handle_websocket(ServerRequest /*request*/, WebSocket& /*socket*/) override { co_return; }
    ServerResponse protocol_error(int status, std::string detail) override {
        return respond_with("problem: " + detail, status);
    }

    int handled = 0;
    int asked = 0;
    std::string last_address;
    bool last_has_limits = true;

private:
    static asio::awaitable<void> flood(BodyWriter& writer) {
        const auto piece = text(std::string(64U << 10U, 'x'));
        for (;;) {
            const auto written = co_await writer.write(piece);
            if (!written) co_return;
        }
    }
};

class RequestIntakeTest : public testing::Test {
protected:
    void TearDown() override {
        if (server_) loop_.run(server_->stop(100ms));
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
    std::string answer(const std::string& request, const char* source = nullptr) {
        RawClient client(port(), 0, source);
        client.send(request);
        return client.read_all();
    }
    std::string post(const std::string& path, std::size_t bytes) {
        return answer(head(path, bytes) + std::string(bytes, 'x'));
    }
    static std::string head(const std::string& path, std::size_t bytes, const std::string& more = "") {
        return "POST " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + more +
               "Content-Length: " + std::to_string(bytes) + "\r\n\r\n";
    }
    static std::string chunks(const std::string& path) {
        return "POST " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    }
    HttpServerStatistics statistics() {
        return loop_.call([this] { return server_->statistics(); });
    }
    template <class Condition>
    static bool eventually(Condition condition) {
        for (int tries = 0; tries < 1000; ++tries) {
            if (condition()) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }

    LoopThread loop_;
    HttpServerOptions options_;
    ChoosyHandler handler_;
    std::unique_ptr<HttpServer> server_;
};

TEST_F(RequestIntakeTest, refuses_a_body_by_its_head_before_it_is_there) {
    EXPECT_THAT(answer(head("/none", 100'000)), StartsWith("HTTP/1.1 413 ")) << "nothing of it was sent";
    EXPECT_THAT(answer(head("/echo", 65'537)), StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(answer(head("/secret", 100'000)), AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("Connection: close")));
    EXPECT_THAT(answer(chunks("/secret")), StartsWith("HTTP/1.1 401 "));
    EXPECT_THAT(answer(head("/secret", 100'000, "Expect: 100-continue\r\n")), StartsWith("HTTP/1.1 401 "))
        << "and nobody is asked to go on";
    EXPECT_THAT(answer(head("/throws", 5)), StartsWith("HTTP/1.1 500 "));
    const int before = handler_.asked;
    EXPECT_THAT(answer(head("/secret", (1U << 20U) + 1)), StartsWith("HTTP/1.1 413 ")) << "too long for any route";
    EXPECT_EQ(handler_.asked, before);
    EXPECT_EQ(handler_.handled, 0);
}

TEST_F(RequestIntakeTest, reads_past_a_short_body_that_no_handler_takes) {
    RawClient client(port());
    const std::string request =
        "POST /none HTTP/1.1\r\nHost: h\r\nContent-Length: 8000\r\n\r\n" + std::string(8'000, 'x');
    client.send(request + request);
    EXPECT_THAT(client.read_until("got 0"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(client.read_until("got 0"), StartsWith("HTTP/1.1 200 ")) << "and the connection goes on";
    EXPECT_THAT(post("/secret", 10), HasSubstr("got 0"));
    EXPECT_THAT(post("/echo", 65'536), HasSubstr("got 65536"));
}

TEST_F(RequestIntakeTest, counts_chunks_as_they_come) {
    const std::string chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
    EXPECT_THAT(answer(chunks("/echo") + chunk + chunk + chunk + chunk + "0\r\n\r\n"), HasSubstr("got 65536"));
    EXPECT_THAT(answer(chunks("/echo") + chunk + chunk + chunk + chunk + "1\r\nx\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(answer(chunks("/echo") + "fffffffffffffff\r\n"), StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(answer(chunks("/none") + "2001\r\n"), StartsWith("HTTP/1.1 413 "));
    std::string extended = chunks("/echo");
    for (int i = 0; i < 5; ++i) extended += "1;" + std::string(300, 'e') + "=1\r\nx\r\n";
    EXPECT_THAT(answer(extended + "0\r\n\r\n"), AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("extensions")));
}

TEST_F(RequestIntakeTest, holds_so_many_bytes_of_bodies_over_all_connections) {
    options_.max_body_bytes_in_all = 160U << 10U;
    RawClient first(port());
    RawClient second(port());
    for (RawClient* const client : {&first, &second}) {
        client->send(head("/stuck", 65'536) + std::string(65'536, 'x'));
    }
    ASSERT_TRUE(eventually([this] { return statistics().requests == 2; }));
    EXPECT_THAT(answer(head("/echo", 65'536)), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("room")));
    EXPECT_THAT(post("/echo", 1'000), HasSubstr("got 1000")) << "what fits is taken";
    EXPECT_THAT(answer("GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), HasSubstr("got 0"));
    // Chunks are not announced: the one that does not fit is where it ends.
    const std::string chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
    EXPECT_THAT(answer(chunks("/echo") + chunk + chunk + chunk), StartsWith("HTTP/1.1 503 "));
}

TEST_F(RequestIntakeTest, gives_back_what_a_body_took) {
    options_.max_body_bytes_in_all = 64U << 10U;
    for (int i = 0; i < 20; ++i) EXPECT_THAT(post("/echo", 60'000), HasSubstr("got 60000")) << i;
    for (int i = 0; i < 20; ++i) {
        RawClient client(port());  // that goes away in the middle
        client.send(head("/echo", 60'000) + std::string(30'000, 'x'));
    }
    EXPECT_TRUE(eventually([this] { return post("/echo", 60'000).find("got 60000") != std::string::npos; }));
}

TEST_F(RequestIntakeTest, lets_one_client_hold_a_quarter_of_them) {
    options_.max_body_bytes_in_all = 400U << 10U;
    RawClient holder(port(), 0, "127.0.0.2");
    holder.send(head("/stuck", 65'536) + std::string(65'536, 'x'));
    ASSERT_TRUE(eventually([this] { return statistics().requests == 1; }));
    EXPECT_THAT(answer(head("/echo", 65'536), "127.0.0.2"), StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(answer(head("/echo", 65'536) + std::string(65'536, 'x'), "127.0.0.3"), HasSubstr("got 65536"));
}

TEST_F(RequestIntakeTest, believes_a_trusted_proxy_about_its_clients) {
    options_.trusted_proxies = {*core::parse_address_range("127.0.0.1")};
    const auto ask = [this](const std::string& forwarded, const char* source = nullptr) {
        answer("GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Forwarded-For: " + forwarded + "\r\n\r\n",
               source);
        return handler_.last_address;
    };
    EXPECT_EQ(ask("203.0.113.9, 192.0.2.1"), "192.0.2.1");
    EXPECT_TRUE(handler_.last_has_limits);
    EXPECT_EQ(ask("unknown"), "127.0.0.1");
    EXPECT_FALSE(handler_.last_has_limits);
    EXPECT_EQ(ask("192.0.2.1", "127.0.0.2"), "127.0.0.2") << "not a trusted one";
    EXPECT_TRUE(handler_.last_has_limits);
}

TEST_F(RequestIntakeTest, limits_clients_behind_a_trusted_proxy_each_for_itself) {
    options_.trusted_proxies = {*core::parse_address_range("127.0.0.1")};
    const auto statuses = [this](const std::string& forwarded, int count) {
        RawClient client(port());
        std::string requests;
        for (int i = 0; i < count; ++i) {
            requests += "GET /none HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: " + forwarded + "\r\n\r\n";
        }
        client.send(requests +
                    "GET /none HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.99\r\nConnection: close\r\n\r\n");
        return client.read_all(10s);
    };
    EXPECT_THAT(statuses("127.0.0.1, 192.0.2.1", 6'000), HasSubstr("HTTP/1.1 429 "));
    EXPECT_THAT(statuses("192.0.2.2", 100), testing::Not(HasSubstr("HTTP/1.1 429 ")));
    EXPECT_THAT(statuses("127.0.0.7", 6'000), HasSubstr("HTTP/1.1 429 ")) << "what is forwarded is never the operator";
}

TEST_F(RequestIntakeTest, counts_what_a_proxied_client_has_running_as_its_connections) {
    options_.trusted_proxies = {*core::parse_address_range("127.0.0.1")};
    options_.max_connections = 8;  // of which one client has two
    const std::string stuck = "GET /stuck HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n";
    RawClient first(port());
    RawClient second(port());
    first.send(stuck);
    second.send(stuck);
    ASSERT_TRUE(eventually([this] { return statistics().requests == 2; }));
    RawClient third(port());
    third.send(stuck);
    EXPECT_THAT(third.read_until("at a time"), StartsWith("HTTP/1.1 429 "));
    third.send("GET /none HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.2\r\n\r\n");
    EXPECT_THAT(third.read_until("got 0"), HasSubstr("HTTP/1.1 200 ")) << "the connection is everybody's";
}

TEST_F(RequestIntakeTest, takes_heads_by_the_letter) {
    const std::vector<std::string> malformed{
        "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n 5\r\n\r\nabcde",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\t \r\n\r\nabcde",
        "GET / HTTP/1.1\r\nHost: a b/@evil\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [evil]\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1].evil.com\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:x@evil.com\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h:99999\r\n\r\n",
        "GET /none#x HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET http://h/none#x HTTP/1.1\r\nHost: h\r\n\r\n",
    };
    for (const auto& request : malformed) {
        EXPECT_THAT(answer(request), StartsWith("HTTP/1.1 400 ")) << testing::PrintToString(request);
        // However it is cut into pieces.
        RawClient client(port());
        for (const char byte : request) client.send({&byte, 1});
        EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 400 ")) << testing::PrintToString(request);
    }
    EXPECT_EQ(handler_.handled, 0);
    EXPECT_THAT(answer("POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\n\r\n a\r\n "),
                HasSubstr("got 5"))
        << "a body is no head";
}

TEST_F(RequestIntakeTest, drops_readers_of_a_stream_that_take_too_little) {
    options_.write_timeout = 10s;
    options_.rate_window = 400ms;
    options_.max_unsent_bytes = 8U << 10U;
    RawClient client(port(), 4'096);
    client.send("GET /export HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < 1'000 && statistics().slow_readers_dropped == 0; ++i) {
        client.read_bytes(256, 5ms);
        std::this_thread::sleep_for(20ms);
    }
    EXPECT_EQ(statistics().slow_readers_dropped, 1U) << "progress all the time, at 10 kB a second";
}

TEST_F(RequestIntakeTest, lets_readers_that_keep_up_have_the_whole_answer) {
    options_.rate_window = 200ms;
    options_.max_unsent_bytes = 8U << 10U;
    RawClient client(port(), 16'384);
    client.send("GET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    std::size_t received = 0;
    while (!client.ended()) received += client.read_bytes(1U << 20U).size();
    EXPECT_GT(received, 16U << 20U);
    EXPECT_EQ(statistics().slow_readers_dropped, 0U);
}

}  // namespace
}  // namespace scanner::net
