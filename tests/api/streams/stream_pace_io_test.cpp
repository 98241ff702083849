#include "api/streams/served_streams.hpp"

#include <gtest/gtest.h>

#include <memory>

/// Rankings that are published between two recorded ones, as a live feed makes them.
namespace scanner::api {
namespace {

TEST_F(ServedStreams, send_what_is_only_published_to_those_who_ask_for_it) {
    publish(1);
    const auto fast = follow("/stream/rankings?min_interval_ms=0");
    const auto slow = follow("/stream/rankings");
    publish_only(2);
    EXPECT_EQ(read_json(*fast)["seq"], 2);
    EXPECT_EQ(slow->read(100ms).error().code(), core::ErrorCode::timeout) << "one frame a scan interval";
    const auto third = publish_only(3);
    record(third);
    EXPECT_EQ(read_json(*fast)["seq"], 3);
    EXPECT_EQ(read_json(*slow)["seq"], 3);
    EXPECT_EQ(fast->read(100ms).error().code(), core::ErrorCode::timeout) << "once, though it came both ways";
}

TEST_F(ServedStreams, give_the_newest_recorded_frame_on_connecting_to_those_who_ask_for_nothing) {
    publish(1);
    publish_only(2);
    EXPECT_EQ(read_json(*connect("/stream/rankings"))["seq"], 1);
    EXPECT_EQ(read_json(*connect("/stream/rankings?min_interval_ms=1000"))["seq"], 2);
}

TEST_F(ServedStreams, keep_to_the_pace_that_was_asked_for) {
    publish(1);
    const auto client = follow("/stream/rankings?min_interval_ms=60000");
    const auto rendered = statistics().rendered;
    for (std::uint64_t sequence = 2; sequence < 6; ++sequence) publish_only(sequence);
    EXPECT_EQ(client->read(100ms).error().code(), core::ErrorCode::timeout);
    EXPECT_EQ(statistics().rendered, rendered) << "what is not sent is not made";
}

TEST_F(ServedStreams, say_at_once_that_rankings_are_fresh_again) {
    engine_.ttl = 150ms;
    publish(1);
    const auto client = connect("/stream/rankings?min_interval_ms=60000");
    ASSERT_NE(client, nullptr);
    json old = read_json(*client);
    if (!old.contains("stale")) old = read_json(*client);  // connecting may have taken longer than it was fresh
    EXPECT_EQ(old["stale"], true);
    loop_.call([this] { engine_.ttl = 60s; });
    publish_only(2);
    const json fresh = read_json(*client);
    EXPECT_EQ(fresh["seq"], 2);
    EXPECT_FALSE(fresh.contains("stale"));
    publish_only(3);
    EXPECT_EQ(client->read(100ms).error().code(), core::ErrorCode::timeout) << "then at the pace again";
}

TEST_F(ServedStreams, refuse_a_pace_that_is_none) {
    publish(1);
    for (const char* const wrong : {"-1", "60001", "fast", ""}) {
        int status = 101;
        EXPECT_EQ(connect(std::string("/stream/rankings?min_interval_ms=") + wrong, "", &status), nullptr);
        EXPECT_EQ(status, 422) << wrong;
    }
}

}  // namespace
}  // namespace scanner::api
