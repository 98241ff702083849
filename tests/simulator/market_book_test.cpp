#include "simulator/market/book.hpp"

#include <gtest/gtest.h>

#include <map>

namespace scanner::simulator {
namespace {

TEST(Book, matches_by_price_then_time) {
    Book book;
    static_cast<void>(book.add(Side::sell, 101, 5, kCrowd));
    const auto second = book.add(Side::sell, 100, 3, kFirstMaker);
    const auto third = book.add(Side::sell, 100, 4, kScenario);
    std::vector<Fill> fills;
    EXPECT_EQ(book.take(Side::buy, 9, 101, fills), 9);
    ASSERT_EQ(fills.size(), 3U);
    EXPECT_EQ(fills[0].owner, kFirstMaker);
    EXPECT_EQ(fills[1].owner, kScenario);
    EXPECT_EQ(fills[2].price_ticks, 101);
    EXPECT_EQ(fills[2].contracts, 2);
    EXPECT_EQ(book.remaining(second), 0);
    EXPECT_EQ(book.remaining(third), 0);
    EXPECT_EQ(book.level(Side::sell, 0).contracts, 3);
}

TEST(Book, is_post_only) {
    Book book;
    static_cast<void>(book.add(Side::sell, 100, 1, kCrowd));
    const auto bid = book.add(Side::buy, 105, 1, kCrowd);
    EXPECT_EQ(book.price_of(bid), 99);
}

TEST(Book, respects_the_takers_limit) {
    Book book;
    static_cast<void>(book.add(Side::buy, 100, 2, kCrowd));
    static_cast<void>(book.add(Side::buy, 98, 2, kCrowd));
    std::vector<Fill> fills;
    EXPECT_EQ(book.take(Side::sell, 4, 99, fills), 2);
    EXPECT_EQ(book.best(Side::buy), 98);
}

TEST(Book, a_dead_orders_handle_stays_dead) {
    Book book;
    const auto first = book.add(Side::buy, 10, 1, kCrowd);
    EXPECT_TRUE(book.cancel(first));
    const auto reused = book.add(Side::buy, 11, 7, kCrowd);
    EXPECT_NE(first, reused);
    EXPECT_FALSE(book.cancel(first));
    EXPECT_EQ(book.remaining(first), 0);
    EXPECT_EQ(book.remaining(reused), 7);
}

TEST(Book, cancelling_the_crowd_leaves_the_others) {
    Book book;
    static_cast<void>(book.add(Side::sell, 100, 1, kCrowd));
    const auto maker = book.add(Side::sell, 100, 2, kFirstMaker);
    static_cast<void>(book.add(Side::sell, 101, 3, kCrowd));
    static_cast<void>(book.add(Side::sell, 103, 4, kCrowd));
    book.cancel_crowd_to(Side::sell, 101);
    EXPECT_EQ(book.depth(Side::sell), 2U);
    EXPECT_EQ(book.contracts(Side::sell, 1), 2);
    EXPECT_EQ(book.crowd_orders(), 1U);
    EXPECT_EQ(book.remaining(maker), 2);
}

// Against a model that is too simple to be wrong: sums by price, kept through thousands of random operations.
TEST(Book, agrees_with_a_plain_model) {
    core::Random random(3);
    Book book;
    std::map<std::int64_t, std::int64_t> model[2];
    std::vector<OrderId> ids;
    for (int i = 0; i < 20'000; ++i) {
        const Side side = random.chance(0.5) ? Side::buy : Side::sell;
        const auto other = opposite(side);
        auto& own = model[side == Side::buy ? 0 : 1];
        auto& theirs = model[side == Side::buy ? 1 : 0];
        const double what = random.uniform();
        if (what < 0.55) {
            const auto price = 1'000 + static_cast<std::int64_t>(random.below(60)) - (side == Side::buy ? 45 : 15);
            const auto size = 1 + static_cast<std::int64_t>(random.below(9));
            const auto id = book.add(side, price, size, random.chance(0.7) ? kCrowd : kFirstMaker);
            own[book.price_of(id)] += size;
            ids.push_back(id);
        } else if (what < 0.9 && !ids.empty()) {
            const auto id = ids[random.below(ids.size())];
            const auto left = book.remaining(id);
            const auto price = book.price_of(id);
            const bool bid = book.side_of(id) == Side::buy;
            if (book.cancel(id)) model[bid ? 0 : 1][price] -= left;
        } else if (!book.empty(other)) {
            std::vector<Fill> fills;
            static_cast<void>(
                book.take(side, 1 + static_cast<std::int64_t>(random.below(30)), side == Side::buy ? 2'000 : 1, fills));
            for (const auto& fill : fills) theirs[fill.price_ticks] -= fill.contracts;
        }
        std::erase_if(own, [](const auto& level) { return level.second == 0; });
        std::erase_if(theirs, [](const auto& level) { return level.second == 0; });
        ASSERT_EQ(book.depth(Side::buy), model[0].size());
        ASSERT_EQ(book.depth(Side::sell), model[1].size());
        if (!model[0].empty()) {
            ASSERT_EQ(book.best(Side::buy), model[0].rbegin()->first);
            ASSERT_EQ(book.level(Side::buy, 0).contracts, model[0].rbegin()->second);
        }
        if (!model[0].empty() && !model[1].empty()) ASSERT_LT(book.best(Side::buy), book.best(Side::sell));
    }
}

}  // namespace
}  // namespace scanner::simulator
