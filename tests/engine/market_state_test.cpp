#include "engine/market_state.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scanner::engine {
namespace {

using core::ErrorCode;
using market::Input;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kMinuteMs = 60'000;
const core::WallTime kNow = core::from_unix_ms(1'790'000'010'000);  // 30 s into a minute
const core::SteadyTime kSteady{};

class MarketStateTest : public testing::Test {
protected:
    static std::shared_ptr<const market::Contract> contract(std::string code, double size = 1.0) {
        auto made = std::make_shared<market::Contract>();
        made->contract_code = std::move(code);
        made->contract_size = size;
        return made;
    }
    static Receipt at(seconds since_start) {
        return {.source = InputSource::rest, .wall = kNow, .steady = kSteady + since_start};
    }
    static std::vector<market::Candle> candles() {
        std::vector<market::Candle> made;
        const std::int64_t running = core::to_unix_ms(kNow) / kMinuteMs * kMinuteMs;
        for (std::int64_t open = running - 5 * kMinuteMs; open <= running; open += kMinuteMs) {
            made.push_back({open, 100.0, 100.0, 100.0, 100.0, 10.0});
        }
        return made;
    }

    /// The universe is these contracts, all with the same ticker.
    void rank(const Contracts& contracts, double last = 100.0) {
        Universe universe;
        exchange::Bulk<market::Ticker> tickers{.exchange_time = kNow};
        for (const auto& each : contracts) {
            market::Ticker ticker{.contract_code = each->contract_code, .last = last, .turnover_24h = 1e6};
            tickers.by_contract[each->contract_code] = ticker;
            universe.candidates.push_back({each, ticker});
        }
        state_.set_universe(std::move(universe), std::move(tickers), at(seconds(0)));
    }
    static void take_book(ContractState& state, core::WallTime time = kNow) {
        auto book = std::make_shared<market::OrderBook>();
        book->bids = {{99.9, 10.0}};
        book->asks = {{100.1, 10.0}};
        book->exchange_time = time;
        state.book.take(std::move(book), time, at(seconds(1)));
    }
    static void take_candles(ContractState& state) {
        state.candles.value.merge(candles());
        state.candles.touch(kNow, at(seconds(1)));
    }
    MarketReading read(milliseconds later = milliseconds(0)) { return state_.read(kNow + later, kSteady + later, {}); }
    static std::string why(const MarketReading& reading) {
        return reading.exclusions.empty()
                   ? ""
                   : reading.exclusions.front().reason + ": " + reading.exclusions.front().detail;
    }

