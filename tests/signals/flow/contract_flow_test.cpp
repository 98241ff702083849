#include "scanner/signals/flow/contract_flow.hpp"

#include "signals/flow/random_feed.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace scanner::signals {
namespace {

using market::Side;
using std::nullopt;
using test::at;
using test::Book;

constexpr std::int64_t kStart = test::kStartMs;

/// A contract whose calls are told in seconds since the start.
class Flow : public testing::Test {
protected:
    Flow() {
        flow_.on_tape_filled({}, at(kStart - 3'600'000));
        flow_.on_liquidations_known(at(kStart - 3'600'000));
    }

    static std::int64_t ms(double seconds) { return kStart + std::llround(seconds * 1e3); }
    void book(double seconds, const Book& book) { flow_.on_book(test::live_book(book), at(ms(seconds))); }
    void trade(double seconds, Side side, double size, double price = 100.0) {
        const market::Trade trade{++id_, price, size, side, at(ms(seconds))};
        flow_.on_trades({&trade, 1}, at(ms(seconds)));
    }
    FlowNumbers numbers(double seconds) { return flow_.numbers(at(ms(seconds))); }

    /// 99.95 and 100.05 at the touch, 10 bps a level.
    static Book plain(double bid = 10.0, double ask = 10.0) {
        return {.bids = {{99.95, bid}, {99.85, 20.0}, {99.0, 30.0}},
                .asks = {{100.05, ask}, {100.15, 20.0}, {101.0, 30.0}}};
    }

