#include "api/sample.hpp"
#include "support/loop_thread.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/net/request_handler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

/// How the parameter sets of streams are shared among clients.
namespace scanner::api {
namespace {

using namespace std::chrono_literals;
using scanner::test::RawClient;
using testing::HasSubstr;
using testing::StartsWith;

class SharedStreams : public testing::Test {
protected:
    void SetUp() override {
        loop_.call([this] {
            auto executor = loop_.io().get_executor();
            engine_.publish(test::make_ranking());
            streams_ = std::make_unique<Streams>(executor, options_, engine_);
            streams_->publish(engine_.current());
            handler_ = make_api_handler(
                {}, {.engine = engine_, .metrics = metrics_, .clock = core::system_clock(), .streams = streams_.get()});
            net::HttpServerOptions server_options;
            server_options.trusted_proxies = {*core::parse_address_range("127.0.0.9")};
            auto server = net::make_http_server(executor, server_options, *handler_);
            if (server) server_ = std::move(*server);
        });
        ASSERT_NE(server_, nullptr);
    }
    void TearDown() override {
        loop_.run(stop_server(*server_));
        loop_.call([this] {
            server_.reset();
            handler_.reset();
            streams_.reset();
        });
    }
    static boost::asio::awaitable<void> stop_server(net::HttpServer& server) { co_await server.stop(2s); }

    std::unique_ptr<RawClient> listen(const std::string& query, const char* source = nullptr,
                                      const std::string& headers = "") {
        auto client = std::make_unique<RawClient>(server_->port(), 0, source);
        client->send("GET /stream/events" + query + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n");
        return client;
    }
    static std::string status(RawClient& client) { return client.read_until("\r\n").substr(0, 12); }
    StreamStatistics statistics() {
        return loop_.call([this] { return streams_->statistics(); });
    }
    bool channels_become(std::size_t count) {
        for (int i = 0; i < 500; ++i) {
            if (statistics().channels == count) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }

    scanner::test::LoopThread loop_;
    test::FakeEngine engine_;
    Metrics metrics_{"1"};
    /// Comments often: who is gone is noticed when something is sent.
    StreamOptions options_{.max_channels = 8, .max_channels_of_client = 3, .comment_interval = 50ms};
    std::unique_ptr<Streams> streams_;
    std::unique_ptr<net::RequestHandler> handler_;
    std::unique_ptr<net::HttpServer> server_;
};

TEST_F(SharedStreams, leave_room_for_others_when_one_client_takes_all_it_can) {
    std::vector<std::unique_ptr<RawClient>> held;
    std::vector<std::string> statuses;
    for (int top = 1; top <= 8; ++top) {
        held.push_back(listen("?top=" + std::to_string(top), "127.0.0.2"));
        statuses.push_back(status(*held.back()).substr(9));
    }
    EXPECT_EQ(statuses, (std::vector<std::string>{"200", "200", "200", "503", "503", "503", "503", "503"}));
    EXPECT_THAT(held.back()->read_until("}"), HasSubstr("from this address"));
    EXPECT_THAT(status(*listen("?top=2", "127.0.0.2")), HasSubstr("200"))
        << "what it follows already costs nothing more";
    EXPECT_THAT(status(*listen("", "127.0.0.2")), HasSubstr("200"));
    EXPECT_THAT(status(*listen("?top=7", "127.0.0.3")), HasSubstr("200"));
    held.erase(held.begin());
    ASSERT_TRUE(channels_become(2));
    EXPECT_THAT(status(*listen("?top=9", "127.0.0.2")), HasSubstr("200")) << "and its share comes back";
}

TEST_F(SharedStreams, are_rendered_once_for_all_who_ask_for_the_same_fields) {
    std::vector<std::unique_ptr<RawClient>> held;
    for (const char* const query : {"?fields=symbol,rank", "?fields=symbol,rank", "?fields=rank,symbol", ""}) {
        held.push_back(listen(query));
        EXPECT_THAT(status(*held.back()), HasSubstr("200"));
        EXPECT_THAT(held.back()->read_until("data: "), HasSubstr("event: ranking"));
    }
    EXPECT_EQ(statistics().channels, 3U);
    EXPECT_EQ(statistics().rendered, 3U);
    EXPECT_THAT(status(*listen("?fields=symbol,nonesuch")), HasSubstr("422"));
}

TEST_F(SharedStreams, always_have_a_place_for_requests_without_parameters) {
    std::vector<std::unique_ptr<RawClient>> held;
    for (int top = 1; top <= 8; ++top) {
        held.push_back(listen("?top=" + std::to_string(top)));  // the loopback: everybody's proxy, so without a share
        EXPECT_THAT(status(*held.back()), HasSubstr("200")) << top;
    }
    EXPECT_THAT(status(*listen("?top=20")), HasSubstr("503"));
    EXPECT_THAT(status(*listen("")), HasSubstr("200"));
    EXPECT_THAT(status(*listen("?top=12", "127.0.0.2")), HasSubstr("200")) << "the same in other words";
    scanner::test::WebSocketClientOptions options;
    options.port = server_->port();
    options.target = "/stream/rankings";
    auto socket = scanner::test::connect_websocket(options, nullptr);
    ASSERT_TRUE(socket);
    EXPECT_TRUE((*socket)->read());
    options.target = "/stream/rankings?top=20";
    socket = scanner::test::connect_websocket(options, nullptr);
    ASSERT_TRUE(socket);
    EXPECT_FALSE((*socket)->read());
    EXPECT_EQ((*socket)->close_code(), 1013);
}

TEST_F(SharedStreams, know_clients_behind_a_trusted_proxy_apart) {
    std::vector<std::unique_ptr<RawClient>> held;
    for (int top = 1; top <= 4; ++top) {
        held.push_back(listen("?top=" + std::to_string(top), "127.0.0.9", "X-Forwarded-For: 192.0.2.1\r\n"));
        EXPECT_THAT(status(*held.back()), HasSubstr(top <= 3 ? "200" : "503"));
    }
    held.push_back(listen("?top=5", "127.0.0.9", "X-Forwarded-For: 203.0.113.1, 192.0.2.2\r\n"));
    EXPECT_THAT(status(*held.back()), HasSubstr("200"));
    for (int host = 1; host <= 3; ++host) {  // all of one subscriber's network of IPv6
        held.push_back(listen("?top=" + std::to_string(host), "127.0.0.9",
                              "X-Forwarded-For: 2001:db8::" + std::to_string(host) + "\r\n"));
        EXPECT_THAT(status(*held.back()), HasSubstr("200"));
    }
    held.push_back(listen("?top=5", "127.0.0.9", "X-Forwarded-For: 2001:db8::4\r\n"));
    EXPECT_THAT(status(*held.back()), HasSubstr("503"));
}

}  // namespace
}  // namespace scanner::api
