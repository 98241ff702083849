#include "engine/feed/book_audit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace scanner::engine {
namespace {

using exchange::BookState;
using std::chrono::milliseconds;
using std::chrono::seconds;

class BookAuditTest : public testing::Test {
protected:
    FollowedContract& follow(const std::string& code, BookState state, seconds confirmed_ago = seconds(0)) {
        auto contract = std::make_shared<market::Contract>();
        contract->contract_code = code;
        FollowedContract& followed = followed_[code];
        followed.contract = contract;
        followed.book = state;
        followed.confirmed = now_ - confirmed_ago;
        followed.book_frame = followed.confirmed;
        return followed;
    }
    void traded(FollowedContract& contract, core::SteadyTime::duration ago) const {
        contract.traded = contract.traded_read = now_ - ago;
    }
    std::string next() {
        const auto task = audit_.next(followed_, now_);
        if (!task) return "";
        switch (task->reading) {
            case BookReading::audit: return "audit " + task->contract->contract_code;
            case BookReading::routine: return "routine " + task->contract->contract_code;
            case BookReading::fall_back: break;
        }
        return "fall back " + task->contract->contract_code;
    }
    std::vector<std::string> overdue() const {
        std::vector<std::string> codes;
        for (const OverdueBook& book : BookAudit::overdue(followed_, now_)) codes.push_back(book.contract_code);
        std::ranges::sort(codes);
        return codes;
    }
    static market::LiveBook live(double mid, std::int64_t matching_id = 0) {
        const std::vector<market::Level> bids{{mid - 1, 5.0}, {mid - 2, 6.0}};
        const std::vector<market::Level> asks{{mid + 1, 7.0}, {mid + 2, 8.0}};
        market::LiveBook book;
        book.reset({.bids = bids, .asks = asks, .matching_id = matching_id});
        return book;
    }
    static market::OrderBook answer(double mid, std::int64_t matching_id = 0) {
        return {.bids = {{mid - 1, 5.0}, {mid - 2, 6.0}},
                .asks = {{mid + 1, 7.0}, {mid + 2, 8.0}},
                .matching_id = matching_id};
    }

