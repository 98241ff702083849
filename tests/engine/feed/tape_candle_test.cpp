#include "engine/feed/tape_candle.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace scanner::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const core::WallTime kMinute = core::from_unix_ms(1'790'000'040'000);  // the beginning of one

market::Trade trade(std::int64_t id, milliseconds at, double price, double size) {
    return {.trade_id = id, .price = price, .size = size, .taker_side = market::Side::buy, .time = kMinute + at};
}
void tell(TapeCandle& candle, const std::vector<market::Trade>& trades) {
    candle.on_trades(trades);
}

TEST(TapeCandle, is_made_of_every_trade_of_its_minute) {
    TapeCandle candle;
    candle.on_complete(kMinute - seconds(5));
    tell(candle, {trade(1, -seconds(1), 99.0, 7.0)});
    tell(candle, {trade(3, seconds(2), 101.0, 2.0), trade(2, seconds(1), 100.0, 1.0)});
    tell(candle, {trade(4, seconds(3), 98.0, 0.5)});
    const TapeCandle::Told told = candle.told();
    ASSERT_TRUE(told.running);
    EXPECT_EQ(told.running->open_time_ms, core::to_unix_ms(kMinute));
    EXPECT_EQ(told.running->open, 100.0) << "by id, whatever the order in which they came";
    EXPECT_EQ(told.running->high, 101.0);
    EXPECT_EQ(told.running->low, 98.0);
    EXPECT_EQ(told.running->close, 98.0);
    EXPECT_EQ(told.running->base_volume, 3.5);
    EXPECT_FALSE(told.finished) << "the tape began within the minute before";
}

TEST(TapeCandle, is_not_told_for_the_minute_in_which_the_tape_began) {
    TapeCandle candle;
    tell(candle, {trade(1, seconds(1), 99.0, 1.0)});
    EXPECT_FALSE(candle.told().running) << "nothing says that trades were not missed";
    candle.on_complete(kMinute + seconds(2));
    tell(candle, {trade(2, seconds(3), 99.0, 1.0)});
    EXPECT_FALSE(candle.told().running);
    tell(candle, {trade(3, seconds(61), 100.0, 4.0)});
    ASSERT_TRUE(candle.told().running);
    EXPECT_EQ(candle.told().running->base_volume, 4.0);
    EXPECT_FALSE(candle.told().finished);
}

TEST(TapeCandle, is_not_told_for_a_minute_that_a_hole_touches) {
    TapeCandle candle;
    candle.on_complete(kMinute - minutes(2));
    tell(candle, {trade(1, seconds(1), 99.0, 1.0)});
    EXPECT_TRUE(candle.told().running);
    candle.on_hole();
    EXPECT_FALSE(candle.told().running);
    candle.on_complete(kMinute + seconds(20));
    tell(candle, {trade(2, seconds(21), 99.0, 1.0)});
    EXPECT_FALSE(candle.told().running) << "the hole was filled, but its minute has not ended";
    tell(candle, {trade(3, seconds(62), 100.0, 4.0)});
    EXPECT_TRUE(candle.told().running);
    EXPECT_FALSE(candle.told().finished) << "the minute with the hole";
}

TEST(TapeCandle, knows_how_the_minute_before_ended_and_takes_late_trades_of_it) {
    TapeCandle candle;
    candle.on_complete(kMinute - seconds(1));
    tell(candle, {trade(1, seconds(1), 99.0, 1.0), trade(2, seconds(58), 97.0, 1.0)});
    tell(candle, {trade(4, seconds(60), 96.0, 5.0)});
    tell(candle, {trade(3, milliseconds(59'990), 98.0, 2.0)});
    const TapeCandle::Told told = candle.told();
    ASSERT_TRUE(told.finished);
    EXPECT_EQ(told.finished->close, 98.0);
    EXPECT_EQ(told.finished->base_volume, 4.0);
    ASSERT_TRUE(told.running);
    EXPECT_EQ(told.running->base_volume, 5.0);
}

TEST(TapeCandle, a_stamp_that_is_ahead_stops_no_later_candle) {
    TapeCandle candle;
    candle.on_complete(kMinute - seconds(1));
    tell(candle, {trade(1, seconds(1), 99.0, 1.0)});
    const std::vector<market::Trade> wrong{trade(2, minutes(60), 99.0, 1.0)};
    candle.on_trades(wrong, kMinute + seconds(7));
    EXPECT_FALSE(candle.told().running) << "a trade of this minute or of another is missing";
    candle.on_complete(kMinute + seconds(3));
    tell(candle, {trade(3, seconds(61), 100.0, 4.0)});
    ASSERT_TRUE(candle.told().running);
    EXPECT_EQ(candle.told().running->base_volume, 4.0);
}

TEST(TapeCandle, begins_anew_with_another_length) {
    TapeCandle candle;
    candle.on_complete(kMinute - minutes(10));
    tell(candle, {trade(1, seconds(1), 99.0, 1.0)});
    candle.set_interval(minutes(5));
    EXPECT_FALSE(candle.told().running);
}

}  // namespace
}  // namespace scanner::engine
