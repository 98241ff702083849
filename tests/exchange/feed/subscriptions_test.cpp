#include "exchange/htx/feed/subscriptions.hpp"

#include "exchange/feed/feed_fixture.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace scanner::exchange::htx::feed {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> codes(int count, int first = 0) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(fmt::format("C{}-USDT", first + i));
    return all;
}

std::map<std::string, std::size_t> places(Subscriptions& subscriptions) {
    std::map<std::string, std::size_t> places;
    subscriptions.for_each([&](const Subscriptions::Topic& topic) { places[topic.name] = topic.connection; });
    return places;
}

void answer_all(Subscriptions& subscriptions, core::SteadyTime now) {
    std::vector<std::pair<std::size_t, std::string>> left;
    subscriptions.for_each([&](Subscriptions::Topic& topic) {
        subscriptions.confirm(topic, now);
        if (topic.phase == Subscriptions::Phase::leaving) left.emplace_back(topic.connection, topic.name);
    });
    for (const auto& [connection, name] : left) subscriptions.left(connection, name);
}

TEST(Subscriptions, no_connection_has_more_topics_than_it_may) {
    Subscriptions subscriptions({.topics_per_connection = 150});
    subscriptions.want(codes(350));
    EXPECT_EQ(subscriptions.connections(), 5) << "700 topics";
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(subscriptions.topics_on(i), 140) << "spread evenly";
}

TEST(Subscriptions, what_finds_no_room_waits_for_some_books_first) {
    Subscriptions subscriptions({.topics_per_connection = 10, .connections = 2});
    subscriptions.want(codes(15));
    EXPECT_EQ(subscriptions.connections(), 2);
    std::size_t books = 0;
    std::size_t tapes = 0;
    subscriptions.for_each([&](const Subscriptions::Topic& topic) {
        if (topic.connection == Subscriptions::kNowhere) return;
        ++(topic.kind == TopicKind::book ? books : tapes);
    });
    EXPECT_EQ(books, 15);
    EXPECT_EQ(tapes, 5);
    subscriptions.want(codes(3));  // nothing was asked for yet, so that the others go at once
    EXPECT_EQ(subscriptions.topics_on(0) + subscriptions.topics_on(1), 6);
}

TEST(Subscriptions, the_limits_are_those_that_the_exchange_documents) {
    const SubscriptionLimits limits;
    EXPECT_EQ(limits.topics_per_connection, 150);
    EXPECT_EQ(limits.connections, 30);
    EXPECT_EQ(limits.per_second, 40);
    const MarketFeedOptions options;
    EXPECT_EQ(options.topics_per_connection, limits.topics_per_connection);
    EXPECT_EQ(options.max_connections, limits.connections);
    EXPECT_EQ(options.subscriptions_per_second, limits.per_second);
}

