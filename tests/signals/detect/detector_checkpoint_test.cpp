#include "signals/detect/random_events.hpp"
#include "signals/detect/random_tape.hpp"

#include "scanner/core/checkpoint.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace scanner::signals {
namespace {

std::string bytes_of(const ContractDetectors& detectors) {
    core::CheckpointWriter archive;
    archive(detectors);
    return archive.take();
}

/// Everything that an observer can see.
void expect_same_answers(ContractDetectors& one, ContractDetectors& other, core::WallTime at) {
    ASSERT_EQ(one.verdict(at), other.verdict(at));
    ASSERT_EQ(one.next_change_at(at), other.next_change_at(at));
    ASSERT_EQ(one.open_episodes(), other.open_episodes());
}

class CheckpointedDetectors : public testing::TestWithParam<std::uint32_t> {};

/// Cut anywhere, restored and told the rest: whatever was going on goes on, to the last bit.
TEST_P(CheckpointedDetectors, go_on_exactly) {
    std::mt19937 random(GetParam());
    const auto planted = static_cast<Planted>(GetParam() % 10);
    const std::vector<Event> events = RandomEvents(GetParam(), planted).make();
    ContractDetectors whole;
    ContractDetectors cut;
    market::LiveBook book;
    market::LiveBook other_book;
    std::uniform_int_distribution<std::size_t> next_cut(1, events.size() / 8);
    std::size_t due = next_cut(random);
    int cuts = 0;
    std::size_t changes = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (i == due) {
            due += next_cut(random);
            ++cuts;
            const std::string bytes = bytes_of(cut);
            core::CheckpointReader archive(bytes);
            ContractDetectors restored;
            archive(restored);
            ASSERT_TRUE(archive.at_end());
            ASSERT_EQ(bytes_of(restored), bytes) << "nothing is lost on the way";
            cut = std::move(restored);
            // What a wider machine tells besides.
            if (random() % 4 == 0) {
                whole.on_tape_hole(events[i].at);
                cut.on_tape_hole(events[i].at);
            }
        }
        tell(whole, events[i], book);
        tell(cut, events[i], other_book);
        if (i % 16 == 0) expect_same_answers(whole, cut, events[i].at);
        if (random() % 8 == 0) {
            const auto told = whole.take_episode_changes();
            ASSERT_EQ(told, cut.take_episode_changes());
            changes += told.size();
        }
    }
    EXPECT_GT(cuts, 4);
    EXPECT_EQ(bytes_of(cut), bytes_of(whole));
    if (planted != Planted::nothing) EXPECT_GT(changes + whole.take_episode_changes().size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, CheckpointedDetectors, testing::Range(300U, 310U));

TEST(CheckpointedDetector, goes_on_in_the_middle_of_an_ignition) {
    const auto trades = tape(7, std::chrono::seconds(60));
    ContractDetectors whole;
    ContractDetectors cut;
    core::WallTime now = kStart;
    std::size_t next = 0;
    std::size_t episodes = 0;
    while (next < trades.size()) {
        now += std::chrono::seconds(15);
        std::size_t end = next;
        while (end < trades.size() && trades[end].time <= now) ++end;
        const std::span<const market::Trade> fresh(trades.data() + next, end - next);
        next = end;
        whole.on_trades(fresh, now);
        cut.on_trades(fresh, now);
        if (whole.open_episodes().empty() && next % 64 != 0) continue;
        episodes += whole.open_episodes().size();
        const std::string bytes = bytes_of(cut);
        core::CheckpointReader archive(bytes);
        ContractDetectors restored;
        archive(restored);
        ASSERT_TRUE(archive.at_end());
        cut = std::move(restored);
        expect_same_answers(whole, cut, now);
    }
    EXPECT_GT(episodes, 0U);
    EXPECT_EQ(bytes_of(cut), bytes_of(whole));
}

/// A recording comes from anywhere: damaged bytes are refused, or are detectors that go on.
TEST(CheckpointedDetector, reads_nothing_that_cannot_be) {
    const std::vector<Event> events = RandomEvents(11, Planted::wash).make();
    ContractDetectors detectors;
    market::LiveBook book;
    for (const Event& event : events) tell(detectors, event, book);
    const std::string bytes = bytes_of(detectors);
    std::mt19937 random(5);
    int refused = 0;
    for (int i = 0; i < 400; ++i) {
        std::string damaged = bytes;
        damaged[random() % damaged.size()] ^= static_cast<char>(1U << (random() % 8));
        if (i % 10 == 0) damaged.resize(random() % damaged.size());
        core::CheckpointReader archive(damaged);
        ContractDetectors restored;
        archive(restored);
        if (!archive.at_end()) {
            ++refused;
            continue;
        }
        for (std::size_t each = events.size() - 40; each < events.size(); ++each) tell(restored, events[each], book);
        static_cast<void>(restored.verdict(events.back().at));
    }
    EXPECT_GE(refused, 40);
}

}  // namespace
}  // namespace scanner::signals