    MarketState state_{1, 200};
    std::shared_ptr<const market::Contract> aaa_ = contract("AAA-USDT");
};

TEST_F(MarketStateTest, what_sources_wrote_is_read_as_market_data) {
    rank({aaa_});
    ContractState& state = *state_.at(aaa_);
    take_book(state);
    take_candles(state);
    state.latency_ms = 12.5;
    const MarketReading reading = read();
    ASSERT_EQ(reading.data.size(), 1U) << why(reading);
    const market::MarketData& data = *reading.data.front();
    EXPECT_EQ(data.contract, aaa_);
    EXPECT_DOUBLE_EQ(data.ticker.bid->price, 99.9);
    EXPECT_EQ(data.order_book, state.book.value);
    EXPECT_EQ(data.candles->size(), 6U);
    EXPECT_EQ(data.closed_candles, 5U);
    EXPECT_DOUBLE_EQ(data.fetch_latency_ms, 12.5);
    EXPECT_EQ(state.book.received.source, InputSource::rest);
    EXPECT_EQ(state.ticker.received.steady, kSteady);
}

TEST_F(MarketStateTest, reading_again_brings_equal_data) {
    rank({aaa_}, 101.0);
    ContractState& state = *state_.at(aaa_);
    take_book(state);
    take_candles(state);
    state.candles_follow = true;  // none were missing: the running candle goes with the ticker
    state_.exchange_clock().note(TimeSource::order_book, kNow + seconds(3), kSteady);
    state_.exchange_clock().end_pass(kNow, kSteady);
    const MarketReading first = read();
    ASSERT_EQ(first.data.size(), 1U) << why(first);
    EXPECT_DOUBLE_EQ(first.data.front()->candles->back().close, 101.0);
    for (const milliseconds later : {milliseconds(1), milliseconds(1'001), milliseconds(14'999)}) {
        const MarketReading again = read(later);
        ASSERT_EQ(again.data.size(), 1U) << why(again);
        EXPECT_EQ(again.data.front(), first.data.front()) << "the very same, after " << later.count() << " ms";
    }
}

TEST_F(MarketStateTest, a_clock_that_was_corrected_is_believed) {
    rank({aaa_});
    ContractState& state = *state_.at(aaa_);
    take_book(state);
    take_candles(state);
    const core::WallTime before = read().data.front()->data_time;
    state_.exchange_clock().note(TimeSource::order_book, kNow + seconds(3), kSteady);
    state_.exchange_clock().end_pass(kNow, kSteady);
    EXPECT_EQ(read().data.front()->data_time, before - seconds(3));
}

TEST_F(MarketStateTest, a_value_that_is_not_renewed_becomes_stale_by_itself) {
    rank({aaa_});
    ContractState& state = *state_.at(aaa_);
    take_book(state, kNow - seconds(80));
    take_candles(state);
    state_.exchange_clock().note(TimeSource::order_book, kNow, kSteady);
    state_.exchange_clock().end_pass(kNow, kSteady);
    EXPECT_EQ(read().data.size(), 1U);
    EXPECT_EQ(why(read(seconds(11))).substr(0, 10), "stale_book");
}

TEST_F(MarketStateTest, says_when_something_becomes_stale_by_itself_and_is_right_to_the_millisecond) {
    rank({aaa_});
    ContractState& state = *state_.at(aaa_);
    take_book(state, kNow - seconds(80));
    take_candles(state);
    const MarketReading first = read();
    ASSERT_EQ(first.next_change_at, kNow + seconds(10) + milliseconds(1));
    const MarketReading last = read(milliseconds(10'000));
    ASSERT_EQ(last.data.size(), 1U) << why(last);
    EXPECT_EQ(last.data.front(), first.data.front()) << "nothing was read again";
    EXPECT_EQ(why(read(milliseconds(10'001))).substr(0, 10), "stale_book");
    take_book(state, kNow + seconds(10));
    const MarketReading renewed = read(milliseconds(10'001));
    ASSERT_EQ(renewed.data.size(), 1U) << why(renewed);
    EXPECT_GT(renewed.next_change_at, kNow + seconds(10));
}

TEST_F(MarketStateTest, one_contract_that_changes_leaves_the_others_as_they_are) {
    const auto bbb = contract("BBB-USDT");
    rank({bbb, aaa_});
    for (const auto& each : {aaa_, bbb}) {
        take_book(*state_.at(each));
        take_candles(*state_.at(each));
    }
    const auto index = [](double of_aaa, double of_bbb) {
        return exchange::Bulk<market::IndexPrice>{
            .by_contract = {{"AAA-USDT", {of_aaa, kNow}}, {"BBB-USDT", {of_bbb, kNow}}}, .exchange_time = kNow};
    };
    state_.take(index(100.0, 200.0));
    const MarketReading first = read();
    ASSERT_EQ(first.data.size(), 2U) << why(first);
    state_.take(index(100.0, 201.0));
    const MarketReading second = read();
    EXPECT_EQ(second.data[0], first.data[0]) << "its index is the same";
    EXPECT_NE(second.data[1], first.data[1]);
    EXPECT_EQ(second.data[1]->index_price, 201.0);
    EXPECT_FALSE(state_.change_funding("AAA-USDT", {0.0001, std::nullopt})) << "no list was read";
    state_.take(exchange::Bulk<market::FundingRate>{
        .by_contract = {{"AAA-USDT", {0.0001, std::nullopt}}, {"BBB-USDT", {0.0002, std::nullopt}}},
        .exchange_time = kNow});
    const MarketReading third = read();
    EXPECT_TRUE(state_.change_funding("AAA-USDT", {0.0003, std::nullopt}));
    EXPECT_FALSE(state_.change_funding("AAA-USDT", {0.0003, std::nullopt})) << "told again";
    const MarketReading fourth = read();
    EXPECT_EQ(fourth.data[0]->funding_rate, 0.0003);
    EXPECT_EQ(fourth.data[1], third.data[1]);
    take_book(*state_.at(aaa_), kNow + milliseconds(1));
    const MarketReading fifth = read(milliseconds(5));
    EXPECT_NE(fifth.data[0], fourth.data[0]);
    EXPECT_EQ(fifth.data[1], fourth.data[1]);
    EXPECT_EQ(read(milliseconds(6)).data, fifth.data);
}

TEST_F(MarketStateTest, a_failed_attempt_hides_the_value_that_is_held_until_the_next_that_works) {
    rank({aaa_});
    ContractState& state = *state_.at(aaa_);
    take_book(state);
    take_candles(state);
    state.book.fail(core::Error(ErrorCode::timeout, "no answer"), at(seconds(2)));
    EXPECT_EQ(why(read()), "fetch_failed: order book: no answer");
    take_book(state);
    EXPECT_EQ(read().data.size(), 1U) << why(read());
}

TEST_F(MarketStateTest, of_two_failed_inputs_the_first_is_the_reason) {
    rank({aaa_});
    ContractState& state = *state_.at(aaa_);
    state.candles.fail(core::Error(ErrorCode::malformed, "candles[0]: open"), at(seconds(1)));
    state.book.fail(core::Error(ErrorCode::timeout, "no answer"), at(seconds(2)));
    EXPECT_EQ(why(read()), "malformed: candles: candles[0]: open");
}

TEST_F(MarketStateTest, what_has_never_come_leaves_the_contract_out) {
    rank({aaa_});
    take_book(*state_.at(aaa_));
    EXPECT_EQ(why(read()), "fetch_failed: the cycle ended before it was read");
}

TEST_F(MarketStateTest, a_contract_of_another_size_starts_afresh_and_late_answers_do_not_reach_it) {
    rank({aaa_});
    const ContractStatePtr of_old_size = state_.at(aaa_);
    take_book(*of_old_size);
    take_candles(*of_old_size);
    const auto resized = contract("AAA-USDT", 10.0);
    state_.set_contracts({resized});
    rank({resized});
    take_candles(*state_.at(resized));
    take_book(*of_old_size);  // the answer to a call made before
    EXPECT_EQ(why(read()), "fetch_failed: the cycle ended before it was read");
}

TEST_F(MarketStateTest, a_contract_outside_the_universe_is_forgotten) {
    const auto bbb = contract("BBB-USDT");
    rank({aaa_, bbb});
    take_candles(*state_.at(bbb));
    rank({aaa_});
    rank({aaa_, bbb});
    EXPECT_TRUE(state_.at(bbb)->candles.value.empty());
}

TEST_F(MarketStateTest, candles_ahead_of_the_exchange_s_clock_are_read_again) {
    rank({aaa_});
    ContractState& state = *state_.at(aaa_);
    take_book(state);
    std::vector<market::Candle> ahead = candles();
    for (market::Candle& candle : ahead) candle.open_time_ms += 10 * kMinuteMs;
    state.candles.value.merge(ahead);
    state.candles.touch(kNow, at(seconds(1)));
    state.candles_follow = true;
    EXPECT_EQ(why(read()).substr(0, 13), "stale_candles");
    EXPECT_EQ(why(read()), why(read())) << "reading changes nothing";
    EXPECT_FALSE(state.candles.value.empty());
    state_.drop_candles_ahead();
    EXPECT_TRUE(state.candles.value.empty());
}

}  // namespace
}  // namespace scanner::engine
