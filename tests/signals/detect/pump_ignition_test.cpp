#include "scanner/signals/detect/pump_ignition.hpp"

#include "signals/detect/random_tape.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <vector>

namespace scanner::signals {
namespace {

using market::Side;
using market::Trade;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<IgnitionBar> detect(const std::vector<Trade>& trades) {
    PumpIgnition detector;
    std::vector<IgnitionBar> bars;
    for (const Trade& trade : trades) {
        while (const auto bar = detector.close_bar(trade.time)) bars.push_back(*bar);
        detector.add(trade);
    }
    if (!trades.empty()) {
        while (const auto bar = detector.close_bar(trades.back().time + kIgnitionBar)) bars.push_back(*bar);
    }
    return bars;
}

void expect_same(const std::vector<IgnitionBar>& some, const std::vector<IgnitionBar>& others, double tolerance,
                 milliseconds later = milliseconds(0)) {
    ASSERT_EQ(some.size(), others.size());
    for (std::size_t i = 0; i < some.size(); ++i) {
        ASSERT_EQ(some[i].closes_at + later, others[i].closes_at);
        ASSERT_EQ(some[i].trades, others[i].trades);
        ASSERT_NEAR(some[i].logit, others[i].logit, tolerance) << "bar " << i;
    }
}

double highest(const std::vector<IgnitionBar>& bars, core::WallTime from, core::WallTime to) {
    double found = 0.0;
    for (const IgnitionBar& bar : bars) {
        if (bar.closes_at > from && bar.closes_at <= to) found = std::max(found, bar.probability);
    }
    return found;
}

TEST(PumpIgnition, raises_a_burst_of_buying_within_two_bars_and_nothing_else) {
    for (std::uint32_t seed = 1; seed <= 5; ++seed) {
        const auto bars = detect(tape(seed, seconds(60)));
        const auto onset = kStart + hours(15);
        EXPECT_GT(highest(bars, onset, onset + 2 * kIgnitionBar), kIgnitionThreshold);
        EXPECT_LT(highest(bars, kStart + hours(6), onset), kIgnitionThreshold);
        const auto quiet = detect(tape(seed, seconds(0)));
        EXPECT_LT(highest(quiet, kStart + hours(6), kStart + hours(20)), kIgnitionThreshold);
    }
}

TEST(PumpIgnition, does_not_depend_on_the_units_of_price_and_size) {
    const auto trades = tape(7, seconds(60));
    const auto plain = detect(trades);
    auto scaled = trades;
    for (Trade& trade : scaled) trade.price *= 1e-6;
    expect_same(plain, detect(scaled), 1e-8);
    for (Trade& trade : scaled) trade.size *= 1e7;
    expect_same(plain, detect(scaled), 1e-8);
}

TEST(PumpIgnition, does_not_depend_on_the_hour) {
    const auto trades = tape(8, seconds(60));
    const milliseconds later = 12'345 * kIgnitionBar;
    auto moved = trades;
    for (Trade& trade : moved) trade.time += later;
    expect_same(detect(trades), detect(moved), 0.0, later);
}

TEST(PumpIgnition, does_not_depend_on_the_order_within_a_millisecond) {
    auto trades = tape(9, seconds(60));
    const auto plain = detect(trades);
    std::mt19937 random(9);
    for (auto first = trades.begin(); first != trades.end();) {
        const auto last = std::find_if(first, trades.end(), [&](const Trade& t) { return t.time != first->time; });
        std::shuffle(first, last, random);
        first = last;
    }
    expect_same(plain, detect(trades), 1e-8);
}

TEST(PumpIgnition, knows_nothing_of_what_comes_later) {
    const auto trades = tape(10, seconds(60));
    const auto whole = detect(trades);
    for (const auto cut : {hours(3), hours(15), hours(19)}) {
        auto shorter = trades;
        std::erase_if(shorter, [&](const Trade& trade) { return trade.time >= kStart + cut; });
        const auto before = detect(shorter);
        const auto end = kStart + cut;
        for (std::size_t i = 0; i < before.size() && before[i].closes_at <= end; ++i) {
            ASSERT_EQ(before[i].logit, whole[i].logit);
        }
        EXPECT_GT(before.size(), 600U);
    }
}

TEST(PumpIgnition, says_the_same_after_a_long_silence_however_it_is_passed) {
    auto trades = tape(11, seconds(0));
    const auto silence = hours(24 * 9);
    std::vector<Trade> later = tape(12, seconds(60));
    for (Trade& trade : later) trade.time += hours(20) + silence;

    // Once in one step, and once with the clock asked at every bar, as the daemon does.
    const auto run = [&](bool every_bar) {
        PumpIgnition detector;
        std::vector<IgnitionBar> bars;
        const auto close = [&](core::WallTime time) {
            while (const auto bar = detector.close_bar(time)) {
                if (bar->trades > 0) bars.push_back(*bar);
            }
        };
        core::WallTime asked = kStart;
        for (const auto* part : {&trades, &later}) {
            for (const Trade& trade : *part) {
                while (every_bar && asked + kIgnitionBar <= trade.time) close(asked += kIgnitionBar);
                close(trade.time);
                detector.add(trade);
            }
        }
        return bars;
    };
    expect_same(run(false), run(true), 1e-8);
}

TEST(PumpIgnition, leaves_out_trades_that_are_none) {
    PumpIgnition detector;
    const double infinity = std::numeric_limits<double>::infinity();
    for (const double bad : {0.0, -1.0, infinity, std::nan("")}) {
        detector.add({.price = bad, .size = 1.0, .taker_side = Side::buy, .time = kStart});
        detector.add({.price = 1.0, .size = bad, .taker_side = Side::buy, .time = kStart});
    }
    EXPECT_FALSE(detector.close_bar(kStart + hours(1))) << "nothing has begun";
    detector.add({.price = 1.0, .size = 1.0, .taker_side = Side::buy, .time = kStart});
    detector.add({.price = 2.0, .size = 1.0, .taker_side = Side::buy, .time = kStart - hours(5)});
    const auto bar = detector.close_bar(kStart + kIgnitionBar);
    ASSERT_TRUE(bar);
    EXPECT_EQ(bar->trades, 2) << "an older one counts as of the same moment";
    EXPECT_EQ(bar->closes_at, kStart + kIgnitionBar);
}

TEST(DecayingMean, adds_many_zeros_as_it_adds_them_one_by_one) {
    DecayingMean one(960.0);
    DecayingMean many(960.0);
    for (DecayingMean* mean : {&one, &many}) {
        mean->add(5.0);
        mean->add(7.0);
    }
    EXPECT_NEAR(one.get(), 6.0, 1e-3);
    for (int i = 0; i < 1000; ++i) one.add(0.0);
    many.add_zeros(1000);
    EXPECT_NEAR(one.get(), many.get(), 1e-12);
    EXPECT_EQ(DecayingMean(4.0).get(), 0.0);
}

}  // namespace
}  // namespace scanner::signals
