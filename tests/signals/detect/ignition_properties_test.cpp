#include "signals/detect/random_tape.hpp"
#include "signals/detect/state_codec.hpp"
#include "signals/detect/wash_watch.hpp"

#include "scanner/signals/detect/contract_detectors.hpp"
#include "scanner/signals/detect/pump_ignition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace scanner::signals {
namespace {

using market::Trade;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kFrom = hours(8);
constexpr auto kTo = hours(17);

/// The episodes of some hours around the burst, told every five seconds.
std::vector<Episode> episodes(const std::vector<Trade>& trades, milliseconds later = milliseconds(0),
                              core::WallTime until = kStart + kTo) {
    ContractDetectors detectors;
    std::map<std::uint64_t, Episode> found;
    auto next = std::ranges::lower_bound(trades, kStart + kFrom + later, {}, &Trade::time);
    for (auto now = kStart + kFrom + later; now <= until + later; now += seconds(5)) {
        const auto end = std::ranges::lower_bound(next, trades.end(), now, {}, &Trade::time);
        detectors.on_trades(std::span(next, end), now);
        next = end;
        for (Episode& episode : detectors.take_episode_changes()) found[episode.id] = std::move(episode);
    }
    std::vector<Episode> all;
    for (auto& [id, episode] : found) all.push_back(std::move(episode));
    return all;
}

/// The tape on which a dump is what the other's pump was.
std::vector<Trade> upside_down(std::vector<Trade> trades) {
    for (Trade& trade : trades) {
        trade.size *= trade.price * trade.price;
        trade.price = 1.0 / trade.price;
        trade.taker_side = trade.taker_side == market::Side::buy ? market::Side::sell : market::Side::buy;
    }
    return trades;
}

void expect_same(const std::vector<Episode>& one, const std::vector<Episode>& other,
                 milliseconds later = milliseconds(0)) {
    ASSERT_EQ(one.size(), other.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_EQ(one[i].flag, other[i].flag);
        EXPECT_EQ(one[i].phase, other[i].phase);
        EXPECT_EQ(one[i].start + later, other[i].start);
        EXPECT_NEAR(one[i].severity, other[i].severity, 0.01);
        EXPECT_NEAR(one[i].probability, other[i].probability, 1e-4);
    }
}

struct Burst {
    DetectorFlag flag;
    double given_back;
};

/// pump_ignition on a tape, and dump_ignition on the same one upside down; the move stays, or most of it is given back.
class Ignitions : public testing::TestWithParam<Burst> {
protected:
    Ignitions() : trades_(tape(3, seconds(60), GetParam().given_back)) {
        if (GetParam().flag == DetectorFlag::dump_ignition) trades_ = upside_down(std::move(trades_));
    }
    std::vector<Trade> trades_;
};

TEST_P(Ignitions, are_raised_by_their_own_burst_alone) {
    const auto found = episodes(trades_);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().flag, GetParam().flag);
    EXPECT_EQ(found.front().phase,
              GetParam().given_back > 0.0 ? EpisodePhase::post_surge_reversal : EpisodePhase::exhausted_spike);
    EXPECT_GE(found.front().start, kStart + hours(15));
    EXPECT_LE(found.front().start, kStart + hours(15) + seconds(30));
}

TEST_P(Ignitions, depend_on_neither_units_nor_hour_nor_the_order_within_a_millisecond) {
    const auto found = episodes(trades_);
    for (const double factor : {1.0 / 512.0, 3.7e3}) {
        auto prices = trades_;
        auto sizes = trades_;
        for (Trade& trade : prices) trade.price *= factor;
        for (Trade& trade : sizes) trade.size *= factor;
        expect_same(found, episodes(prices));
        expect_same(found, episodes(sizes));
    }
    const milliseconds later = 4'321 * seconds(15);
    auto moved = trades_;
    for (Trade& trade : moved) trade.time += later;
    expect_same(found, episodes(moved, later), later);
    auto shuffled = trades_;
    std::mt19937 random(9);
    for (auto first = shuffled.begin(); first != shuffled.end();) {
        const auto last =
            std::find_if(first, shuffled.end(), [&](const Trade& one) { return one.time != first->time; });
        std::shuffle(first, last, random);
        first = last;
    }
    expect_same(found, episodes(shuffled));
}

TEST_P(Ignitions, know_nothing_of_what_comes_later) {
    for (const auto after : {seconds(20), seconds(45), seconds(300)}) {
        const auto cut = kStart + hours(15) + after;
        auto shorter = trades_;
        std::erase_if(shorter, [cut](const Trade& trade) { return trade.time >= cut; });
        EXPECT_EQ(episodes(shorter, milliseconds(0), cut), episodes(trades_, milliseconds(0), cut));
    }
}

INSTANTIATE_TEST_SUITE_P(Both, Ignitions,
                         testing::Values(Burst{DetectorFlag::pump_ignition, 0.0},
                                         Burst{DetectorFlag::dump_ignition, 0.0},
                                         Burst{DetectorFlag::pump_ignition, 0.8},
                                         Burst{DetectorFlag::dump_ignition, 0.8}));

TEST(DetectorState, of_the_first_version_is_read) {
    detect::StateWriter writer(1);
    PumpIgnition model;
    model.add({.price = 2.0, .size = 3.0, .taker_side = market::Side::buy, .time = kStart});
    writer(detect::WashWatch(), model);
    const auto bytes = writer.take();
    detect::StateReader reader(bytes);
    reader.set_version(1);
    detect::WashWatch wash;
    PumpIgnition read;
    reader(wash, read);
    EXPECT_TRUE(reader.at_end());
    EXPECT_TRUE(model.close_bar(kStart + kIgnitionBar));
    EXPECT_FALSE(read.close_bar(kStart + kIgnitionBar)) << "what it lacked must be seen anew";
}

}  // namespace
}  // namespace scanner::signals
