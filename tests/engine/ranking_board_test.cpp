#include "scanner/engine/ranking_board.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner::engine {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class RankingBoardTest : public testing::Test {
protected:
    RankingBoardTest() {
        board_.on_published([this](const ranking::RankingPtr& ranking) {
            EXPECT_EQ(board_.current(), ranking) << "it is the current one when its listeners hear of it";
            heard_.push_back("published " + std::to_string(ranking->sequence));
        });
        board_.on_recorded([this](const ranking::RankingPtr& ranking) {
            EXPECT_EQ(board_.recorded(), ranking);
            heard_.push_back("recorded " + std::to_string(ranking->sequence));
        });
    }

    static ranking::RankingPtr ranking(std::uint64_t sequence, core::WallTime time) {
        auto made = std::make_shared<ranking::Ranking>();
        made->sequence = sequence;
        made->time = time;
        return made;
    }
    void publish(std::uint64_t sequence, bool recorded) {
        board_.publish({.ranking = ranking(sequence, clock_.now()), .recorded = recorded});
    }
    /// Which of 1..9 can be had by ?seq=.
    std::vector<std::uint64_t> kept() const {
        std::vector<std::uint64_t> found;
        for (std::uint64_t sequence = 1; sequence < 10; ++sequence) {
            if (board_.by_sequence(sequence)) found.push_back(sequence);
        }
        return found;
    }

    core::ManualClock clock_{core::from_unix_ms(1'790'000'000'000)};
    exchange::ExchangeStatus exchange_;
    RankingBoard board_{clock_, {}, [this] { return exchange_; }};
    std::vector<std::string> heard_;
};

TEST_F(RankingBoardTest, every_ranking_is_published_and_some_are_recorded) {
    publish(1, true);
    publish(2, false);
    publish(3, true);
    EXPECT_EQ(heard_,
              (std::vector<std::string>{"published 1", "recorded 1", "published 2", "published 3", "recorded 3"}));
}

TEST_F(RankingBoardTest, the_newest_recorded_one_stays_while_others_are_published) {
    publish(1, true);
    publish(2, false);
    EXPECT_EQ(board_.current()->sequence, 2U);
    EXPECT_EQ(board_.recorded()->sequence, 1U);
}

TEST_F(RankingBoardTest, keeps_the_four_newest_of_each_kind) {
    publish(1, true);
    publish(2, true);
    for (std::uint64_t sequence = 3; sequence <= 8; ++sequence) publish(sequence, false);
    EXPECT_EQ(kept(), (std::vector<std::uint64_t>{1, 2, 5, 6, 7, 8}));
    for (std::uint64_t sequence = 9; sequence <= 12; ++sequence) publish(sequence, true);
    EXPECT_EQ(kept(), (std::vector<std::uint64_t>{9}));
}

TEST_F(RankingBoardTest, a_restored_ranking_is_shown_and_no_listener_hears_of_it) {
    board_.restore(ranking(7, clock_.now() - seconds(20)));
    EXPECT_EQ(board_.current()->sequence, 7U);
    EXPECT_EQ(board_.recorded()->sequence, 7U) << "history has it";
    EXPECT_EQ(kept(), std::vector<std::uint64_t>{7});
    EXPECT_TRUE(heard_.empty());
    EXPECT_FALSE(board_.health().last_success) << "this process made none";
}

TEST_F(RankingBoardTest, a_wall_clock_set_back_does_not_make_a_ranking_young) {
    publish(1, true);
    clock_.step_wall(-hours(1));
    clock_.advance(seconds(91));
    EXPECT_EQ(board_.age(*board_.current()), seconds(91));
    EXPECT_FALSE(board_.is_fresh(*board_.current()));
}

TEST_F(RankingBoardTest, health_is_the_source_s_and_the_exchange_s_of_now) {
    board_.publish({.ranking = ranking(1, clock_.now()), .health = {.cycle_count = 1}, .recorded = true});
    board_.report({.last_error = "refused",
                   .failure_streak = 2,
                   .cycle_count = 3,
                   .backoff_sec = 45.0,
                   .next_scan_at = clock_.now() + seconds(60)});
    exchange_.requests = 17;
    const HealthDetails health = board_.health();
    EXPECT_EQ(health.last_success, board_.current()->time);
    EXPECT_EQ(health.last_error, "refused");
    EXPECT_EQ(health.failure_streak, 2);
    EXPECT_EQ(health.cycle_count, 3U);
    EXPECT_DOUBLE_EQ(health.backoff_sec, 45.0);
    EXPECT_EQ(health.exchange.requests, 17U);
    EXPECT_EQ(board_.next_scan_at(), clock_.now() + seconds(60));
}

}  // namespace
}  // namespace scanner::engine
