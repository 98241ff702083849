#include "signals/detect/random_events.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace scanner::signals {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// One for each flag but the ignitions, which need hours: ignition_properties_test.cpp.
constexpr std::array kAllPlanted{Planted::wick, Planted::push, Planted::crash, Planted::vacuum, Planted::layers,
                                 Planted::wall, Planted::wash, Planted::paint, Planted::funding};

struct Played {
    std::vector<Verdict> verdicts;  ///< every 5 s
    std::map<std::uint64_t, Episode> episodes;
};

Played play(const std::vector<Event>& events) {
    Played result;
    ContractDetectors detectors;
    market::LiveBook book;
    core::WallTime due = events.front().at + seconds(5);
    for (const Event& event : events) {
        for (; event.at >= due; due += seconds(5)) result.verdicts.push_back(detectors.verdict(due));
        tell(detectors, event, book);
        for (Episode& episode : detectors.take_episode_changes()) result.episodes[episode.id] = std::move(episode);
    }
    return result;
}

void expect_same(const Played& one, const Played& other, milliseconds later = milliseconds(0)) {
    ASSERT_EQ(one.verdicts.size(), other.verdicts.size());
    for (std::size_t i = 0; i < one.verdicts.size(); ++i) {
        const Verdict& a = one.verdicts[i];
        const Verdict& b = other.verdicts[i];
        ASSERT_EQ(a.unknown, b.unknown) << i;
        ASSERT_EQ(a.flags, b.flags) << i;
        for (std::size_t flag = 0; flag < kDetectorFlagCount; ++flag) {
            ASSERT_NEAR(a.severities[flag], b.severities[flag], 0.01) << i << ' ' << kDetectorFlags[flag].name;
            ASSERT_NEAR(a.probabilities[flag], b.probabilities[flag], 1e-4) << i << ' ' << kDetectorFlags[flag].name;
        }
    }
    ASSERT_EQ(one.episodes.size(), other.episodes.size());
    for (const auto& [id, episode] : one.episodes) {
        EXPECT_EQ(episode.start + later, other.episodes.at(id).start);
        EXPECT_EQ(episode.flag, other.episodes.at(id).flag);
        EXPECT_EQ(episode.phase, other.episodes.at(id).phase);
    }
}

void change_each(std::vector<Event>& events, const std::function<void(Event&)>& change) {
    std::ranges::for_each(events, change);
}

std::vector<Event> market(std::uint32_t seed, Planted planted) {
    return RandomEvents(seed, planted).make();
}

/// Of the flags that were raised after something was planted.
FlagSet raised(Planted planted, std::uint32_t seed) {
    FlagSet flags;
    for (const auto& [id, episode] : play(market(seed, planted)).episodes) {
        if (episode.start >= kMarketStart + kPlantedAt - seconds(30)) flags.set(episode.flag);
    }
    return flags;
}

/// Which claims it.
constexpr std::array<std::pair<Planted, DetectorFlag>, kAllPlanted.size()> kClaims{{
    {Planted::wick, DetectorFlag::scam_wick},
    {Planted::push, DetectorFlag::momentum_ignition},
    {Planted::crash, DetectorFlag::market_stress},
    {Planted::vacuum, DetectorFlag::liquidity_vacuum},
    {Planted::layers, DetectorFlag::spoofing_depth_imbalance},
    {Planted::wall, DetectorFlag::liquidity_wall},
    {Planted::wash, DetectorFlag::wash_trade_volume},
    {Planted::paint, DetectorFlag::oi_implausible},
    {Planted::funding, DetectorFlag::funding_window_push},
}};

class Detectors : public testing::TestWithParam<Planted> {
protected:
    std::uint32_t seed() const { return 100 + static_cast<std::uint32_t>(GetParam()); }
};

/// Else all that follows would hold of detectors that never find anything.
TEST_P(Detectors, find_what_is_planted_in_the_market_that_they_are_asked_about) {
    const auto* const claim = std::ranges::find(kClaims, GetParam(), &std::pair<Planted, DetectorFlag>::first);
    ASSERT_NE(claim, kClaims.end());
    EXPECT_TRUE(raised(GetParam(), seed()).has(claim->second)) << to_string(claim->second);
}

TEST_P(Detectors, do_not_depend_on_the_unit_of_the_price) {
    const auto events = market(seed(), GetParam());
    for (const double factor : {1.0 / 1024.0, 3.7e4}) {
        auto scaled = events;
        change_each(scaled, [factor](Event& event) {
            for (auto& trade : event.trades) trade.price *= factor;
            for (auto* side : {&event.bids, &event.asks}) {
                for (auto& level : *side) level.price *= factor;
            }
            if (event.kind == Event::Kind::index) event.value *= factor;
        });
        expect_same(play(events), play(scaled));
    }
}

TEST_P(Detectors, do_not_depend_on_the_unit_of_the_size) {
    const auto events = market(seed(), GetParam());
    for (const double factor : {8.0, 1e5}) {
        auto scaled = events;
        change_each(scaled, [factor](Event& event) {
            for (auto& trade : event.trades) trade.size *= factor;
            for (auto* side : {&event.bids, &event.asks}) {
                for (auto& level : *side) level.size *= factor;
            }
            if (event.kind == Event::Kind::open_interest) event.value *= factor;
        });
        expect_same(play(events), play(scaled));
    }
}

TEST_P(Detectors, do_not_depend_on_the_hour) {
    const auto events = market(seed(), GetParam());
    const milliseconds later = 12'347 * seconds(15);
    auto moved = events;
    change_each(moved, [later](Event& event) {
        event.at += later;
        if (event.settlement) *event.settlement += later;
        for (auto& trade : event.trades) trade.time += later;
    });
    expect_same(play(events), play(moved), later);
}

