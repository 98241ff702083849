#include "api/sample.hpp"
#include "support/loop_thread.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/net/http_server.hpp"

#include <gmock/gmock.h>
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
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using scanner::test::RawClient;
using scanner::test::WebSocketClient;
using scanner::test::WebSocketClientOptions;
using testing::HasSubstr;
using testing::StartsWith;

/// The engine of the sample, which times rankings by the machine's clock.
class LiveEngine final : public engine::EngineView {
public:
    [[nodiscard]] ranking::RankingPtr current() const override { return newest; }
    [[nodiscard]] ranking::RankingPtr by_sequence(std::uint64_t) const override { return nullptr; }
    [[nodiscard]] core::WallTime now() const override { return core::system_clock().now(); }
    [[nodiscard]] std::chrono::milliseconds snapshots_ttl() const override { return ttl; }
    [[nodiscard]] std::optional<core::WallTime> next_scan_at() const override { return std::nullopt; }
    [[nodiscard]] engine::HealthDetails health() const override { return {}; }
    [[nodiscard]] std::vector<engine::UniverseEntry> universe() const override { return test::sample_universe(); }

    ranking::RankingPtr newest;
    std::chrono::milliseconds ttl{90'000};
};

std::vector<test::Spec> many_specs() {
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
            options.streams = streams_.get();
            handler_ = make_api_handler(options, engine_, metrics_, core::system_clock());
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

TEST_F(ServedStreams, give_the_newest_frame_on_connecting_and_then_each_one_in_order) {
    publish(1);
    publish(2);
    const auto client = connect("/stream/rankings");
    ASSERT_NE(client, nullptr);
    EXPECT_EQ(read_json(*client)["seq"], 2);
    for (std::uint64_t sequence = 3; sequence <= 20; ++sequence) {
        publish(sequence);
        const json frame = read_json(*client);
        EXPECT_EQ(frame["seq"], sequence);
        EXPECT_EQ(frame["items"].size(), 4U);
    }
    EXPECT_EQ(statistics().conflated, 0U);
}

TEST_F(ServedStreams, wait_for_the_first_ranking) {
    const auto client = connect("/stream/rankings/");
    ASSERT_NE(client, nullptr);
    EXPECT_EQ(client->read(50ms).error().code(), core::ErrorCode::timeout);
    publish(1);
    EXPECT_EQ(read_json(*client)["seq"], 1);
}

TEST_F(ServedStreams, render_once_for_all_who_follow_the_same) {
    publish(1);
    std::vector<std::unique_ptr<WebSocketClient>> clients;
    for (const char* target : {"/stream/rankings?symbols=btc,eth", "/stream/rankings?symbols=ETH-USDT,BTCUSDT&top=2",
                               "/stream/rankings?top=1&profile=swing"}) {
        clients.push_back(connect(target));
        ASSERT_NE(clients.back(), nullptr) << target;
    }
    for (const auto& client : clients) EXPECT_EQ(read_json(*client)["seq"], 1);
    EXPECT_EQ(statistics().rendered, 2U);
    EXPECT_EQ(statistics().channels, 2U);
    publish(2);
    const json pair = read_json(*clients[0]);
    EXPECT_EQ(pair, read_json(*clients[1]));
    EXPECT_EQ(pair["items"].size(), 2U);
    const json one = read_json(*clients[2]);
    EXPECT_EQ(one["profile"], "swing");
    EXPECT_EQ(one["items"].size(), 1U);
    EXPECT_EQ(statistics().rendered, 4U);
    clients.clear();
    EXPECT_TRUE(wait_until([](const auto& now) { return now.subscribers() == 0 && now.channels == 0; }));
    publish(3);
    EXPECT_EQ(statistics().rendered, 4U) << "nobody is there to see it";
}

TEST_F(ServedStreams, refuse_bad_parameters_and_foreign_pages_before_the_upgrade) {
    publish(1);
    const auto status = [this](const std::string& target, const std::string& origin = "") {
        int answered = 101;
        EXPECT_EQ(connect(target, origin, &answered), nullptr) << target;
        return answered;
    };
    EXPECT_EQ(status("/stream/rankings?top=0"), 422);
    EXPECT_EQ(status("/stream/rankings?profile=none"), 422);
    EXPECT_EQ(status("/stream/rankings?symbols=NOPE"), 422);
    EXPECT_EQ(status("/stream/rankings?tpo=3"), 422);
    EXPECT_EQ(status("/stream?top=3"), 422);
    EXPECT_EQ(status("/stream/rankings", "https://evil.example"), 403);
    EXPECT_EQ(status("/stream", "null"), 403);
    EXPECT_EQ(status("/stream/events"), 400) << "not a WebSocket";
    EXPECT_EQ(status("/stream/nothing"), 404);
    EXPECT_NE(connect("/stream/rankings", "https://desk.example"), nullptr);
    // The client's Host is its address without the port.
    EXPECT_NE(connect("/stream/rankings", "http://127.0.0.1"), nullptr);
}

TEST_F(ServedStreams, tell_a_plain_request_that_this_is_a_websocket) {
    for (const char* path : {"/stream", "/stream/rankings"}) {
        const auto client = listen(path, "Connection: close\r\n");
        const std::string answer = client->read_all();
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 426 "));
        EXPECT_THAT(answer, HasSubstr("\r\nUpgrade: websocket\r\n"));
        EXPECT_THAT(answer, HasSubstr("/stream/events"));
    }
}

TEST_F(ServedStreams, beat_at_once_and_each_interval) {
    stream_options_.heartbeat_interval = 50ms;
    restart();
    const auto client = connect("/stream");
    ASSERT_NE(client, nullptr);
    for (int number = 1; number <= 3; ++number) {
        const json beat = read_json(*client);
        EXPECT_EQ(beat["type"], "heartbeat");
        EXPECT_EQ(beat["seq"], number);
    }
    EXPECT_EQ(statistics().heartbeats, 1U);
}

TEST_F(ServedStreams, are_events_too) {
    publish(4);
    const auto client = listen("/stream/events?top=1", "Origin: https://desk.example\r\n");
    const std::string head = client->read_until("\r\n\r\n");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(head, HasSubstr("\r\nContent-Type: text/event-stream\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nCache-Control: no-cache, no-transform\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nX-Accel-Buffering: no\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nAccess-Control-Allow-Origin: https://desk.example\r\n"));
    EXPECT_THAT(client->read_until("\n\n"), HasSubstr("retry: 3000\n"));
    EXPECT_THAT(client->read_until("\n\n"), HasSubstr("id: 4\nevent: ranking\ndata: {\"ts\":"));
    publish(5);
    EXPECT_THAT(client->read_until("\n\n"), HasSubstr("id: 5\nevent: ranking\ndata: {\"ts\":"));
    EXPECT_EQ(statistics().events, 1U);
}

TEST_F(ServedStreams, refuse_events_with_bad_parameters) {
    publish(1);
    EXPECT_EQ(status_of(listen("/stream/events?top=x")->read_until("\r\n\r\n")), 422);
    EXPECT_EQ(status_of(listen("/stream/events?nonsense=1")->read_until("\r\n\r\n")), 422);
}

TEST_F(ServedStreams, comment_while_nothing_happens) {
    stream_options_.comment_interval = 30ms;
    restart();
    const auto client = listen("/stream/events");
    EXPECT_THAT(client->read_until("\n\n"), HasSubstr("retry: 3000\n"));
    for (int i = 0; i < 3; ++i) EXPECT_THAT(client->read_until(": still here\n\n"), HasSubstr(": still here\n\n"));
}

TEST_F(ServedStreams, repeat_what_was_missed_since_the_last_event_id) {
    for (std::uint64_t sequence = 1; sequence <= 6; ++sequence) publish(sequence);
    const auto ids_after = [this](const std::string& last_id, const std::string& until) {
        const auto client = listen("/stream/events?top=1", "Last-Event-ID: " + last_id + "\r\n");
        const std::string text = client->read_until("id: " + until + "\n");
        std::vector<int> ids;
        for (std::size_t at = text.find("id: "); at != std::string::npos; at = text.find("id: ", at + 1)) {
            ids.push_back(std::stoi(text.substr(at + 4)));
        }
        return ids;
    };
    EXPECT_EQ(ids_after("4", "6"), (std::vector{5, 6}));
    EXPECT_EQ(ids_after("1", "6"), (std::vector{3, 4, 5, 6})) << "four rankings are kept";
    EXPECT_EQ(ids_after("900", "6"), (std::vector{6})) << "of another life of the server";
    EXPECT_EQ(ids_after("nonsense", "6"), (std::vector{6}));
}

TEST_F(ServedStreams, do_not_repeat_the_frame_that_the_client_has) {
    publish(1);
    publish(2);
    const auto client = listen("/stream/events?top=1", "Last-Event-ID: 2\r\n");
    client->read_until("retry: 3000\n");
    publish(3);
    const std::string text = client->read_until("id: 3\n");
    EXPECT_EQ(text.find("id: 2\n"), std::string::npos);
    EXPECT_THAT(text, HasSubstr("id: 3\n"));
}

TEST_F(LargeStreams, give_a_late_reader_the_newest_frame_only) {
    const auto client = connect_slowly();
    ASSERT_NE(client, nullptr);
    for (std::uint64_t sequence = 2; sequence <= 12; ++sequence) publish_large(sequence);
    ASSERT_TRUE(wait_until([](const auto& now) { return now.conflated > 0; }));
    std::vector<std::uint64_t> seen;
    while (seen.empty() || seen.back() < 12) {
        const json frame = read_json(*client);
        ASSERT_TRUE(frame.is_object());
        seen.push_back(frame["seq"]);
    }
    EXPECT_TRUE(std::ranges::is_sorted(seen));
    EXPECT_LT(seen.size(), 12U);
    EXPECT_EQ(statistics().dropped, 0U);
}

TEST_F(LargeStreams, cut_off_who_does_not_read_without_holding_up_the_others) {
    server_options_.write_timeout = 300ms;
    start_with_large_frames();
    const auto stuck = connect_slowly();
    RawClient stuck_events(port_, 4'096);
    stuck_events.send("GET /stream/events?top=200 HTTP/1.1\r\nHost: test\r\n\r\n");
    const auto healthy = follow("/stream/rankings?top=200");
    ASSERT_NE(stuck, nullptr);
    ASSERT_TRUE(wait_until([](const auto& now) { return now.subscribers() == 3; }));
    std::uint64_t sequence = 1;
    const auto all_cut = [&] { return statistics().dropped == 2; };
    while (!all_cut() && sequence < 200) {
        publish_large(++sequence);
        ASSERT_EQ(read_json(*healthy)["seq"], sequence) << "the healthy one misses nothing";
    }
    EXPECT_TRUE(all_cut());
    EXPECT_TRUE(wait_until([](const auto& now) { return now.subscribers() == 1; }));
}

TEST_F(LargeStreams, cut_off_who_takes_for_ever_over_one_frame) {
    stream_options_.frame_deadline = 100ms;
    start_with_large_frames();
    const auto slow = connect_slowly();
    ASSERT_NE(slow, nullptr);
    ASSERT_TRUE(wait_until([](const auto& now) { return now.subscribers() == 1; }));
    for (std::uint64_t sequence = 2; sequence < 100 && statistics().dropped == 0; ++sequence) {
        publish_large(sequence);
        std::this_thread::sleep_for(20ms);
    }
    EXPECT_EQ(statistics().dropped, 1U);
    EXPECT_TRUE(wait_until([](const auto& now) { return now.subscribers() == 0; }));
}

TEST_F(ServedStreams, have_room_for_so_many) {
    stream_options_.max_subscribers = 2;
    stream_options_.max_channels = 1;
    restart();
    publish(1);
    const auto first = follow("/stream/rankings");
    const auto other_channel = connect("/stream/rankings?top=3");
    ASSERT_NE(other_channel, nullptr);
    EXPECT_FALSE(other_channel->read());
    EXPECT_EQ(other_channel->close_code(), 1013);
    const auto second = follow("/stream");
    const auto third = connect("/stream/rankings");
    ASSERT_NE(third, nullptr);
    EXPECT_FALSE(third->read());
    EXPECT_EQ(third->close_code(), 1013);
    const std::string refused = listen("/stream/events", "Connection: close\r\n")->read_all();
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(refused, HasSubstr("\r\nRetry-After: 5\r\n"));
    EXPECT_EQ(statistics().refused, 3U);
    EXPECT_EQ(statistics().subscribers(), 2U);
}

TEST_F(ServedStreams, end_with_1001_when_the_server_goes) {
    publish(1);
    const auto rankings = follow("/stream/rankings");
    const auto heartbeats = follow("/stream");
    const auto events = listen("/stream/events");
    events->read_until("id: 1\n");
    std::thread stopping([this] { stop(); });
    EXPECT_FALSE(rankings->read());
    EXPECT_EQ(rankings->close_code(), 1001);
    EXPECT_FALSE(heartbeats->read());
    EXPECT_EQ(heartbeats->close_code(), 1001);
    EXPECT_THAT(events->read_all(), HasSubstr(": going away\n\n"));
    EXPECT_TRUE(events->ended());
    stopping.join();
}

TEST_F(ServedStreams, do_not_let_themselves_be_talked_to_death) {
    stream_options_.max_messages = 3;
    restart();
    publish(1);
    const auto client = follow("/stream/rankings");
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(client->send("hello"));
    EXPECT_FALSE(client->read());
    EXPECT_EQ(client->close_code(), 1008);
    const auto big = follow("/stream");
    EXPECT_TRUE(big->send(std::string(3'000'000, 'x'))) << "the rest is thrown away, not answered with a reset";
    const auto last = big->read();
    ASSERT_FALSE(last);
    EXPECT_EQ(big->close_code(), 1009) << last.error().message();
}

TEST_F(ServedStreams, answer_pings_and_closes) {
    publish(1);
    const auto client = follow("/stream/rankings");
    ASSERT_TRUE(client->ping("are you there"));
    EXPECT_FALSE(client->read(200ms));
    EXPECT_THAT(client->pongs(), testing::ElementsAre("are you there"));
    EXPECT_TRUE(client->close(1000));
    EXPECT_TRUE(wait_until([](const auto& now) { return now.subscribers() == 0; }));
}

TEST_F(ServedStreams, say_when_the_newest_ranking_has_become_too_old) {
    engine_.ttl = 150ms;
    publish(1);
    const auto client = connect("/stream/rankings?top=1");
    ASSERT_NE(client, nullptr);
    const json live = read_json(*client);
    EXPECT_FALSE(live.contains("stale"));
    const json old = read_json(*client);
    EXPECT_EQ(old["seq"], 1);
    EXPECT_EQ(old["stale"], true);
    EXPECT_EQ(old["items"][0]["stale"], true);
    const auto late = connect("/stream/rankings?top=1");
    ASSERT_NE(late, nullptr);
    EXPECT_EQ(read_json(*late)["stale"], true);
}

TEST_F(ServedStreams, end_when_their_profile_is_gone) {
    publish(1);
    const auto client = follow("/stream/rankings?profile=news");
    auto ranking = test::make_ranking(2, core::system_clock().now());
    ranking.ranked.erase("news");
    std::erase_if(ranking.profiles, [](const auto& profile) { return profile.name == "news"; });
    loop_.call([this, shared = std::make_shared<const ranking::Ranking>(std::move(ranking))] {
        engine_.newest = shared;
        streams_->publish(shared);
    });
    EXPECT_FALSE(client->read());
    EXPECT_EQ(client->close_code(), 1008);
    EXPECT_THAT(client->close_reason(), HasSubstr("news"));
}

TEST_F(ServedStreams, are_counted_for_health_and_metrics) {
    publish(1);
    const auto client = follow("/stream/rankings");
    const std::string health = listen("/healthz/details", "Connection: close\r\n")->read_all();
    const json body = json::parse(health.substr(health.find("\r\n\r\n") + 4));
    EXPECT_EQ(body["streams"]["subscribers"], 1);
    EXPECT_EQ(body["streams"]["conflated"], 0);
    EXPECT_EQ(body["streams"]["dropped"], 0);
    const std::string metrics = listen("/metrics", "Connection: close\r\n")->read_all();
    EXPECT_THAT(metrics, HasSubstr("scanner_stream_subscribers{kind=\"websocket\"} 1\n"));
    EXPECT_THAT(metrics, HasSubstr("scanner_stream_frames_sent_total 1\n"));
    EXPECT_THAT(metrics, HasSubstr("scanner_http_requests_total{route=\"/stream/rankings\",status=\"101\"} 1\n"));
}

}  // namespace
}  // namespace scanner::api
