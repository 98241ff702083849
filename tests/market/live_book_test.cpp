#include "scanner/market/live_book.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <span>
#include <vector>

namespace scanner::market {
namespace {

using Levels = std::vector<Level>;

Levels copied(std::span<const Level> side) {
    return {side.begin(), side.end()};
}

core::WallTime at(int ms) {
    return core::WallTime(std::chrono::milliseconds(ms));
}

TEST(LiveBook, starts_with_a_whole_book_in_any_order) {
    const Levels bids{{99.0, 1.0}, {100.0, 2.0}, {98.0, 0.0}};
    const Levels asks{{102.0, 4.0}, {101.0, 3.0}};
    LiveBook book;
    book.reset({.bids = bids, .asks = asks, .exchange_time = at(5), .matching_id = 7});
    EXPECT_EQ(copied(book.bids()), (Levels{{100.0, 2.0}, {99.0, 1.0}}));
    EXPECT_EQ(copied(book.asks()), (Levels{{101.0, 3.0}, {102.0, 4.0}}));
    EXPECT_EQ(book.exchange_time(), at(5));
    EXPECT_EQ(book.matching_id(), 7);
    EXPECT_FALSE(book.is_crossed());
}

TEST(LiveBook, replaces_inserts_and_removes_levels) {
    const Levels bids{{100.0, 2.0}, {99.0, 1.0}};
    const Levels asks{{101.0, 3.0}};
    const Levels changes{{99.0, 5.0}, {99.5, 4.0}, {100.0, 0.0}, {42.0, 0.0}};
    LiveBook book;
    book.reset({.bids = bids, .asks = asks});
    book.apply({.bids = changes, .asks = {}, .exchange_time = at(9), .matching_id = 8});
    EXPECT_EQ(copied(book.bids()), (Levels{{99.5, 4.0}, {99.0, 5.0}}));
    EXPECT_EQ(copied(book.asks()), asks);
    EXPECT_EQ(book.exchange_time(), at(9));
    EXPECT_EQ(book.matching_id(), 8);
}

TEST(LiveBook, tells_a_crossed_book_from_an_empty_side) {
    const Levels level{{101.0, 1.0}};
    LiveBook book;
    book.reset({.bids = level, .asks = {}});
    EXPECT_FALSE(book.is_crossed());
    book.apply({.bids = {}, .asks = level});
    EXPECT_TRUE(book.is_crossed());
    book.clear();
    EXPECT_FALSE(book.is_crossed());
    EXPECT_TRUE(book.to_order_book()->bids.empty());
}

void mirror(std::map<double, double>& side, const Levels& levels) {
    for (const Level& level : levels) {
        if (level.size > 0.0) {
            side[level.price] = level.size;
        } else {
            side.erase(level.price);
        }
    }
}

TEST(LiveBook, agrees_with_a_map_of_prices_after_any_changes) {
    std::mt19937 random(20261130);
    std::uniform_int_distribution price(1, 60);
    std::uniform_int_distribution size(0, 5);
    LiveBook book;
    std::map<double, double> bids;
    std::map<double, double> asks;
    std::uniform_int_distribution many(0, 45);
    for (int step = 0; step < 20'000; ++step) {
        Levels below;
        Levels above;
        const bool few = step % 3 != 0;
        for (int i = few ? size(random) : many(random); i > 0; --i) {
            below.push_back({double(price(random)), double(size(random))});
        }
        for (int i = few ? size(random) : many(random); i > 0; --i) {
            above.push_back({100.0 + price(random), double(size(random))});
        }
        if (step % 4 != 0) {  // as exchanges send them, from the touch outwards
            std::ranges::sort(below, std::greater(), &Level::price);
            std::ranges::sort(above, std::less(), &Level::price);
        }
        if (step % 4 == 1) {  // and each price once
            below.erase(std::ranges::unique(below, {}, &Level::price).begin(), below.end());
            above.erase(std::ranges::unique(above, {}, &Level::price).begin(), above.end());
        }
        book.apply({.bids = below, .asks = above});
        mirror(bids, below);
        mirror(asks, above);
        Levels expected_bids;
        for (auto level = bids.rbegin(); level != bids.rend(); ++level) {
            expected_bids.push_back({level->first, level->second});
        }
        Levels expected_asks;
        for (const auto& [where, there] : asks) expected_asks.push_back({where, there});
        ASSERT_EQ(copied(book.bids()), expected_bids);
        ASSERT_EQ(copied(book.asks()), expected_asks);
    }
}

}  // namespace
}  // namespace scanner::market
