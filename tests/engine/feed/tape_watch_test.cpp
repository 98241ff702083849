#include "engine/feed/tape_watch.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace scanner::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TapeWatchTest : public testing::Test {
protected:
    FollowedContract& follow(const std::string& code, seconds silent_for = seconds(0)) {
        auto contract = std::make_shared<market::Contract>();
        contract->contract_code = code;
        FollowedContract& followed = followed_[code];
        followed.contract = contract;
        followed.tape_has_hole = false;
        followed.tape_followed = true;
        followed.tape_frame = now_ - silent_for;
        followed.newest_trade = 100;
        return followed;
    }
    void pass(seconds time) {
        now_ += time;
        exchange_now_ += time;
    }
    void ticker(const std::string& code, double last, double volume) {
        tickers_[code].last = last;
        tickers_[code].base_volume_24h = volume;
        watch_.note(tickers_, followed_, now_);
    }
    std::string next() {
        const auto contract = watch_.next(followed_, now_);
        return contract == nullptr ? "" : contract->contract_code;
    }
    /// What the exchange lists, asked for now: the newest of these ids, so long ago.
    TapeFinding judge(const std::string& code, std::int64_t id, milliseconds ago) {
        return judge_later(code, id, ago, seconds(0));
    }
    /// The same, the answer to which took so long.
    TapeFinding judge_later(const std::string& code, std::int64_t id, milliseconds ago, seconds took) {
        const TapeWatch::Asked asked{.exchange = exchange_now_ - took, .steady = now_ - took};
        const std::vector<market::Trade> trades{
            {.trade_id = 90, .price = 1.0, .size = 1.0, .time = exchange_now_ - seconds(40)},
            {.trade_id = id, .price = 1.0, .size = 1.0, .time = asked.exchange - ago}};
        return watch_.judge(followed_.at(code), trades, asked, now_);
    }
    /// Silent while its contract trades.
    void doubt(const std::string& code) {
        ticker(code, 10.0, 500.0);
        pass(seconds(15));
        ticker(code, 10.5, 510.0);
    }

    TapeWatch watch_;
    TapeWatch::Followed followed_;
    TapeWatch::Tickers tickers_;
    core::SteadyTime now_{std::chrono::hours(1)};
    core::WallTime exchange_now_ = core::from_unix_ms(1'790'000'000'000);
};

TEST_F(TapeWatchTest, asks_about_no_tape_that_tells_or_rests_for_a_while) {
    follow("A");
    EXPECT_EQ(next(), "");
    pass(seconds(59));
    EXPECT_EQ(next(), "");
}

TEST_F(TapeWatchTest, asks_about_a_silent_tape_whose_volume_grows) {
    follow("A");
    ticker("A", 10.0, 500.0);
    pass(seconds(15));
    ticker("A", 10.0, 500.0);
    EXPECT_EQ(next(), "") << "nothing was traded";
    ticker("A", 10.0, 499.0);
    EXPECT_EQ(next(), "") << "old trades have left the 24 hours";
    pass(seconds(15));
    ticker("A", 10.0, 501.0);
    EXPECT_EQ(next(), "A");
    EXPECT_EQ(next(), "") << "it is under way";
}

TEST_F(TapeWatchTest, asks_about_a_silent_tape_whose_price_moves) {
    follow("A", seconds(1));
    ticker("A", 10.0, 500.0);
    pass(seconds(15));
    ticker("A", 10.5, 480.0);
    EXPECT_EQ(next(), "A");
}

TEST_F(TapeWatchTest, trades_that_the_tape_told_between_two_tickers_are_no_sign) {
    follow("A");
    ticker("A", 10.0, 500.0);
    pass(seconds(5));
    followed_.at("A").tape_frame = now_;
    pass(seconds(10));
    ticker("A", 10.5, 510.0);
    EXPECT_EQ(next(), "");
    pass(seconds(15));
    ticker("A", 10.7, 520.0);
    EXPECT_EQ(next(), "A") << "but those between the next two";
}

