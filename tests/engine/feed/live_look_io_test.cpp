#include "engine/feed/feed_source.hpp"
#include "engine/feed/hand_driven_feed.hpp"
#include "engine/market_state.hpp"
#include "engine/scan/market_scan.hpp"
#include "engine/scripted_exchange.hpp"
#include "support/run_coroutine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

/// What a live feed says to those who look at one contract, and how long one outside of the scan is followed for them.
namespace scanner::engine {
namespace {

using exchange::BookState;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsSupersetOf;

const std::string kCode = "AAA-USDT";

class LiveLook : public testing::Test {
protected:
    LiveLook() {
        source_.follow(feed_);
        EXPECT_TRUE(test::run_coroutine(scan_->run({})));
        feed_.tell_book("BBB-USDT", 100.0, 1.0, now());
        changes_ = 0;
    }

    void pass(milliseconds time) {
        clock_.advance(time);
        exchange_.exchange_now += time;
    }
    exchange::FeedTime now() const {
        return {.exchange = exchange_.exchange_now, .received = clock_.now(), .received_steady = clock_.steady_now()};
    }
    static std::shared_ptr<const market::Contract> contract(const std::string& code) {
        auto made = std::make_shared<market::Contract>();
        made->contract_code = code;
        made->contract_size = 1.0;
        made->status = market::ContractStatus::listed;
        return made;
    }
    LiveReadingPtr look(const std::string& code = kCode) { return source_.look(contract(code)); }
    static market::Trade trade(std::int64_t id, core::WallTime time) {
        return {.trade_id = id, .price = 100.0, .size = 2.0, .taker_side = market::Side::buy, .time = time};
    }
    static std::vector<std::int64_t> ids(const LiveReading& reading) {
        std::vector<std::int64_t> ids;
        for (const market::Trade& each : reading.trades) ids.push_back(each.trade_id);
        return ids;
    }

