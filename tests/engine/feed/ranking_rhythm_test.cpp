#include "engine/feed/ranking_rhythm.hpp"

#include "engine/feed/sequence_blocks.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace scanner::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr core::SteadyTime kStart{std::chrono::hours(1)};

TEST(RankingRhythm, waits_for_the_first_scan_then_for_a_change) {
    RankingRhythm rhythm(seconds(1), seconds(15));
    rhythm.changed(kStart);
    EXPECT_FALSE(rhythm.due()) << "before the first pass most of the market is missing";
    rhythm.published(kStart, true);
    EXPECT_FALSE(rhythm.due()) << "nothing has changed since";
    rhythm.changed(kStart + milliseconds(200));
    EXPECT_EQ(rhythm.due(), kStart + seconds(1));
    rhythm.published(kStart + seconds(1), false);
    EXPECT_FALSE(rhythm.due());
    rhythm.changed(kStart + seconds(9));
    EXPECT_EQ(rhythm.due(), kStart + seconds(9)) << "at once: the interval has passed long ago";
}

TEST(RankingRhythm, follows_changes_at_once_without_an_interval) {
    RankingRhythm rhythm(seconds(0), seconds(15));
    rhythm.published(kStart, true);
    rhythm.changed(kStart + milliseconds(3));
    EXPECT_EQ(rhythm.due(), kStart + milliseconds(3));
}

TEST(RankingRhythm, a_number_that_will_change_by_itself_makes_a_ranking_too) {
    RankingRhythm rhythm(seconds(1), seconds(15));
    rhythm.published(kStart, true);
    rhythm.changed(kStart + seconds(40));
    EXPECT_EQ(rhythm.due(), kStart + seconds(40));
    rhythm.changed(kStart + seconds(2));
    EXPECT_EQ(rhythm.due(), kStart + seconds(2)) << "the earlier one counts";
}

TEST(RankingRhythm, records_by_itself_when_scans_fail) {
    RankingRhythm rhythm(seconds(1), seconds(15));
    EXPECT_FALSE(rhythm.recording_overdue(kStart)) << "nothing was recorded yet: the first scan does";
    rhythm.published(kStart, true);
    EXPECT_FALSE(rhythm.recording_overdue(kStart + seconds(29)));
    EXPECT_TRUE(rhythm.recording_overdue(kStart + seconds(30)));
    rhythm.published(kStart + seconds(30), false);
    EXPECT_TRUE(rhythm.recording_overdue(kStart + seconds(30)));
    rhythm.published(kStart + seconds(30), true);
    EXPECT_FALSE(rhythm.recording_overdue(kStart + seconds(59)));
}

TEST(SequenceBlocks, reserves_ahead_and_lets_no_number_be_used_before) {
    SequenceBlocks numbers;
    EXPECT_FALSE(numbers.may_follow(41));
    const auto first = numbers.wanted(41);
    ASSERT_TRUE(first);
    EXPECT_GE(*first, 41U + 1'000U);
    numbers.reserved(*first);
    EXPECT_FALSE(numbers.wanted(41));
    EXPECT_TRUE(numbers.may_follow(*first - 1));
    EXPECT_FALSE(numbers.may_follow(*first));
    const auto second = numbers.wanted(*first - SequenceBlocks::kAhead + 1);
    ASSERT_TRUE(second) << "while there is still a block to use up";
    EXPECT_GE(*second, *first + 1'000U);
}

TEST(SequenceBlocks, follows_numbers_that_were_given_without_them) {
    SequenceBlocks numbers;
    numbers.reserved(2'000);
    EXPECT_EQ(numbers.wanted(5'000), 5'000U + SequenceBlocks::kBlock) << "scans go on while nothing can be reserved";
}

}  // namespace
}  // namespace scanner::engine