TEST_F(TapeWatchTest, a_frame_behind_the_sign_takes_it_back) {
    follow("A");
    ticker("A", 10.0, 500.0);
    pass(seconds(15));
    ticker("A", 10.0, 510.0);
    pass(seconds(1));
    followed_.at("A").tape_frame = now_;
    pass(seconds(10));
    EXPECT_EQ(next(), "");
}

TEST_F(TapeWatchTest, the_one_that_is_silent_for_longest_comes_first) {
    follow("A", seconds(9));
    follow("B", seconds(40));
    doubt("A");
    doubt("B");
    EXPECT_EQ(next(), "B");
    EXPECT_EQ(next(), "A");
    EXPECT_EQ(next(), "");
    EXPECT_EQ(judge("B", 100, seconds(40)), TapeFinding::agrees);
    pass(seconds(2));
    EXPECT_EQ(next(), "A") << "of which nothing was found out";
}

TEST_F(TapeWatchTest, two_lists_that_are_ahead_are_a_stall) {
    follow("A", seconds(61));
    doubt("A");
    ASSERT_EQ(next(), "A");
    EXPECT_EQ(judge("A", 101, seconds(3)), TapeFinding::behind);
    EXPECT_EQ(next(), "") << "what is on its way has time";
    pass(seconds(2));
    ASSERT_EQ(next(), "A") << "and is asked about without a further sign";
    EXPECT_EQ(judge("A", 101, seconds(5)), TapeFinding::stalled);
    pass(seconds(2));
    EXPECT_EQ(next(), "");
}

TEST_F(TapeWatchTest, a_stall_is_found_without_any_sign_by_those_that_are_compared_in_turn) {
    follow("A", seconds(61));
    EXPECT_EQ(next(), "");
    EXPECT_EQ(judge("A", 101, seconds(3)), TapeFinding::behind);
    pass(seconds(2));
    EXPECT_EQ(next(), "A");
    EXPECT_EQ(judge("A", 101, seconds(5)), TapeFinding::stalled);
}

TEST_F(TapeWatchTest, what_is_on_its_way_is_no_stall) {
    follow("A", seconds(61));
    EXPECT_EQ(judge("A", 101, milliseconds(1'900)), TapeFinding::agrees) << "younger than two seconds";
    EXPECT_EQ(judge("A", 101, seconds(3)), TapeFinding::behind);
    pass(seconds(1));
    followed_.at("A").tape_frame = now_;  // it comes after all
    followed_.at("A").newest_trade = 101;
    pass(seconds(61));
    EXPECT_EQ(next(), "");
    EXPECT_EQ(judge("A", 102, seconds(3)), TapeFinding::behind) << "the first time again";
}

TEST_F(TapeWatchTest, a_frame_that_comes_meanwhile_or_a_hole_leaves_it_open) {
    follow("A", seconds(61));
    pass(seconds(2));
    followed_.at("A").tape_frame = now_ - seconds(1);
    EXPECT_EQ(judge_later("A", 101, seconds(3), seconds(2)), TapeFinding::moved);
    follow("B", seconds(61)).tape_has_hole = true;
    follow("C", seconds(61)).tape_followed = false;
    doubt("B");
    doubt("C");
    EXPECT_EQ(next(), "") << "the hole is being filled, and there is nothing to begin again";
    EXPECT_EQ(judge("B", 101, seconds(3)), TapeFinding::moved);
}

TEST_F(TapeWatchTest, an_answer_that_does_not_come_is_asked_for_again) {
    follow("A", seconds(61));
    doubt("A");
    ASSERT_EQ(next(), "A");
    EXPECT_EQ(next(), "");
    pass(seconds(2));
    EXPECT_EQ(next(), "A");
    followed_.clear();
    watch_.note(tickers_, followed_, now_);
    pass(seconds(2));
    EXPECT_EQ(next(), "");
}

}  // namespace
}  // namespace scanner::engine
