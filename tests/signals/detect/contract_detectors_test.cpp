#include "scanner/signals/detect/contract_detectors.hpp"

#include "signals/detect/random_tape.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <span>
#include <vector>

namespace scanner::signals {
namespace {

using market::Trade;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Tells trades second by second, as a feed does, up to `until`; the newest state of every episode.
std::map<std::uint64_t, Episode> follow(ContractDetectors& detectors, const std::vector<Trade>& trades,
                                        core::WallTime from, core::WallTime until) {
    std::map<std::uint64_t, Episode> episodes;
    auto next = std::ranges::lower_bound(trades, from, {}, &Trade::time);
    for (auto now = from + seconds(1); now <= until; now += seconds(1)) {
        const auto end = std::ranges::lower_bound(next, trades.end(), now, {}, &Trade::time);
        detectors.on_trades(std::span(next, end), now);
        next = end;
        for (Episode& episode : detectors.take_episode_changes()) episodes[episode.id] = std::move(episode);
    }
    return episodes;
}

constexpr auto kOnset = kStart + hours(15);

double severity_of(const Verdict& verdict, DetectorFlag flag) {
    return verdict.severities[static_cast<std::size_t>(flag)];
}

TEST(ContractDetectors, opens_one_episode_for_a_pump_and_closes_it) {
    ContractDetectors detectors;
    const auto trades = tape(1, seconds(60));
    auto episodes = follow(detectors, trades, kStart, kOnset + seconds(40));
    ASSERT_EQ(episodes.size(), 1U);
    EXPECT_EQ(episodes.begin()->second.flag, DetectorFlag::pump_ignition);
    EXPECT_EQ(episodes.begin()->second.phase, EpisodePhase::ignition);
    EXPECT_GE(episodes.begin()->second.start, kOnset);
    EXPECT_FALSE(episodes.begin()->second.evidence.empty());
    const Verdict& verdict = detectors.verdict(kOnset + seconds(40));
    EXPECT_TRUE(verdict.flags.has(DetectorFlag::pump_ignition));
    ASSERT_TRUE(verdict.score);
    EXPECT_GE(*verdict.score, 50.0);
    episodes = follow(detectors, trades, kOnset + seconds(40), kStart + hours(20));
    ASSERT_EQ(episodes.size(), 1U);
    EXPECT_TRUE(episodes.begin()->second.end);
    EXPECT_LE(*episodes.begin()->second.end, kOnset + minutes(62));
    EXPECT_TRUE(detectors.open_episodes().empty());
}

TEST(ContractDetectors, knows_nothing_without_six_hours_of_trades) {
    ContractDetectors detectors;
    EXPECT_FALSE(detectors.verdict(kStart).probability);
    const auto trades = tape(2, seconds(0));
    static_cast<void>(follow(detectors, trades, kStart, kStart + hours(5)));
    EXPECT_TRUE(detectors.verdict(kStart + hours(5)).unknown.has(DetectorFlag::pump_ignition));
    static_cast<void>(follow(detectors, trades, kStart + hours(5), kStart + hours(7)));
    const auto now = kStart + hours(7);
    EXPECT_FALSE(detectors.verdict(now).unknown.has(DetectorFlag::pump_ignition));
    EXPECT_LT(severity_of(detectors.verdict(now), DetectorFlag::pump_ignition), 50.0);
    EXPECT_TRUE(detectors.verdict(now + minutes(1)).unknown.has(DetectorFlag::pump_ignition))
        << "no word of trades for a minute";
}

TEST(ContractDetectors, that_one_or_two_found_nothing_is_no_score) {
    ContractDetectors detectors;
    market::OrderBook book;
    for (int level = 0; level < 40; ++level) {
        book.bids.push_back({100.0 - 0.01 * (level + 1), 50.0});
        book.asks.push_back({100.0 + 0.01 * (level + 1), 50.0});
    }
    std::size_t fewest_with_score = kDetectorFlagCount;
    for (auto now = kStart; now < kStart + minutes(40); now += seconds(5)) {
        detectors.on_trades({}, now);
        detectors.on_polled_book(book, now);
        if (core::to_unix_ms(now) % 15'000 == 0) detectors.on_open_interest(1e6, now);
        const Verdict& verdict = detectors.verdict(now);
        const auto told = static_cast<std::size_t>(std::ranges::count_if(
            kDetectorFlags, [&](const auto& flag) { return flag.counts() && !verdict.unknown.has(flag.flag); }));
        EXPECT_EQ(verdict.score.has_value(), told >= ContractDetectors::kLeastTold) << told << " detectors told";
        EXPECT_EQ(verdict.score.has_value(), verdict.probability.has_value());
        if (verdict.score) fewest_with_score = std::min(fewest_with_score, told);
    }
    EXPECT_EQ(fewest_with_score, ContractDetectors::kLeastTold) << "polling tells so many, in time";
}

TEST(ContractDetectors, goes_on_after_a_restart_with_the_same_episode) {
    const auto trades = tape(3, seconds(60));
    ContractDetectors before;
    const auto first = follow(before, trades, kStart, kOnset + seconds(30));
    ASSERT_EQ(first.size(), 1U);
    const auto bytes = before.state();
    EXPECT_LE(bytes.size(), ContractDetectors::kMaxStateBytes);
    ContractDetectors after;
    ASSERT_TRUE(after.restore(bytes));
    EXPECT_EQ(after.open_episodes(), before.open_episodes());
    EXPECT_EQ(after.updated_at(), before.updated_at());
    const auto later = follow(after, trades, kOnset + minutes(3), kStart + hours(20));
    ASSERT_EQ(later.size(), 1U) << "neither lost nor doubled";
    EXPECT_EQ(later.begin()->first, first.begin()->first);
    EXPECT_TRUE(later.begin()->second.end);
}

TEST(ContractDetectors, refuses_a_damaged_state_and_keeps_its_own) {
    const auto trades = tape(4, seconds(60));
    ContractDetectors detectors;
    static_cast<void>(follow(detectors, trades, kStart, kOnset + seconds(30)));
    const auto bytes = detectors.state();
    for (std::size_t length = 0; length < bytes.size(); length += 7) {
        EXPECT_FALSE(detectors.restore(std::span(bytes).first(length)));
    }
    auto longer = bytes;
    longer.push_back({});
    EXPECT_FALSE(detectors.restore(longer));
    auto other = bytes;
    other[4] = std::byte{99};
    EXPECT_FALSE(detectors.restore(other)) << "of another version";
    EXPECT_EQ(detectors.state(), bytes);
}

TEST(ContractDetectors, map_rates_to_scores_as_documented) {
    EXPECT_NEAR(score_of_rate(0.1), 50.0, 1e-9);
    EXPECT_NEAR(score_of_rate(0.01), 80.0, 1e-9);
    EXPECT_NEAR(score_of_rate(1.0), 20.0, 1e-9);
    EXPECT_GT(score_of_rate(1e-6), 99.0);
}

}  // namespace
}  // namespace scanner::signals
