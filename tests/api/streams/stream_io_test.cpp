#include "api/streams/served_streams.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace scanner::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

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

TEST_F(ServedStreams, render_once_for_all_subscribers_of_a_channel) {
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