    test::ScriptedExchange exchange_;
    core::ManualClock clock_{core::from_unix_ms(1'790'000'000'000)};
    MarketState state_{1, 200};
    int changes_ = 0;
    FeedSource source_{state_, clock_, {.on_change = [this] { ++changes_; }}};
    test::HandDrivenFeed feed_{source_};
    std::unique_ptr<MarketScan> scan_ =
        make_market_scan(exchange_, clock_, state_, {}, {.on_universe = [this] { source_.want_universe(); }});
};

TEST_F(LiveLook, tells_book_ladder_and_tape_with_their_ages) {
    feed_.tell_book(kCode, 100.0, 3.0, now());
    feed_.tell_trade(kCode, 100.5, 7, now());
    pass(seconds(2));
    const LiveReadingPtr reading = look();
    ASSERT_NE(reading, nullptr);
    ASSERT_NE(reading->book, nullptr);
    EXPECT_DOUBLE_EQ(reading->book->bids.front().price, 99.99);
    EXPECT_EQ(reading->book_input.state, market::InputState::live);
    EXPECT_EQ(reading->book_input.source, market::InputSource::feed);
    EXPECT_EQ(reading->book_input.subscription, "live");
    const auto age = reading->read_at - reading->book_input.true_at.value();
    EXPECT_NEAR(static_cast<double>(age.count()), 2'000.0, 100.0);
    ASSERT_TRUE(reading->ladder);
    ASSERT_EQ(reading->ladder->bids.size(), 10U);
    EXPECT_DOUBLE_EQ(reading->ladder->asks.front().quoted, 3.0);
    EXPECT_EQ(reading->ladder->asks.front().firm, std::nullopt) << "it has not been live for 3 s";
    EXPECT_THAT(ids(*reading), ElementsAre(7));
    EXPECT_FALSE(reading->tape_complete) << "what came before the first trade is not known";
    pass(seconds(2));
    EXPECT_EQ(look()->ladder->asks.front().firm, 3.0);
}

TEST_F(LiveLook, shares_a_reading_for_a_moment) {
    feed_.tell_book(kCode, 100.0, 3.0, now());
    const LiveReadingPtr first = look();
    pass(milliseconds(90));
    feed_.tell_book(kCode, 101.0, 3.0, now());
    EXPECT_EQ(look(), first);
    pass(milliseconds(10));
    EXPECT_DOUBLE_EQ(look()->book->bids.front().price, 100.99);
    EXPECT_NE(look()->number, first->number);
}

TEST_F(LiveLook, knows_no_less_than_the_ranking_beside_it) {
    feed_.tell_hole(kCode, exchange::kTapeBegins);
    feed_.tell_trade(kCode, 100.0, 7, now());
    EXPECT_FALSE(look()->tape_complete);
    ASSERT_TRUE(source_.fill_tape(kCode,
                                  std::vector{trade(6, exchange_.exchange_now), trade(7, exchange_.exchange_now)},
                                  source_.followed().at(kCode).tape_life));
    source_.bring();
    EXPECT_TRUE(look()->tape_complete) << "a ranking may be published that has the window of this tape";
}

TEST_F(LiveLook, tells_no_book_that_is_not_live) {
    feed_.tell_book(kCode, 100.0, 3.0, now());
    feed_.lose_book(kCode, BookState::gap);
    const LiveReadingPtr reading = look();
    ASSERT_NE(reading, nullptr);
    EXPECT_EQ(reading->book, nullptr);
    EXPECT_EQ(reading->ladder, std::nullopt);
    EXPECT_EQ(reading->book_input.state, market::InputState::missing);
    EXPECT_EQ(reading->book_input.subscription, "gap");
}

TEST_F(LiveLook, keeps_the_newest_trades_and_says_where_some_are_missing) {
    feed_.tell_hole(kCode, exchange::kTapeBegins);
    for (std::int64_t id = 101; id <= 120; ++id) feed_.tell_trade(kCode, 100.0, id, now());
    const core::WallTime last = exchange_.exchange_now;
    std::vector<market::Trade> list;
    for (std::int64_t id = 1; id <= 120; ++id)
        list.push_back(trade(id, exchange_.exchange_now - milliseconds(120 - id)));
    ASSERT_TRUE(source_.fill_tape(kCode, list, source_.followed().at(kCode).tape_life));
    LiveReadingPtr reading = look();
    ASSERT_EQ(reading->trades.size(), kNewestTrades);
    EXPECT_EQ(reading->trades.front().trade_id, 71) << "what was filled in lies before what had come";
    EXPECT_EQ(reading->trades.back().trade_id, 120);
    EXPECT_TRUE(reading->tape_complete);
    pass(seconds(1));
    feed_.tell_hole(kCode);
    pass(seconds(1));
    feed_.tell_trade(kCode, 100.0, 200, now());
    reading = look();
    EXPECT_FALSE(reading->tape_complete);
    EXPECT_EQ(reading->incomplete_since, last);
    EXPECT_EQ(reading->trades.back().trade_id, 200);
}

TEST_F(LiveLook, follows_a_contract_outside_of_the_scan_while_somebody_looks) {
    EXPECT_EQ(look("TAIL-USDT"), nullptr) << "nothing was told yet";
    EXPECT_THAT(feed_.wanted(), ElementsAre("AAA-USDT", "BBB-USDT", "CCC-USDT", "TAIL-USDT"));
    feed_.tell_book("TAIL-USDT", 5.0, 1.0, now());
    ASSERT_NE(look("TAIL-USDT"), nullptr);
    EXPECT_DOUBLE_EQ(look("TAIL-USDT")->book->bids.front().price, 4.99);
    EXPECT_EQ(changes_, 0) << "no ranking shows it";
    pass(seconds(20));
    ASSERT_NE(look("TAIL-USDT"), nullptr);
    pass(seconds(29));
    source_.end_looks();
    EXPECT_THAT(feed_.wanted(), IsSupersetOf({"TAIL-USDT"}));
    pass(seconds(1));
    source_.end_looks();
    EXPECT_THAT(feed_.wanted(), ElementsAre("AAA-USDT", "BBB-USDT", "CCC-USDT"));
    EXPECT_FALSE(source_.followed().contains("TAIL-USDT"));
}

TEST_F(LiveLook, a_scan_forgets_nothing_that_is_looked_at) {
    EXPECT_EQ(look("TAIL-USDT"), nullptr);
    feed_.tell_book("TAIL-USDT", 5.0, 1.0, now());
    ASSERT_TRUE(test::run_coroutine(scan_->run({})));
    EXPECT_NE(look("TAIL-USDT"), nullptr);
}

TEST_F(LiveLook, follows_so_many_and_no_more) {
    for (std::size_t i = 0; i < kMaxLooks; ++i) {
        EXPECT_EQ(look("T" + std::to_string(i) + "-USDT"), nullptr);
        pass(milliseconds(1));
    }
    feed_.tell_book("T0-USDT", 5.0, 1.0, now());
    EXPECT_EQ(look("ONE-MORE-USDT"), nullptr);
    EXPECT_FALSE(source_.followed().contains("ONE-MORE-USDT")) << "all were looked at a moment ago";
    pass(seconds(5));
    EXPECT_NE(look("T0-USDT"), nullptr);
    EXPECT_EQ(look("ONE-MORE-USDT"), nullptr);
    EXPECT_EQ(feed_.wanted().size(), 3 + kMaxLooks);
    EXPECT_TRUE(source_.followed().contains("T0-USDT"));
    EXPECT_FALSE(source_.followed().contains("T1-USDT")) << "the one looked at longest ago";
}

TEST_F(LiveLook, follows_none_that_is_not_traded) {
    auto suspended = std::make_shared<market::Contract>(*contract("OLD-USDT"));
    suspended->status = market::ContractStatus::suspended;
    EXPECT_EQ(source_.look(suspended), nullptr);
    EXPECT_EQ(feed_.wanted().size(), 3U);
}

}  // namespace
}  // namespace scanner::engine
