// Positions on credit, and what closes them.
#include "simulator/market/leverage/leveraged_positions.hpp"
#include "simulator/market_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace scanner::simulator {
namespace {

using namespace std::chrono_literals;

TEST(LeveragedPositions, longs_close_below_their_price_and_shorts_above) {
    LeveragedPositions positions(1, 1);
    for (int i = 0; i < 400; ++i) positions.open(i % 2 == 0 ? Side::buy : Side::sell, 5, 10'000.0, 0);
    EXPECT_GT(positions.size(), 50U) << "about a quarter is on credit";
    EXPECT_LT(positions.size(), 150U);
    EXPECT_FALSE(positions.take_liquidated(10'000.0, 1)) << "nothing has moved";
    EXPECT_FALSE(positions.take_liquidated(9'965.0, 1)) << "not even 125 times leverage is gone by then";
    int longs = 0;
    while (const auto position = positions.take_liquidated(9'000.0, 1)) {
        ++longs;
        EXPECT_EQ(position->side, Side::buy);
        EXPECT_EQ(position->contracts, 5);
        EXPECT_GE(position->liquidation_ticks, 9'000.0);
        EXPECT_LT(position->liquidation_ticks, 10'000.0);
    }
    EXPECT_GT(longs, 20);
    const auto shorts = positions.take_liquidated(10'500.0, 1);
    ASSERT_TRUE(shorts);
    EXPECT_EQ(shorts->side, Side::sell);
}

TEST(LeveragedPositions, are_given_up_in_time_and_never_too_many) {
    LeveragedPositions positions(1, 1);
    for (int i = 0; i < 20'000; ++i) positions.open(Side::buy, 1, 100.0, 0);
    EXPECT_EQ(positions.size(), LeveragedPositions::kMaxPositions);
    EXPECT_FALSE(positions.take_liquidated(1.0, 48 * 3'600 * kSecond)) << "their holders have closed them";
    EXPECT_EQ(positions.size(), 0U);
}

TEST(SimulatedLiquidations, come_with_a_move_and_are_on_the_tape) {
    const auto market = make_market({.contracts = 12,
                                     .seed = 5,
                                     .start = core::from_unix_ms(1'790'000'000'000),
                                     .scenarios = {"pump"},
                                     .prevalence = 0.1});
    const auto same = make_market({.contracts = 12,
                                   .seed = 5,
                                   .start = core::from_unix_ms(1'790'000'000'000),
                                   .scenarios = {"pump"},
                                   .prevalence = 0.1});
    std::uint64_t forced = 0;
    std::uint64_t fills = 0;
    const WallTime end = market->now() + 90min;
    std::vector<std::uint64_t> seen(12);
    for (std::size_t i = 0; i < seen.size(); ++i) seen[i] = market->fill_count(i);
    while (market->now() < end) {
        market->advance(market->now() + 30s);
        for (std::size_t i = 0; i < seen.size(); ++i) {
            const auto trades = market->trades(i, static_cast<std::size_t>(market->fill_count(i) - seen[i]));
            ASSERT_EQ(trades.size(), market->fill_count(i) - seen[i]);
            seen[i] = market->fill_count(i);
            fills += trades.size();
            for (const SimulatedTrade& trade : trades) {
                if (!trade.liquidation) continue;
                ++forced;
                EXPECT_GT(trade.doubled_contracts, 0);
                EXPECT_NE(trade.taker_side, Side::unknown);
            }
        }
    }
    EXPECT_GT(forced, 0U);
    EXPECT_LT(forced, fills / 5) << "they are not what the market is made of";
    same->advance(end);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        EXPECT_EQ(same->fill_count(i), seen[i]) << "whatever the steps";
        EXPECT_EQ(same->matching_id(i), market->matching_id(i));
    }
}

}  // namespace
}  // namespace scanner::simulator
