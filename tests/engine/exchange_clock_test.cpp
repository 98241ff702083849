#include "engine/exchange_clock.hpp"

#include <gtest/gtest.h>

#include <string_view>

/// Whose clock is believed when answers, caches and our own clock disagree.
namespace scanner::engine {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class ExchangeClockTest : public testing::Test {
protected:
    /// An answer that was made `age` ago by the exchange's true clock.
    void answer(TimeSource source, milliseconds age = milliseconds(0), int count = 1) {
        for (int i = 0; i < count; ++i) clock_.note(source, truth_ - age, time_.steady_now());
    }
    void everything(milliseconds age = milliseconds(0)) {
        for (const TimeSource source : {TimeSource::tickers, TimeSource::funding, TimeSource::index})
            answer(source, age);
        answer(TimeSource::order_book, age, 50);
        answer(TimeSource::candles, age, 50);
    }
    void pass(milliseconds time) {
        time_.advance(time);
        truth_ += time;
    }
    /// What the settled clock is wrong by; above 0 when it is late.
    milliseconds end_pass() { return truth_ - clock_.end_pass(time_.now() + own_error_, time_.steady_now()); }

    ExchangeClock clock_;
    core::ManualClock time_{core::from_unix_ms(1'790'000'000'000)};
    core::WallTime truth_ = core::from_unix_ms(1'790'000'000'000);
    milliseconds own_error_{0};
};

TEST_F(ExchangeClockTest, is_ours_until_an_answer_tells) {
    own_error_ = minutes(3);
    EXPECT_EQ(end_pass(), -minutes(3));
    EXPECT_FALSE(clock_.provisional(time_.now(), time_.steady_now()));
}

TEST_F(ExchangeClockTest, follows_no_single_answer_between_two_passes) {
    answer(TimeSource::tickers);
    EXPECT_EQ(clock_.between_passes(time_.now(), time_.steady_now()), truth_) << "there is nothing better yet";
    everything();
    ASSERT_EQ(end_pass(), milliseconds(0));
    answer(TimeSource::order_book, -minutes(10));
    EXPECT_EQ(clock_.between_passes(time_.now(), time_.steady_now()), truth_);
}

TEST_F(ExchangeClockTest, does_not_follow_our_own_that_is_wrong_by_an_hour) {
    for (const auto error : {hours(1), hours(-1)}) {
        own_error_ = error;
        everything();
        EXPECT_EQ(end_pass(), milliseconds(0));
        answer(TimeSource::tickers);  // alone
        EXPECT_EQ(end_pass(), milliseconds(0));
    }
}

TEST_F(ExchangeClockTest, does_not_follow_a_list_from_a_cache) {
    everything();
    answer(TimeSource::tickers, minutes(10));
    EXPECT_EQ(end_pass(), milliseconds(0));
}

TEST_F(ExchangeClockTest, is_not_outvoted_by_many_books_from_one_cache) {
    answer(TimeSource::order_book, minutes(10), 200);
    answer(TimeSource::candles, minutes(10), 200);
    answer(TimeSource::tickers, minutes(10));
    answer(TimeSource::funding);
    answer(TimeSource::index);
    EXPECT_EQ(end_pass(), milliseconds(0));
}

TEST_F(ExchangeClockTest, does_not_follow_one_kind_that_is_ahead) {
    everything();
    answer(TimeSource::order_book, -hours(1), 50);
    EXPECT_EQ(end_pass(), milliseconds(0));
    everything();
    answer(TimeSource::tickers, -hours(1));
    EXPECT_EQ(end_pass(), milliseconds(0));
}

TEST_F(ExchangeClockTest, does_not_follow_a_few_answers_of_two_kinds_that_are_ahead) {
    everything();
    answer(TimeSource::order_book, -hours(1), 3);
    answer(TimeSource::candles, -hours(1), 3);
    EXPECT_EQ(end_pass(), milliseconds(0));
}

TEST_F(ExchangeClockTest, our_own_tips_the_scale_between_two_that_disagree) {
    answer(TimeSource::contracts);
    answer(TimeSource::tickers, minutes(10));
    EXPECT_EQ(end_pass(), milliseconds(0));
}

TEST_F(ExchangeClockTest, is_that_of_the_answer_that_travelled_least) {
    everything(milliseconds(900));
    answer(TimeSource::index, milliseconds(80));
    EXPECT_EQ(end_pass(), milliseconds(80));
}

TEST_F(ExchangeClockTest, goes_on_when_every_answer_stands_still) {
    everything();
    EXPECT_EQ(end_pass(), milliseconds(0));
    for (int i = 1; i <= 100; ++i) {
        pass(seconds(2));
        everything(seconds(2) * i);
        EXPECT_LE(end_pass(), milliseconds(300)) << "after " << 2 * i << " s, and never the cache's time";
    }
}

TEST_F(ExchangeClockTest, follows_an_exchange_that_was_set_back_once_its_time_goes_on) {
    everything();
    static_cast<void>(end_pass());
    truth_ -= hours(1);
    milliseconds wrong{0};
    int passes = 0;
    do {
        pass(seconds(15));
        everything();
        wrong = end_pass();
    } while (wrong < -seconds(1) && ++passes < 20);
    EXPECT_EQ(wrong, milliseconds(0));
    EXPECT_EQ(passes, 1) << "one at which it could still have been a cache";
}

TEST_F(ExchangeClockTest, follows_an_exchange_that_was_set_forward_at_once) {
    everything();
    static_cast<void>(end_pass());
    truth_ += hours(1);
    everything();
    EXPECT_EQ(end_pass(), milliseconds(0));
}

TEST_F(ExchangeClockTest, survives_a_machine_that_slept) {
    everything();
    static_cast<void>(end_pass());
    truth_ += hours(8);  // the steady clock stood still meanwhile
    everything();
    EXPECT_EQ(end_pass(), milliseconds(0));
}

TEST_F(ExchangeClockTest, drifts_no_more_than_the_clocks_do) {
    everything();
    static_cast<void>(end_pass());
    for (int i = 0; i < 1000; ++i) {
        pass(seconds(15));
        truth_ -= milliseconds(1);  // 67 ppm slow
        everything(milliseconds(100));
        EXPECT_LE(std::chrono::abs(end_pass()), milliseconds(120));
    }
}

}  // namespace
}  // namespace scanner::engine
