#include "engine/candle_series.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace scanner::engine {
namespace {

using market::Candle;

constexpr std::int64_t kMinute = 60'000;

core::WallTime at(std::int64_t minute, std::int64_t ms = 0) {
    return core::from_unix_ms(minute * kMinute + ms);
}

Candle candle(std::int64_t minute, double close, double volume = 1.0) {
    return {minute * kMinute, close, close, close, close, volume};
}

std::vector<Candle> run(std::int64_t first, std::int64_t last) {
    std::vector<Candle> candles;
    for (std::int64_t minute = first; minute <= last; ++minute)
        candles.push_back(candle(minute, static_cast<double>(minute)));
    return candles;
}

TEST(CandleSeries, asks_for_everything_at_first) {
    const CandleSeries series(1, 200);
    EXPECT_EQ(series.missing(at(1000)), 200);
}

TEST(CandleSeries, asks_for_nothing_within_the_same_minute) {
    CandleSeries series(1, 200);
    series.merge(run(801, 1000));
    EXPECT_EQ(series.missing(at(1000, 59'999)), 0);
}

TEST(CandleSeries, asks_for_the_closed_one_and_the_running_one_after_a_minute_has_closed) {
    CandleSeries series(1, 200);
    series.merge(run(801, 1000));
    EXPECT_EQ(series.missing(at(1001)), 2);
    EXPECT_EQ(series.missing(at(1003, 1)), 4);
    EXPECT_EQ(series.missing(at(5000)), 200);
}

TEST(CandleSeries, replaces_what_a_fetch_overlaps_and_keeps_the_newest) {
    CandleSeries series(1, 3);
    series.merge(run(1, 3));
    const std::vector<Candle> fetched{candle(3, 30.0), candle(4, 40.0)};
    series.merge(fetched);
    const auto view = series.view(at(4, 5));
    ASSERT_EQ(view.candles->size(), 3U);
    EXPECT_EQ(view.candles->front().open_time_ms, 2 * kMinute);
    EXPECT_DOUBLE_EQ((*view.candles)[1].close, 30.0);
    EXPECT_EQ(view.closed, 2U);
}

TEST(CandleSeries, all_are_closed_once_the_exchange_has_moved_on) {
    CandleSeries series(1, 10);
    series.merge(run(1, 4));
    EXPECT_EQ(series.view(at(4, 59'999)).closed, 3U);
    EXPECT_EQ(series.view(at(5)).closed, 4U);
}

TEST(CandleSeries, fills_a_hole_inside_a_fetch_with_flat_candles_without_volume) {
    CandleSeries series(1, 10);
    const std::vector<Candle> holed{candle(1, 10.0), candle(4, 40.0)};
    series.merge(holed);
    const auto view = series.view(at(4));
    ASSERT_EQ(view.candles->size(), 4U);
    EXPECT_DOUBLE_EQ((*view.candles)[2].close, 10.0);
    EXPECT_DOUBLE_EQ((*view.candles)[2].base_volume, 0.0);
}

TEST(CandleSeries, drops_older_candles_that_do_not_connect) {
    CandleSeries series(1, 10);
    series.merge(run(1, 3));
    series.merge(run(6, 7));
    const auto view = series.view(at(7));
    ASSERT_EQ(view.candles->size(), 2U);
    EXPECT_EQ(view.candles->front().open_time_ms, 6 * kMinute);
}

TEST(CandleSeries, gives_up_what_lies_before_a_long_hole_inside_a_fetch) {
    CandleSeries series(1, 10);
    const std::vector<Candle> bridged{candle(1, 10.0), candle(5, 50.0)};
    series.merge(bridged);
    EXPECT_EQ(series.view(at(5)).candles->size(), 5U) << "three minutes are missing";
    const std::vector<Candle> holed{candle(1, 10.0), candle(6, 60.0), candle(7, 70.0)};
    series.merge(holed);
    const auto view = series.view(at(7));
    ASSERT_EQ(view.candles->size(), 2U) << "four are: what happened in them is not known";
    EXPECT_EQ(view.candles->front().open_time_ms, 6 * kMinute);
}

TEST(CandleSeries, keeps_what_is_newer_than_an_answer_from_a_cache) {
    CandleSeries series(1, 10);
    series.merge(run(1, 6));
    series.merge(run(3, 4));
    const auto view = series.view(at(6));
    ASSERT_EQ(view.candles->size(), 6U);
    EXPECT_EQ(view.candles->back().open_time_ms, 6 * kMinute);
    EXPECT_EQ(view.closed, 5U);
}

TEST(CandleSeries, is_read_anew_once_it_is_cleared) {
    CandleSeries series(1, 200);
    series.merge(run(801, 1000));
    series.clear();
    EXPECT_TRUE(series.empty());
    EXPECT_EQ(series.missing(at(1000)), 200);
}

TEST(CandleSeries, a_hole_of_decades_costs_nothing) {
    CandleSeries series(1, 10);
    const std::vector<Candle> hostile{candle(1, 5.0), candle(68'000'000, 7.0)};
    series.merge(hostile);
    const auto view = series.view(at(68'000'000));
    ASSERT_EQ(view.candles->size(), 1U);
    EXPECT_DOUBLE_EQ(view.candles->back().close, 7.0);
    EXPECT_LE(view.candles->capacity(), 100U) << "and has never been more";
}

TEST(CandleSeries, the_running_candle_follows_the_last_price) {
    CandleSeries series(1, 10);
    series.merge(run(1, 3));
    const auto before = series.view(at(3));
    series.follow(7.0, at(3, 100));
    const auto after = series.view(at(3, 100));
    EXPECT_DOUBLE_EQ(after.candles->back().close, 7.0);
    EXPECT_DOUBLE_EQ(after.candles->back().high, 7.0);
    EXPECT_DOUBLE_EQ(after.candles->back().low, 3.0);
    EXPECT_DOUBLE_EQ(before.candles->back().close, 3.0) << "what a ranking holds must not change under it";
}

TEST(CandleSeries, a_candle_that_has_ended_follows_nothing) {
    CandleSeries series(1, 10);
    series.merge(run(1, 3));
    series.follow(7.0, at(4));
    series.follow(-1.0, at(3));
    EXPECT_DOUBLE_EQ(series.view(at(4)).candles->back().close, 3.0);
}

Candle told(std::int64_t minute, double open, double close, double volume) {
    return {minute * kMinute, open, std::max(open, close), std::min(open, close), close, volume};
}

TEST(CandleSeries, a_tape_tells_the_running_candle_with_its_open_and_volume) {
    CandleSeries series(1, 200);
    series.merge(run(1, 10));
    EXPECT_FALSE(series.follow_tape(told(10, 9.5, 10.5, 33.0), std::nullopt));
    const auto view = series.view(at(10, 30'000));
    EXPECT_EQ(view.closed, 9U);
    EXPECT_DOUBLE_EQ(view.candles->back().open, 9.5);
    EXPECT_DOUBLE_EQ(view.candles->back().base_volume, 33.0);
    EXPECT_TRUE(series.is_last_told());
    const auto held = series.all();
    EXPECT_FALSE(series.follow_tape(told(10, 9.5, 10.5, 33.0), std::nullopt));
    EXPECT_EQ(series.all(), held) << "nothing has changed";
}

TEST(CandleSeries, a_tape_closes_its_candle_and_begins_the_next_which_is_fetched_all_the_same) {
    CandleSeries series(1, 10);
    series.merge(run(1, 10));
    EXPECT_FALSE(series.follow_tape(told(11, 10.5, 11.0, 1.0), std::nullopt)) << "how the last one ended is unknown";
    EXPECT_EQ(series.view(at(10)).candles->back().open_time_ms, 10 * kMinute);
    EXPECT_TRUE(series.follow_tape(told(11, 10.5, 11.0, 1.0), told(10, 9.5, 10.5, 40.0)));
    const auto view = series.view(at(11));
    ASSERT_EQ(view.candles->size(), 10U);
    EXPECT_EQ(view.closed, 9U);
    EXPECT_DOUBLE_EQ((*view.candles)[8].base_volume, 40.0);
    EXPECT_EQ(series.missing(at(11, 5'000)), 2) << "what the exchange says of it counts";
    const std::vector<Candle> fetched{told(10, 9.5, 10.5, 40.0 + 1e-9), told(11, 10.5, 11.5, 2.0)};
    const CandleSeries::Checked checked = series.merge(fetched);
    EXPECT_EQ(checked.candles, 1U);
    EXPECT_EQ(checked.mismatches, 0U);
    EXPECT_EQ(series.missing(at(11, 5'000)), 0);
    EXPECT_FALSE(series.is_last_told());
}

TEST(CandleSeries, what_a_tape_told_otherwise_than_the_exchange_counts_and_is_replaced) {
    for (const Candle& wrong : {told(10, 9.5, 10.5, 41.0), told(10, 9.4, 10.5, 40.0), told(10, 9.5, 10.4, 40.0)}) {
        CandleSeries series(1, 200);
        series.merge(run(1, 10));
        ASSERT_TRUE(series.follow_tape(told(11, 10.5, 11.0, 1.0), wrong));
        const std::vector<Candle> fetched{told(10, 9.5, 10.5, 40.0), told(11, 10.5, 11.5, 2.0)};
        EXPECT_EQ(series.merge(fetched).mismatches, 1U);
        EXPECT_DOUBLE_EQ((*series.all())[9].base_volume, 40.0);
        EXPECT_EQ(series.merge(fetched).candles, 0U) << "each is checked once";
    }
}

TEST(CandleSeries, a_candle_that_a_tape_with_a_hole_began_is_fetched) {
    CandleSeries series(1, 200);
    series.merge(run(1, 10));
    series.follow_tape(told(10, 9.5, 10.5, 33.0), std::nullopt);
    EXPECT_EQ(series.missing(at(10, 30'000)), 0);
    series.leave_tape();
    EXPECT_EQ(series.missing(at(10, 30'000)), 2);
    series.merge(run(9, 10));
    series.leave_tape();
    EXPECT_EQ(series.missing(at(10, 30'000)), 0) << "no tape told this one";
}

}  // namespace
}  // namespace scanner::engine
