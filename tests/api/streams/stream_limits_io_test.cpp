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

using testing::HasSubstr;
using testing::StartsWith;

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

TEST_F(LargeStreams, cut_off_stuck_readers_without_delaying_the_others) {
    server_options_.write_timeout = 300ms;
    start_with_large_frames();
    const auto stuck = connect_slowly();
    RawClient stuck_events(port_, 4'096);
    stuck_events.send("GET /stream/events?top=200 HTTP/1.1\r\nHost: test\r\n\r\n");
    const auto healthy = follow("/stream/rankings?top=200");
    ASSERT_NE(stuck, nullptr);
    // On a busy machine a stuck one is cut off before all have been counted.
    ASSERT_TRUE(wait_until([](const auto& now) { return now.subscribers() + now.dropped == 3; }));
    std::uint64_t sequence = 1;
    const auto all_cut = [&] { return statistics().dropped == 2; };
    while (!all_cut() && sequence < 200) {
        publish_large(++sequence);
        ASSERT_EQ(read_json(*healthy)["seq"], sequence) << "the healthy one misses nothing";
    }
    EXPECT_TRUE(all_cut());
    EXPECT_TRUE(wait_until([](const auto& now) { return now.subscribers() == 1; }));
}

TEST_F(LargeStreams, cut_off_readers_that_take_too_long_over_one_frame) {
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

TEST_F(ServedStreams, close_a_client_that_sends_too_much) {
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

}  // namespace
}  // namespace scanner::api
