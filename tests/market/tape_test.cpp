#include "scanner/market/tape.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <set>
#include <vector>

namespace scanner::market {
namespace {

using Ids = std::vector<std::int64_t>;
constexpr std::int64_t kFirst = 1'000'000'000'000'000'000;  // beyond what a double holds

std::vector<Trade> trades(const Ids& ids) {
    std::vector<Trade> made;
    for (const std::int64_t id : ids) {
        made.push_back(
            {.trade_id = kFirst + id, .price = 1.0, .size = 2.0, .time = core::from_unix_ms(1'790'000'000'000 + id)});
    }
    return made;
}
Ids ids_of(std::span<const Trade> trades) {
    Ids ids;
    for (const Trade& trade : trades) ids.push_back(trade.trade_id - kFirst);
    return ids;
}
Ids range(std::int64_t first, std::int64_t last) {
    Ids ids;
    for (std::int64_t id = first; id <= last; ++id) ids.push_back(id);
    return ids;
}

TEST(Tape, gives_each_trade_once_in_the_order_of_ids) {
    Tape tape;
    EXPECT_EQ(ids_of(tape.add(trades({3, 1, 2, 2}))), (Ids{1, 2, 3}));
    EXPECT_EQ(ids_of(tape.add(trades({2, 5, 3}))), (Ids{5}));
    EXPECT_EQ(ids_of(tape.add(trades({4}))), (Ids{4})) << "late, but new";
    EXPECT_TRUE(tape.add({}).empty());
    EXPECT_EQ(tape.newest_id(), kFirst + 5);
}

TEST(Tape, begins_with_a_hole_that_a_list_closes_from_its_oldest_on) {
    Tape tape;
    EXPECT_FALSE(tape.is_complete());
    EXPECT_EQ(tape.incomplete_since(), std::nullopt);
    static_cast<void>(tape.add(trades({10, 11})));
    EXPECT_FALSE(tape.is_complete()) << "what was before is not known";
    const auto filled = tape.fill(trades({11, 9, 8, 10}), false);
    EXPECT_TRUE(filled.complete);
    EXPECT_EQ(ids_of(filled.fresh), (Ids{8, 9}));
}

TEST(Tape, knows_that_a_contract_never_traded) {
    Tape tape;
    EXPECT_FALSE(tape.fill({}, false).complete);
    EXPECT_TRUE(tape.fill({}, true).complete);
}

TEST(Tape, gives_a_hole_up_whose_older_end_does_not_matter_any_more) {
    Tape tape;
    static_cast<void>(tape.fill(trades(range(1, 10)), true));
    tape.interrupted();
    static_cast<void>(tape.add(trades({30})));
    const auto since = [](std::int64_t id) { return core::from_unix_ms(1'790'000'000'000 + id); };
    EXPECT_FALSE(tape.fill(trades(range(20, 30)), true, since(20)).complete);
    EXPECT_FALSE(tape.fill(trades(range(15, 18)), true, since(20)).complete) << "it does not reach the newer end";
    EXPECT_EQ(tape.given_up(), 0U);
    EXPECT_TRUE(tape.fill(trades(range(19, 30)), true, since(20)).complete);
    EXPECT_EQ(tape.given_up(), 1U);
}

TEST(Tape, is_complete_when_a_list_overlaps_both_ends) {
    Tape tape;
    static_cast<void>(tape.fill(trades(range(1, 10)), true));
    tape.interrupted();
    EXPECT_FALSE(tape.is_complete());
    EXPECT_EQ(tape.incomplete_since(), core::from_unix_ms(1'790'000'000'010));
    static_cast<void>(tape.add(trades({20, 21})));
    EXPECT_FALSE(tape.fill(trades(range(12, 19)), true).complete) << "reaches neither end";
    EXPECT_FALSE(tape.fill(trades(range(11, 20)), true).complete) << "one trade less than known would show the overlap";
    EXPECT_TRUE(tape.fill(trades(range(10, 20)), true).complete);
    EXPECT_EQ(tape.incomplete_since(), std::nullopt);
}

TEST(Tape, takes_the_older_end_first_and_the_rest_later) {
    Tape tape;
    static_cast<void>(tape.fill(trades(range(1, 10)), true));
    tape.interrupted();
    static_cast<void>(tape.add(trades({30})));
    EXPECT_EQ(ids_of(tape.fill(trades(range(20, 30)), true).fresh), range(20, 29));
    EXPECT_FALSE(tape.is_complete());
    const auto filled = tape.fill(trades(range(8, 21)), true);
    EXPECT_TRUE(filled.complete) << "the list needs to reach what the first one brought";
    EXPECT_EQ(ids_of(filled.fresh), range(11, 19));
}

TEST(Tape, needs_a_stream_that_follows_when_nothing_has_come_since) {
    Tape tape;
    static_cast<void>(tape.fill(trades({1, 2}), true));
    tape.interrupted();
    EXPECT_FALSE(tape.fill(trades({1, 2}), false).complete) << "one may come before the stream is back";
    EXPECT_TRUE(tape.fill(trades({1, 2}), true).complete);
}

TEST(Tape, has_missed_nothing_when_the_stream_begins_with_the_last_trade) {
    Tape tape;
    static_cast<void>(tape.fill(trades({1, 2}), true));
    tape.interrupted();
    EXPECT_TRUE(tape.add(trades({2})).empty());
    EXPECT_TRUE(tape.is_complete());
    tape.interrupted();
    EXPECT_EQ(ids_of(tape.add(trades({2, 3}))), (Ids{3}));
    EXPECT_FALSE(tape.is_complete());
}

TEST(Tape, makes_one_hole_of_several) {
    Tape tape;
    static_cast<void>(tape.fill(trades({1, 2}), true));
    tape.interrupted();
    static_cast<void>(tape.add(trades({5})));
    tape.interrupted();
    static_cast<void>(tape.add(trades({9})));
    EXPECT_FALSE(tape.fill(trades(range(5, 9)), true).complete) << "the first is still open";
    EXPECT_TRUE(tape.fill(trades(range(2, 9)), true).complete);
}

TEST(Tape, does_not_mind_what_was_before_it_began) {
    Tape tape;
    static_cast<void>(tape.add(trades({50})));
    tape.interrupted();
    static_cast<void>(tape.add(trades({60})));
    EXPECT_FALSE(tape.fill(trades(range(55, 60)), true).complete) << "but what was since";
    EXPECT_TRUE(tape.fill(trades(range(50, 60)), true).complete);
}

TEST(Tape, remembers_a_bounded_number_and_gives_a_hole_up_that_no_list_can_reach) {
    Tape tape;
    static_cast<void>(tape.fill(trades(range(1, 10)), true));
    tape.interrupted();
    const auto many = static_cast<std::int64_t>(3 * Tape::kRemembered);
    for (std::int64_t id = 20; id < 20 + many; ++id) ASSERT_EQ(tape.add(trades({id})).size(), 1U);
    EXPECT_TRUE(tape.is_complete());
    EXPECT_EQ(tape.given_up(), 1U);
    EXPECT_TRUE(tape.add(trades({20, 15})).empty()) << "too old to know";
    EXPECT_TRUE(tape.add(trades({20 + many - 1, 20 + many - 2'000})).empty());
}

TEST(Tape, gives_each_once_however_streams_and_lists_overlap) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 50; ++round) {
        Tape tape;
        std::set<std::int64_t> seen;
        std::int64_t newest = 0;
        for (int step = 0; step < 200; ++step) {
            newest += static_cast<std::int64_t>(random() % 5);
            Ids ids = range(std::max<std::int64_t>(1, newest - static_cast<std::int64_t>(random() % 60)), newest);
            std::ranges::shuffle(ids, random);
            std::vector<Trade> given = trades(ids);
            const bool list = random() % 4 == 0;
            if (random() % 10 == 0) tape.interrupted();
            const auto fresh = ids_of(list ? tape.fill(given, true).fresh : tape.add(given));
            ASSERT_TRUE(std::ranges::is_sorted(fresh));
            for (const std::int64_t id : fresh) ASSERT_TRUE(seen.insert(id).second) << id;
            for (const std::int64_t id : ids) ASSERT_TRUE(seen.contains(id)) << id;
        }
    }
}

}  // namespace
}  // namespace scanner::market