    BookAudit audit_;
    BookAudit::Followed followed_;
    core::SteadyTime now_{std::chrono::hours(1)};
};

TEST_F(BookAuditTest, asks_for_nothing_while_frames_come) {
    follow("A", BookState::live, seconds(4));
    EXPECT_EQ(next(), "");
}

TEST_F(BookAuditTest, goes_in_the_order_of_silence_and_once_each) {
    follow("A", BookState::live, seconds(9));
    follow("B", BookState::live, seconds(20));
    follow("C", BookState::live, seconds(6));
    EXPECT_EQ(next(), "audit B");
    EXPECT_EQ(next(), "audit A");
    EXPECT_EQ(next(), "audit C");
    EXPECT_EQ(next(), "") << "all are under way";
}

TEST_F(BookAuditTest, trades_that_go_by_a_resting_book_are_looked_into_at_once) {
    follow("A", BookState::live, seconds(20));
    traded(follow("B", BookState::live, seconds(2)), milliseconds(400));
    EXPECT_EQ(next(), "audit A") << "its frame may be on its way";
    now_ += seconds(1);
    follow("A", BookState::live, seconds(20));
    EXPECT_EQ(next(), "audit B");
}

TEST_F(BookAuditTest, a_contract_without_a_live_book_gets_one_after_a_moment_and_again) {
    follow("A", BookState::awaiting_snapshot);
    follow("B", BookState::live, seconds(20));
    EXPECT_EQ(next(), "audit B");
    now_ += BookAudit::kFallBackEvery;
    EXPECT_EQ(next(), "fall back A");
    audit_.took("A", now_);
    now_ += seconds(1);
    EXPECT_EQ(next(), "");
    now_ += BookAudit::kFallBackEvery;
    EXPECT_EQ(next(), "fall back A");
    audit_.failed("A", now_);
    now_ += BookAudit::kFallBackEvery;
    EXPECT_EQ(next(), "fall back A") << "a failure is tried again at the same pace";
}

TEST_F(BookAuditTest, those_without_come_before_routine) {
    follow("A", BookState::gap);
    static_cast<void>(next());
    now_ += seconds(20);
    follow("B", BookState::live, seconds(25));
    EXPECT_EQ(next(), "fall back A");
    EXPECT_EQ(next(), "audit B");
}

TEST_F(BookAuditTest, equal_books_agree) {
    FollowedContract& contract = follow("A", BookState::live, seconds(9));
    ASSERT_EQ(next(), "audit A");
    const market::LiveBook book = live(100, 7);
    EXPECT_EQ(audit_.judge(contract, &book, answer(100, 7), now_), AuditResult::agrees);
    now_ += seconds(10);
    ASSERT_EQ(next(), "audit A");
    EXPECT_EQ(audit_.judge(contract, &book, answer(100, 9), now_), AuditResult::agrees)
        << "what was matched further away from the touch changed nothing that is shown";
}

TEST_F(BookAuditTest, the_same_number_with_another_content_differs_and_then_fails) {
    FollowedContract& contract = follow("A", BookState::live, seconds(9));
    const market::LiveBook book = live(100, 7);
    ASSERT_EQ(next(), "audit A");
    EXPECT_EQ(audit_.judge(contract, &book, answer(101, 7), now_), AuditResult::differs);
    now_ += seconds(1);
    ASSERT_EQ(next(), "audit A") << "in doubt it is asked again at once";
    EXPECT_EQ(audit_.judge(contract, &book, answer(101, 7), now_), AuditResult::failed);
}

TEST_F(BookAuditTest, a_frame_in_between_clears_the_doubt) {
    FollowedContract& contract = follow("A", BookState::live, seconds(9));
    const market::LiveBook book = live(100, 7);
    ASSERT_EQ(next(), "audit A");
    EXPECT_EQ(audit_.judge(contract, &book, answer(101, 9), now_), AuditResult::differs);
    now_ += seconds(1);
    contract.book_frame = contract.confirmed = now_;
    now_ += seconds(1);
    ASSERT_EQ(next(), "audit A");
    EXPECT_EQ(audit_.judge(contract, &book, answer(101, 9), now_), AuditResult::differs) << "the first time again";
}

TEST_F(BookAuditTest, says_nothing_of_two_moments) {
    FollowedContract& contract = follow("A", BookState::live, seconds(9));
    const market::LiveBook book = live(100, 7);
    ASSERT_EQ(next(), "audit A");
    EXPECT_EQ(audit_.judge(contract, &book, answer(101, 6), now_), AuditResult::moved) << "the answer is older";
    now_ += seconds(5);
    ASSERT_EQ(next(), "audit A");
    contract.book_frame = now_ + milliseconds(1);
    EXPECT_EQ(audit_.judge(contract, &book, answer(101), now_ + milliseconds(2)), AuditResult::moved);
    now_ += seconds(20);
    ASSERT_EQ(next(), "audit A");
    contract.book = BookState::gap;
    EXPECT_EQ(audit_.judge(contract, nullptr, answer(100, 7), now_), AuditResult::moved) << "not live any more";
}

TEST_F(BookAuditTest, compares_as_far_down_as_both_go) {
    market::OrderBook longer = answer(100);
    longer.bids.push_back({90, 1.0});
    EXPECT_TRUE(same_levels(live(100), longer));
    longer.bids[1].size = 6.1;
    EXPECT_FALSE(same_levels(live(100), longer));
    market::OrderBook rounded = answer(100);
    rounded.asks[0].size = 7.0 + 1e-12;
    EXPECT_TRUE(same_levels(live(100), rounded));
    EXPECT_FALSE(same_levels(live(100), market::OrderBook{})) << "an empty side is something else than a short one";
}

TEST_F(BookAuditTest, a_live_book_that_nothing_confirms_is_overdue) {
    follow("A", BookState::live, seconds(28));
    follow("B", BookState::live, seconds(29));
    follow("C", BookState::gap, seconds(99));
    EXPECT_EQ(overdue(), std::vector<std::string>{"B"});
}

TEST_F(BookAuditTest, a_book_by_which_trades_go_is_given_up_before_it_is_two_seconds_behind) {
    traded(follow("A", BookState::live, seconds(3)), seconds(1));
    traded(follow("B", BookState::live, seconds(3)), milliseconds(1'500));
    traded(follow("C", BookState::live, seconds(1)), seconds(2));  // confirmed since
    EXPECT_EQ(overdue(), std::vector<std::string>{"B"}) << "audited or not";
    ASSERT_LT(BookAudit::kMaxTradesGoBy, seconds(2));
}

TEST_F(BookAuditTest, a_book_whose_frames_come_late_is_given_up) {
    follow("A", BookState::live, seconds(5)).late_since = now_ - seconds(3);
    follow("B", BookState::live, seconds(5)).late_since = now_ - seconds(4);
    EXPECT_EQ(overdue(), std::vector<std::string>{"B"});
}

TEST_F(BookAuditTest, one_newer_answer_is_enough_where_trades_go_by) {
    FollowedContract& contract = follow("A", BookState::live, seconds(3));
    traded(contract, milliseconds(600));
    const market::LiveBook book = live(100, 7);
    ASSERT_EQ(next(), "audit A");
    EXPECT_EQ(audit_.judge(contract, &book, answer(101, 8), now_), AuditResult::failed);
    traded(contract, milliseconds(0));
    now_ += milliseconds(500);
    ASSERT_EQ(next(), "audit A");
    EXPECT_EQ(audit_.judge(contract, &book, answer(101, 7), now_), AuditResult::differs) << "not newer";
}

TEST_F(BookAuditTest, a_book_that_moves_is_compared_by_number_in_its_turn) {
    FollowedContract& contract = follow("A", BookState::live);
    const auto move = [&](milliseconds time) {
        now_ += time;
        contract.confirmed = contract.book_frame = now_;
    };
    EXPECT_EQ(next(), "");
    move(BookAudit::kRoutineEvery);
    ASSERT_EQ(next(), "routine A");
    const market::LiveBook book = live(100, 9);
    const market::OrderBook kept = answer(100, 7);
    EXPECT_EQ(audit_.judge(contract, &book, answer(100, 7), now_, &kept), AuditResult::agrees);
    move(seconds(5));
    EXPECT_EQ(next(), "") << "it has had its turn";
    move(BookAudit::kRoutineEvery);
    ASSERT_EQ(next(), "routine A");
    EXPECT_EQ(audit_.judge(contract, &book, answer(101, 7), now_, &kept), AuditResult::differs);
    move(milliseconds(500));
    ASSERT_EQ(next(), "routine A") << "in doubt at once, by number again";
    EXPECT_EQ(audit_.judge(contract, &book, answer(100, 8), now_), AuditResult::moved) << "not among the kept";
    move(milliseconds(500));
    ASSERT_EQ(next(), "routine A") << "in doubt still";
    EXPECT_EQ(audit_.judge(contract, &book, answer(101, 7), now_, &kept), AuditResult::failed)
        << "frames in between do not make it right";
    move(milliseconds(500));
    EXPECT_EQ(next(), "");
}

}  // namespace
}  // namespace scanner::engine