TEST(Subscriptions, a_market_that_is_too_large_fills_every_connection_and_no_more) {
    Subscriptions subscriptions({});
    subscriptions.want(codes(3'000));  // 6,000 topics, of which 4,500 have room
    EXPECT_EQ(subscriptions.connections(), 30);
    std::size_t placed = 0;
    for (std::size_t i = 0; i < 40; ++i) {
        EXPECT_EQ(subscriptions.topics_on(i), i < 30 ? 150 : 0);
        placed += subscriptions.topics_on(i);
    }
    EXPECT_EQ(placed, 4'500);
    std::size_t books = 0;
    subscriptions.for_each([&](const Subscriptions::Topic& topic) {
        books += topic.kind == TopicKind::book && topic.connection != Subscriptions::kNowhere ? 1 : 0;
    });
    EXPECT_EQ(books, 3'000) << "books before tapes";
    // Room that is given back goes to what waits.
    subscriptions.want(codes(1'000, 2'000));
    EXPECT_EQ(subscriptions.connections(), 30);
    placed = 0;
    subscriptions.for_each(
        [&](const Subscriptions::Topic& topic) { placed += topic.connection != Subscriptions::kNowhere ? 1 : 0; });
    EXPECT_EQ(placed, 2'000);
}

TEST(Subscriptions, notifications_take_their_place_among_the_forty_of_a_second) {
    Recorder recorder;
    const MarketFeedOptions options;
    FeedCore core(options, recorder, [] { return 0.5; });
    core::SteadyTime now{1h};
    std::vector<std::shared_ptr<const market::Contract>> contracts;
    for (const auto& code : codes(130)) contracts.push_back(contract_of(code));
    core.want(contracts, now);
    for (std::size_t i = 0; i < core.connections(); ++i) core.connected(i);
    core.notifications_connected(now);
    const auto begun = now;
    std::vector<core::SteadyTime> times;
    while (times.size() < 263 && now < begun + 60s) {
        while (core.next(now)) times.push_back(now);
        const auto due = core.next_due();
        if (due == core::SteadyTime::max()) break;
        ASSERT_GT(due, now);
        now = due;
    }
    ASSERT_EQ(times.size(), 263) << "260 topics of contracts and three of all";
    for (std::size_t i = 40; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 40], 1s) << i;
    EXPECT_LE(times.back() - begun, 6600ms);
}

TEST(Subscriptions, topics_that_stay_keep_their_connection) {
    Subscriptions subscriptions({.topics_per_connection = 20});
    core::SteadyTime now{1h};
    subscriptions.want(codes(30));
    for (std::size_t i = 0; i < subscriptions.connections(); ++i) subscriptions.connected(i);
    for (int i = 0; i < 200; ++i) {
        while (subscriptions.next(now)) {
        }
        answer_all(subscriptions, now);
        now += 100ms;
    }
    const auto before = places(subscriptions);
    auto kept = codes(15, 10);
    const auto added = codes(20, 100);
    kept.insert(kept.begin(), added.begin(), added.end());
    subscriptions.want(kept);
    for (const auto& [name, connection] : before) {
        for (const auto& code : codes(15, 10)) {
            if (name.contains("." + code + ".")) EXPECT_EQ(places(subscriptions)[name], connection) << name;
        }
    }
    int asked = 0;
    for (int i = 0; i < 100; ++i) {
        while (auto request = subscriptions.next(now)) {
            ++asked;
            for (const auto& code : codes(15, 10)) EXPECT_FALSE(request->text.contains("." + code + "."));
        }
        answer_all(subscriptions, now);
        now += 100ms;
        for (std::size_t c = 0; c < 10; ++c) {
            EXPECT_LE(subscriptions.topics_on(c), 20);
            if (c < subscriptions.connections()) subscriptions.connected(c);
        }
    }
    EXPECT_EQ(asked, 30 + 40) << "those that left and those that are new";
}

TEST(Subscriptions, no_second_has_more_requests_than_it_may) {
    Subscriptions subscriptions({.per_second = 40});
    subscriptions.want(codes(130));
    for (std::size_t i = 0; i < subscriptions.connections(); ++i) subscriptions.connected(i);
    core::SteadyTime now{1h};
    const auto begun = now;
    std::vector<core::SteadyTime> times;
    std::vector<std::string> texts;
    while (times.size() < 260 && now < begun + 60s) {
        while (auto request = subscriptions.next(now)) {
            times.push_back(now);
            texts.push_back(std::move(request->text));
        }
        const auto due = subscriptions.next_due();
        if (due == core::SteadyTime::max()) break;
        EXPECT_GT(due, now);
        now = due;
    }
    ASSERT_EQ(times.size(), 260);
    for (std::size_t i = 40; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 40], 1s) << i;
    EXPECT_LE(times[129] - begun, 3300ms) << "all books";
    EXPECT_LE(times.back() - begun, 6500ms);
    for (std::size_t i = 0; i < 130; ++i) EXPECT_TRUE(texts[i].contains("depth")) << "books before tapes";
    EXPECT_TRUE(texts[0].contains(".C0-USDT."));
    EXPECT_TRUE(texts[129].contains(".C129-USDT."));
    EXPECT_EQ(subscriptions.next_due(), core::SteadyTime::max());
}

TEST(Subscriptions, a_request_without_an_answer_is_overdue) {
    Subscriptions subscriptions({.answer_timeout = 10s});
    subscriptions.want(codes(1));
    subscriptions.connected(0);
    core::SteadyTime now{1h};
    while (subscriptions.next(now)) {
    }
    EXPECT_FALSE(subscriptions.is_overdue(0, now + 10s));
    EXPECT_TRUE(subscriptions.is_overdue(0, now + 11s));
    EXPECT_FALSE(subscriptions.is_overdue(1, now + 11s));
    answer_all(subscriptions, now);
    EXPECT_FALSE(subscriptions.is_overdue(0, now + 11s));
}

TEST(Subscriptions, wanted_again_while_leaving) {
    Subscriptions subscriptions({});
    core::SteadyTime now{1h};
    subscriptions.want(codes(1));
    subscriptions.connected(0);
    while (subscriptions.next(now)) {
    }
    answer_all(subscriptions, now);
    subscriptions.want({});
    while (subscriptions.next(now)) {
    }
    const auto name = topic_name(TopicKind::book, "C0-USDT");
    EXPECT_EQ(subscriptions.active(0, name), nullptr);
    subscriptions.want(codes(1));
    EXPECT_FALSE(subscriptions.next(now).has_value()) << "the answer first";
    answer_all(subscriptions, now);
    const auto request = subscriptions.next(now);
    ASSERT_TRUE(request.has_value());
    EXPECT_TRUE(request->text.contains("\"sub\""));
    EXPECT_NE(subscriptions.active(0, name), nullptr);
    subscriptions.want({});
    subscriptions.disconnected(0);
    EXPECT_EQ(subscriptions.connections(), 0);
}

}  // namespace
}  // namespace scanner::exchange::htx::feed
