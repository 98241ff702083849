#pragma once

#include "api/sample.hpp"
#include "support/loop_thread.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/net/request_handler.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace scanner::api {

using namespace std::chrono_literals;
using nlohmann::json;
using scanner::test::RawClient;
using scanner::test::WebSocketClient;
using scanner::test::WebSocketClientOptions;

/// The engine of the sample, which times rankings by the machine's clock.
class LiveEngine final : public engine::EngineView {
public:
    [[nodiscard]] ranking::RankingPtr current() const override { return newest; }
    [[nodiscard]] ranking::RankingPtr recorded() const override { return newest; }
    [[nodiscard]] ranking::RankingPtr by_sequence(std::uint64_t) const override { return nullptr; }
    [[nodiscard]] core::WallTime now() const override { return core::system_clock().now(); }
    [[nodiscard]] std::chrono::milliseconds snapshots_ttl() const override { return ttl; }
    [[nodiscard]] std::optional<core::WallTime> next_scan_at() const override { return std::nullopt; }
    [[nodiscard]] engine::HealthDetails health() const override { return {}; }
    [[nodiscard]] std::vector<engine::UniverseEntry> universe() const override { return test::sample_universe(); }

    ranking::RankingPtr newest;
    std::chrono::milliseconds ttl{90'000};
};

inline std::vector<test::Spec> many_specs() {
    std::vector<test::Spec> specs;
    for (int i = 0; i < 200; ++i) {
        test::Spec spec;
        spec.code = "C" + std::to_string(i) + "-USDT";
        spec.turnover = 30e6 + 1e5 * i;
        spec.candles = 40;
        specs.push_back(spec);
    }
    return specs;
}

class ServedStreams : public testing::Test {
protected:
    void SetUp() override { start(); }
    void TearDown() override { stop(); }

    void start() {
        loop_.call([this] {
            auto executor = loop_.io().get_executor();
            streams_ = std::make_unique<Streams>(executor, stream_options_, engine_);
            ApiOptions options;
            options.cors_origins = {"https://desk.example"};
            handler_ = make_api_handler(
                options,
                {.engine = engine_, .metrics = metrics_, .clock = core::system_clock(), .streams = streams_.get()});
            auto server = net::make_http_server(executor, server_options_, *handler_);
            if (server) server_ = std::move(*server);
        });
        ASSERT_NE(server_, nullptr);
        port_ = server_->port();
    }
    void stop() {
        if (server_ == nullptr) return;
        loop_.run(stop_server(*server_));
        loop_.call([this] {
            server_.reset();
            handler_.reset();
            streams_.reset();
        });
    }
    void restart() {
        stop();
        start();
    }
    static boost::asio::awaitable<void> stop_server(net::HttpServer& server) { co_await server.stop(2s); }

    void publish(std::uint64_t sequence, const std::vector<test::Spec>& specs = test::sample_specs()) {
        auto ranking = std::make_shared<const ranking::Ranking>(
            test::make_ranking(sequence, core::system_clock().now(), test::make_settings(), specs));
        loop_.call([this, ranking] {
            engine_.newest = ranking;
            streams_->publish(ranking);
        });
    }
    /// A ranking between two recorded ones.
    ranking::RankingPtr publish_only(std::uint64_t sequence) {
        auto ranking =
            std::make_shared<const ranking::Ranking>(test::make_ranking(sequence, core::system_clock().now()));
        loop_.call([this, ranking] {
            engine_.newest = ranking;
            streams_->publish(ranking, false);
        });
        return ranking;
    }
    void record(const ranking::RankingPtr& ranking) {
        loop_.call([this, ranking] { streams_->publish(ranking, true); });
    }
    [[nodiscard]] StreamStatistics statistics() {
        return loop_.call([this] { return streams_->statistics(); });
    }
    [[nodiscard]] bool wait_until(const std::function<bool(const StreamStatistics&)>& done) {
        for (int i = 0; i < 500; ++i) {
            if (done(statistics())) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }
    [[nodiscard]] std::unique_ptr<WebSocketClient> connect(const std::string& target, const std::string& origin = "",
                                                           int* status = nullptr, int receive_buffer_bytes = 0) {
        WebSocketClientOptions options;
        options.port = port_;
        options.target = target;
        options.receive_buffer_bytes = receive_buffer_bytes;
        if (!origin.empty()) options.headers.emplace_back("Origin", origin);
        auto client = scanner::test::connect_websocket(std::move(options), status);
        return client ? std::move(*client) : nullptr;
    }
    /// Connects, and has read the first frame or beat, which must be the first one.
    [[nodiscard]] std::unique_ptr<WebSocketClient> follow(const std::string& target) {
        auto client = connect(target);
        if (client == nullptr) throw std::runtime_error("no WebSocket at " + target);
        EXPECT_EQ(read_json(*client)["seq"], 1);
        return client;
    }
    [[nodiscard]] static json read_json(WebSocketClient& client) {
        const auto message = client.read();
        EXPECT_TRUE(message) << message.error().message();
        return message ? json::parse(message->data) : json();
    }
    /// Asks for events; what arrives is read by the caller.
    [[nodiscard]] std::unique_ptr<RawClient> listen(const std::string& target, const std::string& headers = "") {
        auto client = std::make_unique<RawClient>(port_);
        client->send("GET " + target + " HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n");
        return client;
    }
    [[nodiscard]] static int status_of(const std::string& head) {
        return head.size() < 12 ? 0 : std::stoi(head.substr(9, 3));
    }

    scanner::test::LoopThread loop_;
    LiveEngine engine_;
    Metrics metrics_{"1"};
    StreamOptions stream_options_;
    net::HttpServerOptions server_options_;
    std::unique_ptr<Streams> streams_;
    std::unique_ptr<net::RequestHandler> handler_;
    std::unique_ptr<net::HttpServer> server_;
    std::uint16_t port_ = 0;
};

/// Frames of many contracts, and little room for them: a socket's buffers are full soon.
class LargeStreams : public ServedStreams {
protected:
    void SetUp() override { start_with_large_frames(); }
    /// Also after a change of options.
    void start_with_large_frames() {
        server_options_.max_unsent_bytes = 16U << 10U;
        restart();
        publish_large(1);
    }
    void publish_large(std::uint64_t sequence) { publish(sequence, specs_); }
    /// One that takes little at a time.
    [[nodiscard]] std::unique_ptr<WebSocketClient> connect_slowly() {
        return connect("/stream/rankings?top=200", "", nullptr, 4'096);
    }

    const std::vector<test::Spec> specs_ = many_specs();
};

}  // namespace scanner::api