TEST_P(Detectors, do_not_depend_on_the_order_of_fills_within_a_millisecond) {
    const auto events = market(seed(), GetParam());
    auto shuffled = events;
    std::mt19937 random(5);
    change_each(shuffled, [&random](Event& event) {
        for (auto first = event.trades.begin(); first != event.trades.end();) {
            const auto last = std::find_if(first, event.trades.end(),
                                           [&](const market::Trade& trade) { return trade.time != first->time; });
            std::shuffle(first, last, random);
            first = last;
        }
    });
    expect_same(play(events), play(shuffled));
}

TEST_P(Detectors, know_nothing_of_what_comes_later) {
    const auto events = market(seed(), GetParam());
    const Played whole = play(events);
    for (const auto cut : {kPlantedAt - seconds(60), kPlantedAt + seconds(7), kPlantedAt + seconds(100)}) {
        auto shorter = events;
        std::erase_if(shorter, [cut](const Event& event) { return event.at >= kMarketStart + cut; });
        const Played before = play(shorter);
        ASSERT_FALSE(before.verdicts.empty());
        for (std::size_t i = 0; i < before.verdicts.size(); ++i) ASSERT_EQ(before.verdicts[i], whole.verdicts[i]) << i;
    }
}

TEST_P(Detectors, say_unknown_for_what_they_are_not_told) {
    struct Missing {
        Event::Kind kind;
        std::vector<DetectorFlag> flags;
    };
    const std::vector<Missing> all{
        {Event::Kind::index,
         {DetectorFlag::scam_wick, DetectorFlag::momentum_ignition, DetectorFlag::market_stress,
          DetectorFlag::funding_window_push}},
        {Event::Kind::book,
         {DetectorFlag::liquidity_vacuum, DetectorFlag::liquidity_wall, DetectorFlag::spoofing_depth_imbalance,
          DetectorFlag::spoofing_reversal, DetectorFlag::wash_trade_volume}},
        {Event::Kind::trades,
         {DetectorFlag::pump_ignition, DetectorFlag::dump_ignition, DetectorFlag::wash_trade_volume,
          DetectorFlag::oi_implausible, DetectorFlag::spoofing_depth_imbalance, DetectorFlag::spoofing_reversal}},
        {Event::Kind::open_interest, {DetectorFlag::oi_implausible}},
        {Event::Kind::funding, {DetectorFlag::funding_window_push}}};
    const auto events = market(seed(), GetParam());
    const Played complete = play(events);
    for (const Missing& missing : all) {
        auto fewer = events;
        std::erase_if(fewer, [&](const Event& event) { return event.kind == missing.kind; });
        const Played without = play(fewer);
        for (const Verdict& verdict : without.verdicts) {
            for (const DetectorFlag flag : missing.flags) {
                ASSERT_TRUE(verdict.unknown.has(flag)) << to_string(flag);
                ASSERT_EQ(verdict.severities[static_cast<std::size_t>(flag)], 0.0);
            }
        }
        for (const DetectorFlag flag : missing.flags) {
            const bool ignition = flag == DetectorFlag::pump_ignition || flag == DetectorFlag::dump_ignition;
            EXPECT_NE(complete.verdicts.back().unknown.has(flag), !ignition) << to_string(flag) << " is known with it";
        }
    }
}

TEST_P(Detectors, go_on_after_a_restart_as_if_there_had_been_none) {
    const auto events = market(seed(), GetParam());
    ContractDetectors first;
    market::LiveBook book;
    const auto middle = std::ranges::find_if(
        events, [](const Event& event) { return event.at >= kMarketStart + kPlantedAt + seconds(9); });
    std::for_each(events.begin(), middle, [&](const Event& event) { tell(first, event, book); });
    const auto bytes = first.state();
    EXPECT_LE(bytes.size(), ContractDetectors::kMaxStateBytes);
    ContractDetectors second;
    ASSERT_TRUE(second.restore(bytes));
    EXPECT_EQ(second.state().size(), bytes.size());
    EXPECT_EQ(second.open_episodes(), first.open_episodes());
    std::for_each(middle, events.end(), [&](const Event& event) { tell(second, event, book); });
    std::uint64_t last = 0;
    for (const Episode& episode : second.take_episode_changes()) last = std::max(last, episode.id);
    EXPECT_LT(last, 30U);
    const Verdict verdict = second.verdict(events.back().at);
    EXPECT_FALSE(verdict.unknown.has(DetectorFlag::liquidity_vacuum)) << "yardsticks are kept";
}

INSTANTIATE_TEST_SUITE_P(RandomMarkets, Detectors, testing::ValuesIn(kAllPlanted));

TEST(PlantedMarkets, raise_the_flag_that_claims_it) {
    for (const auto& [planted, flag] : kClaims) {
        for (std::uint32_t seed = 1; seed <= 2; ++seed) EXPECT_TRUE(raised(planted, seed).has(flag)) << to_string(flag);
    }
}

TEST(PlantedMarkets, raise_nothing_where_nothing_is_planted) {
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
        const FlagSet flags = raised(Planted::nothing, seed);
        for (const DetectorFlagInfo& flag : kDetectorFlags) EXPECT_FALSE(flags.has(flag.flag)) << flag.name;
    }
    EXPECT_FALSE(raised(Planted::crash, 4).has(DetectorFlag::scam_wick)) << "the index fell too";
    EXPECT_FALSE(raised(Planted::crash, 4).has(DetectorFlag::momentum_ignition));
    EXPECT_FALSE(raised(Planted::wall_that_trades, 4).has(DetectorFlag::liquidity_wall));
}

}  // namespace
}  // namespace scanner::signals
