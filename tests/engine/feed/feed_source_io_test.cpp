#include "engine/feed/feed_source_fixture.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What a live feed changes in the state that rankings are read of.
namespace scanner::engine {
namespace {

TEST_F(FeedSourceTest, wants_the_universe_by_turnover_and_follows_it) {
    scan();
    EXPECT_EQ(feed_.wanted(), (std::vector<std::string>{"AAA-USDT", "BBB-USDT", "CCC-USDT"}));
    feed_.tell_book(kCode, 100.0, 1.0, now());
    exchange_.codes = {"CCC-USDT", "AAA-USDT"};
    MarketScanOptions renewed;
    renewed.contracts_ttl = milliseconds(0);
    scan_->set_options(renewed);
    scan();
    scan();
    EXPECT_EQ(feed_.wanted(), (std::vector<std::string>{"CCC-USDT", "AAA-USDT"}));
    EXPECT_EQ(source_.followed().at(kCode).book, BookState::live) << "a contract that stays is not touched";
    EXPECT_FALSE(source_.followed().contains("BBB-USDT"));
}

TEST_F(FeedSourceTest, a_live_book_takes_the_place_of_the_scan_s) {
    scan();
    EXPECT_EQ(find(read())->inputs[Input::order_book].source, InputSource::rest);
    pass(seconds(1));
    feed_.tell_book(kCode, 101.0, 7.0, now(), 5);
    const MarketReading reading = read();
    const market::MarketData* const data = find(reading);
    ASSERT_NE(data, nullptr);
    EXPECT_DOUBLE_EQ(data->ticker.bid->price, 100.99);
    EXPECT_DOUBLE_EQ(data->order_book->bids.front().size, 7.0);
    EXPECT_EQ(data->order_book->matching_id, 5);
    EXPECT_EQ(data->inputs[Input::order_book].source, InputSource::feed);
    EXPECT_EQ(data->inputs[Input::order_book].subscription, "live");
    EXPECT_EQ(data->inputs[Input::order_book].true_at, clock_.now());
    EXPECT_EQ(find(reading, "BBB-USDT")->inputs[Input::order_book].source, InputSource::rest);
}

TEST_F(FeedSourceTest, copies_a_book_only_when_it_has_changed) {
    scan();
    feed_.tell_book(kCode, 100.0, 1.0, now());
    const auto first = find(read())->order_book;
    EXPECT_EQ(find(read())->order_book, first) << "the very same object: nothing is computed again";
    feed_.tell_book(kCode, 100.0, 2.0, now());
    feed_.tell_book(kCode, 100.0, 3.0, now());
    EXPECT_DOUBLE_EQ(find(read())->order_book->bids.front().size, 3.0);
}

TEST_F(FeedSourceTest, no_scan_asks_for_a_book_that_is_live) {
    scan();
    EXPECT_EQ(books_asked(), 3);
    feed_.tell_book(kCode, 101.0, 1.0, now());
    read();
    scan();
    EXPECT_EQ(books_asked(), 2);
    EXPECT_DOUBLE_EQ(find(read())->ticker.bid->price, 100.99);
    feed_.lose_book(kCode, BookState::gap);
    scan();
    EXPECT_EQ(books_asked(), 3);
    EXPECT_EQ(find(read())->inputs[Input::order_book].source, InputSource::rest);
    EXPECT_EQ(find(read())->inputs[Input::order_book].subscription, "gap");
}

TEST_F(FeedSourceTest, a_book_that_became_live_while_a_scan_asked_is_not_overwritten) {
    scan();
    pass(seconds(1));
    exchange_.on_book = [this](const std::string& code) {
        if (code != kCode || source_.followed().at(kCode).book == BookState::live) return;
        feed_.tell_book(kCode, 105.0, 1.0, now());
        source_.bring();
    };
    scan();
    EXPECT_DOUBLE_EQ(state_.find(kCode)->book.value->bids.front().price, 104.99);
}

TEST_F(FeedSourceTest, the_age_of_a_resting_book_is_since_it_was_confirmed) {
    scan();
    feed_.tell_book(kCode, 100.0, 1.0, now());
    const core::WallTime told = clock_.now();
    read();
    pass(seconds(20));
    EXPECT_TRUE(near(find(read())->inputs[Input::order_book].true_at, told)) << "an open connection confirms nothing";
    source_.confirm(kCode, exchange_.exchange_now - milliseconds(300));
    EXPECT_TRUE(near(find(read())->inputs[Input::order_book].true_at, clock_.now() - milliseconds(300)));
}

TEST_F(FeedSourceTest, what_a_lost_subscription_left_grows_old) {
    scan();
    feed_.tell_book(kCode, 100.0, 1.0, now());
    read();
    const core::WallTime told = clock_.now();
    feed_.lose_book(kCode, BookState::disconnected);
    pass(seconds(60));
    EXPECT_TRUE(near(find(read())->inputs[Input::order_book].true_at, told));
    EXPECT_TRUE(near(find(read())->data_time, told));
    pass(seconds(31));
    const MarketReading late = read();
    EXPECT_EQ(find(late), nullptr) << "neither way has brought a fresh one";
    EXPECT_EQ(late.exclusions.front().reason, "stale_ticker") << "no scan has passed either";
}

TEST_F(FeedSourceTest, a_book_that_was_wrong_is_not_used_at_all) {
    for (const BookState state : {BookState::crossed, BookState::audit_failed}) {
        scan();
        feed_.tell_book(kCode, 100.0, 1.0, now());
        ASSERT_NE(find(read()), nullptr);
        feed_.lose_book(kCode, state);
        EXPECT_EQ(find(read()), nullptr);
        source_.take_book(kCode,
                          {.bids = {{99.0, 1.0}}, .asks = {{101.0, 1.0}}, .exchange_time = exchange_.exchange_now});
        EXPECT_DOUBLE_EQ(find(read())->ticker.bid->price, 99.0);
    }
}

TEST_F(FeedSourceTest, a_fall_back_never_replaces_a_live_or_a_newer_book) {
    scan();
    pass(seconds(5));
    feed_.tell_book(kCode, 100.0, 1.0, now());
    read();
    market::OrderBook other{.bids = {{99.5, 1.0}}, .asks = {{100.5, 1.0}}, .exchange_time = exchange_.exchange_now};
    source_.take_book(kCode, other);
    EXPECT_DOUBLE_EQ(find(read())->ticker.bid->price, 99.99);
    feed_.lose_book(kCode, BookState::gap);
    other.exchange_time -= seconds(2);
    source_.take_book(kCode, other);
    EXPECT_DOUBLE_EQ(find(read())->ticker.bid->price, 99.99) << "an answer out of a cache";
    other.exchange_time += seconds(3);
    source_.take_book(kCode, other);
    EXPECT_DOUBLE_EQ(find(read())->ticker.bid->price, 99.5);
}

TEST_F(FeedSourceTest, the_tape_tells_a_newer_price_than_the_ticker) {
    scan();
    pass(seconds(2));
    feed_.tell_trade(kCode, 100.5, 1, now());
    MarketReading reading = read();
    const market::MarketData* data = find(reading);
    EXPECT_DOUBLE_EQ(data->ticker.last, 100.5);
    EXPECT_EQ(data->inputs.tape().true_at, clock_.now());
    EXPECT_EQ(data->inputs.tape().source, InputSource::feed);
    EXPECT_DOUBLE_EQ(data->candles->back().close, 100.5) << "the running candle follows";
    EXPECT_DOUBLE_EQ(data->candles->back().high, 100.5);
    feed_.tell_trade(kCode, 99.0, 0, {.exchange = exchange_.exchange_now - seconds(9)});
    reading = read();
    EXPECT_DOUBLE_EQ(find(reading)->ticker.last, 100.5) << "an old trade that answers a subscription";
}

TEST_F(FeedSourceTest, the_running_candle_keeps_how_far_trades_went_between_two_rankings) {
    scan();
    pass(milliseconds(100));
    std::int64_t id = 0;
    for (const double price : {100.9, 99.2, 100.1}) feed_.tell_trade(kCode, price, ++id, now());
    const MarketReading reading = read();
    const market::Candle& running = find(reading)->candles->back();
    EXPECT_DOUBLE_EQ(running.high, 100.9);
    EXPECT_DOUBLE_EQ(running.low, 99.2);
    EXPECT_DOUBLE_EQ(running.close, 100.1);
}

TEST_F(FeedSourceTest, a_trade_of_the_next_minute_moves_no_candle_of_this_one) {
    scan();
    const double close = find(read())->candles->back().close;
    pass(seconds(61));
    feed_.tell_trade(kCode, 101.0, 1, now());
    EXPECT_DOUBLE_EQ(find(read())->candles->back().close, close);
    EXPECT_DOUBLE_EQ(state_.find(kCode)->candles.value.view(exchange_.exchange_now).candles->back().high, close);
}

TEST_F(FeedSourceTest, a_tape_keeps_a_contract_whose_ticker_is_late) {
    scan();
    pass(seconds(100));
    feed_.tell_book(kCode, 100.0, 1.0, now());
    feed_.tell_book("BBB-USDT", 100.0, 1.0, now());
    feed_.tell_trade(kCode, 100.0, 1, now());
    const MarketReading reading = read();
    ASSERT_NE(find(reading), nullptr);
    EXPECT_EQ(find(reading)->data_time, clock_.now());
    EXPECT_EQ(find(reading, "BBB-USDT"), nullptr) << "nothing tells its price";
}

TEST_F(FeedSourceTest, a_subscription_that_begins_with_the_last_trade_has_missed_none) {
    scan();
    const auto trade = [this](std::int64_t id, seconds ago) {
        return market::Trade{.trade_id = id,
                             .price = 100.0,
                             .size = 2.0,
                             .taker_side = market::Side::buy,
                             .time = exchange_.exchange_now - ago};
    };
    const std::vector<market::Trade> list{trade(5, seconds(90)), trade(6, seconds(0))};
    feed_.tell_trade(kCode, 100.0, 6, now());
    ASSERT_TRUE(source_.fill_tape(kCode, list, source_.followed().at(kCode).tape_life));
    pass(seconds(1));
    read();
    ASSERT_EQ(state_.find(kCode)->flow->trades_60s, 1.0);
    feed_.tell_hole(kCode);
    read();
    EXPECT_EQ(state_.find(kCode)->flow->trades_60s, std::nullopt);
    feed_.tell_trade(kCode, 100.0, 6, now());
    read();
    EXPECT_EQ(state_.find(kCode)->flow->trades_60s, 1.0);
}

TEST_F(FeedSourceTest, a_list_that_is_older_than_the_subscription_closes_no_hole) {
    scan();
    feed_.tell_hole(kCode, exchange::kTapeBegins);
    const std::uint64_t asked = source_.followed().at(kCode).tape_life;
    const std::vector<market::Trade> list{{.trade_id = 5,
                                           .price = 100.0,
                                           .size = 2.0,
                                           .taker_side = market::Side::buy,
                                           .time = exchange_.exchange_now - seconds(1)}};
    feed_.tell_hole(kCode);
    feed_.tell_hole(kCode, exchange::kTapeBegins);
    EXPECT_FALSE(source_.fill_tape(kCode, list, asked)) << "what came before it began again is missing";
    EXPECT_TRUE(source_.followed().at(kCode).tape_has_hole);
    EXPECT_TRUE(source_.fill_tape(kCode, list, source_.followed().at(kCode).tape_life));
}

TEST_F(FeedSourceTest, a_stamp_that_is_ahead_stops_no_later_price) {
    scan();
    pass(seconds(2));
    exchange::FeedTime ahead = now();
    ahead.exchange += seconds(3'600);
    feed_.tell_trade(kCode, 100.5, 1, ahead);
    feed_.tell_book(kCode, 100.0, 1.0, ahead);
    EXPECT_NE(find(read()), nullptr);
    pass(seconds(6));
    feed_.tell_trade(kCode, 100.7, 2, now());
    feed_.tell_book(kCode, 100.2, 1.0, now());
    const MarketReading reading = read();
    ASSERT_NE(find(reading), nullptr);
    EXPECT_DOUBLE_EQ(find(reading)->ticker.last, 100.7);
    EXPECT_EQ(find(reading)->inputs.tape().true_at, clock_.now());
}

TEST_F(FeedSourceTest, the_first_trade_by_an_unconfirmed_book_counts) {
    scan();
    feed_.tell_book(kCode, 100.0, 1.0, now());
    pass(seconds(1));
    const core::SteadyTime first = clock_.steady_now();
    feed_.tell_trade(kCode, 100.0, 1, now());
    pass(seconds(1));
    feed_.tell_trade(kCode, 100.0, 2, now());
    EXPECT_EQ(source_.followed().at(kCode).traded, first);
    feed_.tell_book(kCode, 100.0, 1.0, now());
    pass(seconds(1));
    feed_.tell_trade(kCode, 100.0, 3, now());
    EXPECT_EQ(source_.followed().at(kCode).traded, clock_.steady_now());
}

TEST_F(FeedSourceTest, a_book_whose_frames_come_late_is_not_called_live) {
    scan();
    pass(seconds(10));
    exchange::FeedTime late = now();
    late.exchange -= seconds(5);
    feed_.tell_book(kCode, 101.0, 7.0, late);
    EXPECT_EQ(find(read())->inputs[Input::order_book].subscription, "late");
    EXPECT_EQ(find(read())->inputs[Input::order_book].source, InputSource::rest) << "it is no book to take";
    EXPECT_EQ(source_.look(state_.find(kCode)->contract)->book, nullptr);
    market::OrderBook other;
    other.bids = {{100.0, 1.0}};
    other.asks = {{100.1, 1.0}};
    other.exchange_time = exchange_.exchange_now;
    source_.take_book(kCode, other);
    EXPECT_DOUBLE_EQ(find(read())->ticker.bid->price, 100.0) << "another source's is taken meanwhile";
    pass(seconds(1));
    feed_.tell_book(kCode, 101.0, 7.0, now());
    EXPECT_EQ(find(read())->inputs[Input::order_book].subscription, "live") << "one in time ends it";
    EXPECT_DOUBLE_EQ(find(read())->ticker.bid->price, 100.99);
}

TEST_F(FeedSourceTest, keeps_what_a_moving_book_was_under_each_number_while_told_to) {
    scan();
    feed_.tell_book(kCode, 100.0, 1.0, now(), 5);
    EXPECT_EQ(source_.kept_book(kCode, 5), nullptr);
    source_.keep_books(kCode);
    for (int i = 0; i < 100; ++i) feed_.tell_book(kCode, 101.0, 1.0 + i, now(), 6 + i / 2);
    ASSERT_NE(source_.kept_book(kCode, 55), nullptr);
    EXPECT_DOUBLE_EQ(source_.kept_book(kCode, 55)->bids.front().size, 100.0) << "the last one of a number";
    EXPECT_EQ(source_.kept_book(kCode, 5), nullptr) << "only the latest few";
    source_.drop_books(kCode);
    EXPECT_EQ(source_.kept_book(kCode, 55), nullptr);
}

TEST_F(FeedSourceTest, trades_that_only_a_list_tells_go_by_the_book_too) {
    scan();
    feed_.tell_hole(kCode, exchange::kTapeBegins);
    const std::uint64_t life = source_.followed().at(kCode).tape_life;
    feed_.tell_book(kCode, 100.0, 1.0, now());
    pass(seconds(3));
    const std::vector<market::Trade> list{{.trade_id = 5,
                                           .price = 100.0,
                                           .size = 2.0,
                                           .taker_side = market::Side::buy,
                                           .time = exchange_.exchange_now - seconds(1)}};
    ASSERT_TRUE(source_.fill_tape(kCode, list, life));
    ASSERT_TRUE(source_.followed().at(kCode).traded);
    EXPECT_GT(*source_.followed().at(kCode).traded, source_.followed().at(kCode).confirmed);
    EXPECT_EQ(source_.followed().at(kCode).traded_read, clock_.steady_now());
}

TEST_F(FeedSourceTest, an_old_answer_confirms_no_book) {
    scan();
    feed_.tell_book(kCode, 100.0, 1.0, now());
    const core::SteadyTime told = clock_.steady_now();
    pass(seconds(12));
    source_.confirm(kCode, exchange_.exchange_now - seconds(11));
    EXPECT_EQ(source_.followed().at(kCode).confirmed, told);
    source_.confirm(kCode, exchange_.exchange_now - seconds(1));
    const auto ago = clock_.steady_now() - source_.followed().at(kCode).confirmed;
    EXPECT_GE(ago, milliseconds(900)) << "it was right then";
    EXPECT_LE(ago, milliseconds(1'100));
}

TEST_F(FeedSourceTest, a_fall_back_with_a_lower_number_is_older) {
    scan();
    feed_.tell_book(kCode, 100.0, 1.0, now(), 70);
    read();
    feed_.lose_book(kCode, BookState::gap);
    pass(seconds(1));
    market::OrderBook other{
        .bids = {{99.5, 1.0}}, .asks = {{100.5, 1.0}}, .exchange_time = exchange_.exchange_now, .matching_id = 69};
    source_.take_book(kCode, other);
    EXPECT_DOUBLE_EQ(find(read())->ticker.bid->price, 99.99);
    pass(seconds(40));
    other.exchange_time = exchange_.exchange_now;
    source_.take_book(kCode, other);
    EXPECT_DOUBLE_EQ(find(read())->ticker.bid->price, 99.5) << "by then the exchange may have begun to count anew";
}

TEST_F(FeedSourceTest, a_feed_is_there_while_a_subscription_lives_and_for_an_interruption) {
    scan();
    EXPECT_FALSE(source_.is_there());
    source_.on_liquidations_followed(true);
    feed_.lose_book(kCode, BookState::disconnected);
    EXPECT_FALSE(source_.is_there()) << "a connection that brings no books is none";
    feed_.tell_book(kCode, 100.0, 1.0, now());
    EXPECT_TRUE(source_.is_there());
    pass(seconds(300));
    EXPECT_TRUE(source_.is_there()) << "for as long as it lives";
    feed_.lose_book(kCode, BookState::disconnected);
    pass(FeedSource::kInterruption - milliseconds(1));
    EXPECT_TRUE(source_.is_there());
    pass(milliseconds(1));
    EXPECT_FALSE(source_.is_there());
    feed_.tell_book("BBB-USDT", 100.0, 1.0, now());
    EXPECT_TRUE(source_.is_there());
}

TEST_F(FeedSourceTest, a_dead_tape_keeps_no_number_beyond_its_window) {
    scan();
    feed_.tell_hole(kCode, exchange::kTapeBegins);
    ASSERT_TRUE(source_.fill_tape(kCode, {}, source_.followed().at(kCode).tape_life));
    pass(seconds(120));
    for (int i = 0; i < 40; ++i) {
        feed_.tell_book(kCode, 100.0 + 0.01 * (i % 3), 1.0, now());
        feed_.tell_trade(kCode, 100.0, 10 + i, now());
        pass(milliseconds(250));
    }
    const auto flow_of = [](const MarketReading& reading) -> const signals::FlowNumbers* {
        for (std::size_t i = 0; i < reading.data.size(); ++i) {
            if (reading.data[i]->contract->contract_code == kCode) return reading.flow.at(i).get();
        }
        return nullptr;
    };
    MarketReading reading = read();
    const signals::FlowNumbers* flow = flow_of(reading);
    ASSERT_NE(flow, nullptr);
    ASSERT_EQ(flow->trades_60s, 40.0);
    ASSERT_TRUE(flow->tfi_60s && flow->turnover_60s_usdt && flow->ofi_10s);
    ASSERT_GT(*flow->turnover_60s_usdt, 0.0);
    // Nothing is told any more. The numbers change at the moments that were announced, and at no others.
    const core::WallTime died = source_.exchange_now();
    int changes = 0;
    for (auto next = source_.next_change(); next && *next - died <= seconds(61); next = source_.next_change()) {
        ASSERT_LT(++changes, 1'000);
        const auto left = std::chrono::ceil<milliseconds>(*next - source_.exchange_now());
        pass(std::max(left, milliseconds(1)));
        scan();  // a ticker that is too old would take the contract out
        reading = read();
        flow = flow_of(reading);
        ASSERT_NE(flow, nullptr) << "its book lives on";
        ASSERT_TRUE(!flow->trades_60s || *flow->trades_60s <= 40.0);
    }
    EXPECT_GE(changes, 40) << "each trade leaves the window by itself";
    pass(std::max(milliseconds(0), std::chrono::ceil<milliseconds>(died + seconds(61) - source_.exchange_now())));
    scan();
    reading = read();
    flow = flow_of(reading);
    ASSERT_NE(flow, nullptr);
    const auto dead = [](const std::optional<double>& number) { return !number || *number == 0.0; };
    EXPECT_TRUE(dead(flow->trades_60s));
    EXPECT_TRUE(dead(flow->turnover_60s_usdt));
    EXPECT_TRUE(dead(flow->tfi_60s));
    EXPECT_TRUE(dead(flow->ofi_10s));
}

TEST_F(FeedSourceTest, says_that_something_has_changed) {
    scan();
    changes_ = 0;
    feed_.tell_book(kCode, 100.0, 1.0, now());
    feed_.tell_trade(kCode, 100.0, 1, now());
    feed_.lose_book(kCode, BookState::gap);
    EXPECT_EQ(changes_, 3);
    feed_.lose_book(kCode, BookState::awaiting_snapshot);
    EXPECT_EQ(changes_, 3) << "from one state that is not live to another";
    EXPECT_TRUE(source_.changed());
    read();
    EXPECT_FALSE(source_.changed());
}

}  // namespace
}  // namespace scanner::engine
