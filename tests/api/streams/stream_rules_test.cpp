#include "api/streams/stream_rules.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace scanner::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const core::SteadyTime kStart{std::chrono::hours(1)};

TEST(Conflation, gives_each_frame_once_to_a_reader_that_keeps_up) {
    Conflation reader;
    EXPECT_FALSE(reader.take());
    for (std::uint64_t number = 1; number <= 5; ++number) {
        EXPECT_FALSE(reader.offer(number));
        EXPECT_TRUE(reader.pending());
        EXPECT_EQ(reader.take(), number);
        EXPECT_FALSE(reader.pending());
        EXPECT_FALSE(reader.take());
    }
}

TEST(Conflation, gives_only_the_newest_to_a_reader_that_was_busy) {
    Conflation reader;
    EXPECT_FALSE(reader.offer(1));
    EXPECT_EQ(reader.take(), 1U);
    // It is writing the first one all this time.
    EXPECT_FALSE(reader.offer(2)) << "nothing is lost yet";
    EXPECT_TRUE(reader.offer(3)) << "the second one never gets there";
    EXPECT_TRUE(reader.offer(4));
    EXPECT_EQ(reader.take(), 4U);
    EXPECT_FALSE(reader.take());
    EXPECT_FALSE(reader.offer(5));
}

TEST(Conflation, skips_what_the_reader_has_already) {
    Conflation reader;
    EXPECT_FALSE(reader.offer(4));
    reader.skip_to(4);
    EXPECT_FALSE(reader.take());
    EXPECT_FALSE(reader.offer(5)) << "nothing was passed over";
    EXPECT_EQ(reader.take(), 5U);
}

TEST(FrameDeadline, passes_only_while_a_frame_is_on_its_way) {
    FrameDeadline deadline;
    EXPECT_FALSE(deadline.passed(kStart + seconds(100), seconds(60)));
    deadline.begin(kStart);
    EXPECT_FALSE(deadline.passed(kStart + seconds(60), seconds(60)));
    EXPECT_TRUE(deadline.passed(kStart + seconds(61), seconds(60)));
    deadline.end();
    EXPECT_FALSE(deadline.passed(kStart + seconds(100), seconds(60)));
}

TEST(MessageGate, counts_within_its_window) {
    MessageGate gate(2, seconds(10));
    EXPECT_TRUE(gate.allow(kStart));
    EXPECT_TRUE(gate.allow(kStart + seconds(1)));
    EXPECT_FALSE(gate.allow(kStart + seconds(9)));
    EXPECT_TRUE(gate.allow(kStart + seconds(10)));
    EXPECT_TRUE(gate.allow(kStart + seconds(11)));
    EXPECT_FALSE(gate.allow(kStart + seconds(12)));
}

TEST(Origins, of_the_same_host_and_of_none_may_connect) {
    const std::vector<std::string> none;
    EXPECT_TRUE(origin_may_connect("", "127.0.0.1:8010", none));
    EXPECT_TRUE(origin_may_connect("http://127.0.0.1:8010", "127.0.0.1:8010", none));
    EXPECT_TRUE(origin_may_connect("http://Scanner.Local:8010", "scanner.local:8010", none));
    EXPECT_TRUE(origin_may_connect("http://scanner.local", "scanner.local:80", none));
    EXPECT_TRUE(origin_may_connect("https://scanner.local", "scanner.local", none));
    EXPECT_TRUE(origin_may_connect("https://scanner.local:443", "scanner.local", none));
    EXPECT_TRUE(origin_may_connect("http://[::1]:8010", "[::1]:8010", none));
}

TEST(Origins, of_others_may_connect_only_when_they_are_listed) {
    const std::vector<std::string> none;
    const std::vector<std::string> listed{"https://desk.example"};
    const std::vector<std::string> any{"*"};
    for (const char* origin : {"http://evil.example", "http://127.0.0.1:9000", "https://127.0.0.1:8010.evil.example",
                               "http://127.0.0.1", "null", "file://", "http://", "127.0.0.1:8010",
                               "chrome-extension://127.0.0.1:8010", "http://127.0.0.1:8010/"}) {
        EXPECT_FALSE(origin_may_connect(origin, "127.0.0.1:8010", none)) << origin;
        EXPECT_FALSE(origin_may_connect(origin, "127.0.0.1:8010", listed)) << origin;
        EXPECT_TRUE(origin_may_connect(origin, "127.0.0.1:8010", any)) << origin;
    }
    EXPECT_TRUE(origin_may_connect("https://desk.example", "127.0.0.1:8010", listed));
    for (const char* nameless : {"http://", "http://:80", "https://:443", "http://:8010"}) {
        EXPECT_FALSE(origin_may_connect(nameless, "", none)) << "nothing is not the same host as nothing";
        EXPECT_FALSE(origin_may_connect(nameless, ":8010", none)) << nameless;
    }
}

TEST(Origins, are_of_the_browsers_machine_with_loopback_names_alone) {
    for (const char* origin :
         {"http://127.0.0.1:9000", "https://127.0.0.1", "http://localhost:3000", "http://[::1]:1"}) {
        EXPECT_TRUE(page_on_loopback(origin)) << origin;
    }
    for (const char* origin : {"", "null", "http://evil.example", "http://127.0.0.1.evil.example", "file://127.0.0.1",
                               "http://127.0.0.1@evil.example", "http://evil.example@127.0.0.1", "http://127.0.0.1/",
                               "http://192.168.1.7:8010", "http://localhost.evil.example", "http://0.0.0.0"}) {
        EXPECT_FALSE(page_on_loopback(origin)) << origin;
    }
}

TEST(EventIds, are_whole_numbers) {
    EXPECT_EQ(parse_event_id("812"), 812U);
    EXPECT_EQ(parse_event_id("0"), 0U);
    for (const char* text : {"", "-1", "1.5", "x", " 1", "99999999999999999999"}) {
        EXPECT_FALSE(parse_event_id(text)) << text;
    }
}

}  // namespace
}  // namespace scanner::api