    ContractFlow flow_;
    std::int64_t id_ = 0;
};

TEST_F(Flow, knows_nothing_before_it_is_told) {
    ContractFlow flow;
    EXPECT_EQ(flow.numbers(at(kStart)), FlowNumbers());
    EXPECT_EQ(flow.next_change_at(at(kStart)), nullopt);
    EXPECT_EQ(flow.numbers(at(kStart + 86'400'000)), FlowNumbers());
}

TEST_F(Flow, tells_the_microprice_and_the_bands_at_once) {
    book(1.0, plain(10.0, 30.0));
    const FlowNumbers numbers = this->numbers(1.0);
    EXPECT_NEAR(*numbers.microprice, (100.05 * 10 + 99.95 * 30) / 40.0, 1e-9) << "nearer to the thin bid";
    EXPECT_NEAR(*numbers.depth_10bps_bid_usdt, 999.5, 1e-9);
    EXPECT_NEAR(*numbers.depth_25bps_ask_usdt, 100.05 * 30 + 100.15 * 20, 1e-9);
    EXPECT_NEAR(*numbers.depth_50bps_bid_usdt, 99.95 * 10 + 99.85 * 20, 1e-9);
    EXPECT_EQ(numbers.ofi_10s, nullopt) << "ten seconds of book are needed";
    EXPECT_EQ(numbers.firmness, nullopt);
    EXPECT_EQ(numbers.impact_bps_per_100k, nullopt);
}

TEST_F(Flow, knows_the_firm_depth_after_eighteen_seconds_of_book_and_not_after_it_was_lost) {
    book(0.0, plain());
    EXPECT_EQ(numbers(17.75).firmness, nullopt);
    EXPECT_EQ(numbers(18.0).firmness, 1.0);
    EXPECT_NEAR(*numbers(20.0).firm_depth_bid_usdt, 99.95 * 10 + 99.85 * 20, 1e-9);
    flow_.on_book_lost(at(ms(21.0)));
    EXPECT_EQ(numbers(21.0).firm_depth_bid_usdt, nullopt);
    EXPECT_EQ(numbers(21.0).microprice, nullopt);
    EXPECT_EQ(numbers(21.0).depth_10bps_bid_usdt, nullopt);
    book(22.0, plain());
    EXPECT_TRUE(numbers(22.0).microprice);
    EXPECT_EQ(numbers(39.75).firmness, nullopt) << "what was before does not count";
    EXPECT_EQ(numbers(40.0).firmness, 1.0);
}

/// Rankings are made anew only where a change was announced: not even the last bit of a number may move by itself.
TEST(RestingBook, is_told_of_in_the_same_bits_however_often_it_is_confirmed) {
    for (int variant = 0; variant < 50; ++variant) {
        const double size = 10.0 + 0.37 * variant;
        const Book resting{.bids = {{99.937, size}, {99.853, 2.0 * size}}, .asks = {{100.051, 9.1}, {100.153, 20.9}}};
        ContractFlow flow;
        FlowNumbers known;
        for (std::int64_t now = kStart; now < kStart + 60'000; now += 119) {
            flow.on_book(test::live_book(resting), at(now));
            const FlowNumbers numbers = flow.numbers(at(now));
            if (now > kStart + 50'000) {
                ASSERT_EQ(flow.next_change_at(at(now)), nullopt) << "a book that rests announces nothing";
                ASSERT_EQ(numbers, known) << variant << " at " << now - kStart;
            }
            known = numbers;
        }
        ASSERT_TRUE(known.firm_depth_bid_usdt);
    }
}

TEST_F(Flow, calls_what_flickers_not_firm) {
    book(0.0, plain());
    for (int i = 1; i < 80; ++i) {  // the best bid shows 10, and every two seconds for half a second 1
        book(0.5 * i, plain(i % 4 == 0 ? 1.0 : 10.0));
    }
    const FlowNumbers numbers = this->numbers(39.6);
    EXPECT_NEAR(*numbers.firm_depth_bid_usdt, 99.95 * 1.0 + 99.85 * 20, 1e-6) << "within 3 s it was 1";
    EXPECT_NEAR(*numbers.firm_depth_ask_usdt, 100.05 * 10.0 + 100.15 * 20, 1e-6);
    EXPECT_LT(*numbers.firmness, 0.93);
}

TEST_F(Flow, shows_what_stays_at_each_level) {
    EXPECT_EQ(flow_.ladder(at(ms(0.0))), nullopt);
    book(0.0, plain());
    ASSERT_TRUE(flow_.ladder(at(ms(2.75))));
    EXPECT_EQ(flow_.ladder(at(ms(2.75)))->bids.front().firm, nullopt) << "what stood first may just have come";
    book(3.5, plain(4.0));
    book(3.6, plain(12.0));
    const BookLadder ladder = flow_.ladder(at(ms(3.7))).value();
    ASSERT_EQ(ladder.bids.size(), 3U) << "99.0 lies beyond 25 bps, but ten levels are shown where there are as many";
    EXPECT_EQ(ladder.bids[0], (LadderLevel{.price = 99.95, .quoted = 12.0, .firm = 4.0}));
    EXPECT_EQ(ladder.bids[2], (LadderLevel{.price = 99.0, .quoted = 30.0, .firm = 30.0}));
    EXPECT_EQ(ladder.asks[0], (LadderLevel{.price = 100.05, .quoted = 10.0, .firm = 10.0}));
    EXPECT_EQ(flow_.ladder(at(ms(6.9)))->bids[0].firm, 12.0) << "the least of the last 3 s";
    flow_.on_book_lost(at(ms(7.0)));
    EXPECT_EQ(flow_.ladder(at(ms(7.0))), nullopt);
}

TEST_F(Flow, its_ladder_adds_up_to_the_firm_depth_of_a_book_that_rests) {
    Book wide = plain();
    for (int i = 1; i <= 40; ++i) wide.bids[99.95 - 0.005 * i] = 1.0 + i % 3;
    book(0.0, wide);
    const FlowNumbers numbers = this->numbers(20.0);
    double firm = 0.0;
    const BookLadder ladder = flow_.ladder(at(ms(20.0))).value();
    EXPECT_GT(ladder.bids.size(), 35U);
    for (const LadderLevel& level : ladder.bids) firm += level.price * level.firm.value();
    EXPECT_NEAR(firm, *numbers.firm_depth_bid_usdt, 1e-6);
}

TEST_F(Flow, takes_a_crossed_or_one_sided_book_for_none) {
    book(0.0, plain());
    book(1.0, {.bids = {{100.2, 1.0}}, .asks = {{100.1, 1.0}}});
    EXPECT_EQ(numbers(1.0).microprice, nullopt);
    book(2.0, plain());
    EXPECT_TRUE(numbers(2.0).microprice);
    book(3.0, {.bids = {}, .asks = {{100.1, 1.0}}});
    EXPECT_EQ(numbers(3.0).depth_50bps_ask_usdt, nullopt);
}

TEST_F(Flow, adds_up_the_order_flow_at_the_touch) {
    book(0.0, plain(10.0, 10.0));
    book(12.0, plain(16.0, 10.0));  // six came to the bid
    book(13.0, plain(16.0, 8.0));   // two went from the ask
    book(14.0, plain(16.0, 8.0));   // confirmed: no change
    const double mean = ((16.0 + 10.0) / 2 + (16.0 + 8.0) / 2) / 2;
    EXPECT_NEAR(*numbers(14.0).ofi_10s, 8.0 / mean, 1e-12);
    Book up = plain(16.0, 8.0);
    up.bids[99.97] = 5.0;  // a better bid: all of it came
    book(15.0, up);
    EXPECT_NEAR(*numbers(15.0).ofi_10s, 13.0 / ((13.0 + 12.0 + 6.5) / 3), 1e-12);
    EXPECT_GT(*numbers(21.7).ofi_10s, 0.0);
    EXPECT_EQ(numbers(25.0).ofi_10s, 0.0) << "nothing came or went within ten seconds";
}

TEST_F(Flow, counts_trades_once_sided_for_a_minute) {
    trade(1.1, Side::buy, 6.0);
    trade(1.2, Side::sell, 2.0);
    trade(1.3, Side::unknown, 4.0);
    const FlowNumbers numbers = this->numbers(2.0);
    EXPECT_EQ(numbers.trades_60s, 3.0);
    EXPECT_EQ(numbers.turnover_60s_usdt, 600.0) << "sizes of trades count both sides";
    EXPECT_EQ(numbers.tfi_60s, (300.0 - 100.0) / 400.0) << "whose side is unknown takes neither";
    EXPECT_EQ(this->numbers(60.9).trades_60s, 3.0);
    EXPECT_EQ(this->numbers(61.3).trades_60s, 0.0);
    EXPECT_EQ(this->numbers(61.3).turnover_60s_usdt, 0.0);
    EXPECT_EQ(this->numbers(61.3).tfi_60s, nullopt);
    EXPECT_EQ(flow_.next_change_at(at(ms(61.3))), nullopt);
}

TEST_F(Flow, knows_no_window_that_touches_a_hole_of_the_tape) {
    trade(1.0, Side::buy, 2.0);
    flow_.on_tape_hole(at(ms(2.0)));
    EXPECT_EQ(numbers(2.0).trades_60s, nullopt);
    EXPECT_EQ(numbers(200.0).tfi_60s, nullopt) << "as long as nothing comes";
    trade(201.0, Side::sell, 2.0);
    EXPECT_EQ(numbers(202.0).trades_60s, nullopt);
    EXPECT_EQ(flow_.next_change_at(at(ms(210.0))), at(ms(260.75)));
    EXPECT_EQ(numbers(260.5).trades_60s, nullopt);
    EXPECT_EQ(numbers(260.75).trades_60s, 1.0) << "the hole has left the window";
}

TEST_F(Flow, knows_the_window_again_when_the_hole_is_filled) {
    trade(1.0, Side::buy, 2.0);
    flow_.on_tape_hole(at(ms(2.0)));
    trade(10.0, Side::sell, 2.0);
    flow_.on_tape_hole(at(ms(11.0)));
    trade(14.0, Side::sell, 2.0);
    EXPECT_EQ(numbers(15.0).trades_60s, nullopt);
    const market::Trade missed{77, 100.0, 8.0, Side::buy, at(ms(5.0))};
    flow_.on_tape_filled({&missed, 1}, at(ms(16.0)));
    EXPECT_EQ(numbers(16.0).trades_60s, 4.0);
    EXPECT_EQ(numbers(16.0).tfi_60s, (500.0 - 200.0) / 700.0);
    EXPECT_EQ(numbers(64.9).trades_60s, 3.0) << "each leaves at its own time";
    flow_.on_tape_hole(at(ms(70.0)));
    EXPECT_EQ(numbers(70.0).trades_60s, nullopt);
}

TEST_F(Flow, begins_a_tape_with_the_list_that_was_read) {
    ContractFlow flow;
    const market::Trade live{9, 100.0, 2.0, Side::buy, at(ms(0.0))};
    flow.on_trades({&live, 1}, at(ms(0.0)));
    EXPECT_EQ(flow.numbers(at(ms(1.0))).trades_60s, nullopt);
    const std::vector<market::Trade> list{{1, 100.0, 2.0, Side::buy, at(ms(-70.0))},
                                          {2, 100.0, 2.0, Side::sell, at(ms(-20.0))}};
    flow.on_tape_filled(list, at(ms(2.0)));
    EXPECT_EQ(flow.numbers(at(ms(2.0))).trades_60s, 2.0);
}

TEST_F(Flow, forgets_liquidations_after_five_minutes_and_knows_when_it_did_not_follow) {
    flow_.on_liquidation(Side::buy, 500.0, at(ms(1.0)));
    flow_.on_liquidation(Side::sell, 300.0, at(ms(2.0)));
    flow_.on_liquidation(Side::unknown, 300.0, at(ms(2.0)));
    EXPECT_EQ(numbers(3.0).liquidations_5m_short_usdt, 500.0) << "who buys closes a short position";
    EXPECT_EQ(numbers(3.0).liquidations_5m_long_usdt, 300.0);
    EXPECT_EQ(numbers(301.0).liquidations_5m_short_usdt, 0.0);
    flow_.on_liquidations_unknown(at(ms(310.0)));
    EXPECT_EQ(numbers(700.0).liquidations_5m_long_usdt, nullopt);
    flow_.on_liquidations_known(at(ms(700.0)));
    EXPECT_EQ(numbers(990.0).liquidations_5m_long_usdt, nullopt);
    EXPECT_EQ(numbers(1'000.0).liquidations_5m_long_usdt, 0.0);
}

TEST_F(Flow, measures_the_impact_of_takers) {
    // A market with an impact of 12 bps per square root of 100 000 USDT, whose middle answers within the second.
    double middle = 100.0;
    const auto around = [&] {
        return Book{.bids = {{middle * (1 - 1e-4), 50.0}}, .asks = {{middle * (1 + 1e-4), 50.0}}};
    };
    book(0.0, around());
    std::mt19937_64 random(5);
    std::uniform_real_distribution<double> notional(50.0, 20'000.0);
    for (int second = 1; second <= 60; ++second) {
        const double traded = notional(random);
        const bool buys = second % 3 != 0;
        trade(second + 0.3, buys ? Side::buy : Side::sell, 2.0 * traded / 100.0);
        middle *= 1.0 + (buys ? 12e-4 : -12e-4) * std::sqrt(traded / 100'000.0);
        book(second + 0.6, around());
        if (second == 25) EXPECT_EQ(numbers(25.9).impact_bps_per_100k, nullopt) << "fewer than 30 trades";
    }
    EXPECT_NEAR(numbers(63.0).impact_bps_per_100k.value(), 12.0, 1e-6);
    flow_.on_tape_hole(at(ms(64.0)));
    EXPECT_EQ(numbers(64.0).impact_bps_per_100k, nullopt);
}

TEST_F(Flow, measures_how_fast_depth_comes_back) {
    book(0.0, plain());
    trade(10.1, Side::sell, 2.0 * 6.0, 99.95);  // takes six of the ten at the best bid
    book(10.2, plain(4.0));
    book(12.1, plain(7.9));
    book(13.1, plain(8.1));
    EXPECT_EQ(numbers(14.0).recovery_ms, nullopt) << "told only when trades may not come late any more";
    EXPECT_EQ(numbers(14.5).recovery_ms, 3'250.0) << "10.0 to the end of the quarter in which 8.1 stood";
    trade(20.1, Side::buy, 2.0 * 3.0, 100.05);  // too small
    trade(30.1, Side::buy, 2.0 * 8.0, 100.05);
    book(30.15, plain(8.1, 2.0));
    book(30.2, plain(8.1, 9.0));
    EXPECT_EQ(numbers(32.0).recovery_ms, (3'250.0 + 250.0) / 2.0) << "the median of two lies between them";
    trade(40.1, Side::buy, 2.0 * 8.0, 100.05);
    book(40.2, plain(8.1, 1.0));
    EXPECT_EQ(numbers(102.0).recovery_ms, 3'250.0) << "a minute counts when it never does";
    EXPECT_EQ(numbers(3'700.0).recovery_ms, nullopt);
}

TEST_F(Flow, keeps_its_head_with_what_is_no_number_and_a_clock_that_goes_back) {
    constexpr double kMax = std::numeric_limits<double>::max();
    book(0.0, {.bids = {{kMax / 4, kMax}}, .asks = {{kMax / 2, kMax}}});
    EXPECT_EQ(numbers(20.0).microprice, nullopt);
    trade(20.0, Side::buy, kMax, kMax);
    trade(20.0, Side::buy, std::nan(""));
    flow_.on_liquidation(Side::buy, kMax, at(ms(20.0)));
    flow_.on_liquidation(Side::buy, kMax, at(ms(20.0)));
    EXPECT_EQ(numbers(20.0).liquidations_5m_short_usdt, nullopt);
    book(30.0, plain());
    book(60.0, plain(11.0));
    const FlowNumbers numbers = this->numbers(100.0);
    EXPECT_TRUE(numbers.firmness && numbers.ofi_10s && numbers.microprice);
    trade(90.0, Side::buy, 2.0);  // told late
    EXPECT_EQ(this->numbers(50.0).trades_60s, 1.0) << "time stands still instead";
    EXPECT_EQ(flow_.next_change_at(at(ms(0.0))), flow_.next_change_at(at(ms(100.0))));
}

TEST_F(Flow, stays_within_its_memory) {
    EXPECT_LE(ContractFlow::memory(), 64U * 1024U);
    ContractFlow moved = std::move(flow_);
    EXPECT_EQ(moved.numbers(at(ms(0.0))).trades_60s, 0.0);
}

TEST_F(Flow, looks_at_the_best_150_levels_of_a_side) {
    Book deep;
    for (int i = 0; i < 400; ++i) {
        deep.bids[100.0 - 0.001 * (i + 1)] = 1.0;
        deep.asks[100.0 + 0.001 * (i + 1)] = 1.0;
    }
    book(0.0, deep);
    double sum = 0.0;
    for (int i = 0; i < 150; ++i) sum += 100.0 - 0.001 * (i + 1);
    EXPECT_NEAR(*numbers(0.0).depth_50bps_bid_usdt, sum, 1e-6);
    Book other;
    for (int i = 0; i < 400; ++i) {
        other.bids[99.9995 - 0.001 * (i + 1)] = 1.0;
        other.asks[100.0005 + 0.001 * (i + 1)] = 1.0;
    }
    for (int i = 1; i < 100; ++i) book(0.1 * i, i % 2 == 0 ? deep : other);
    book(10.0, deep);
    EXPECT_NEAR(*numbers(10.0).depth_50bps_bid_usdt, sum, 1e-6);
}

}  // namespace
}  // namespace scanner::signals
