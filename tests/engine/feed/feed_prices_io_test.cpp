#include "engine/feed/feed_source_fixture.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

/// The prices that a live feed tells: beside the index of their moment, and as candles.
namespace scanner::engine {
namespace {

class FeedPrices : public FeedSourceTest {};

TEST_F(FeedPrices, no_basis_of_prices_that_are_seconds_apart) {
    scan();
    limits_.max_index_gap = seconds(3);
    EXPECT_TRUE(find(read())->index_price);
    pass(seconds(4));
    feed_.tell_trade(kCode, 100.5, 1, now());
    const MarketReading apart = read();
    EXPECT_FALSE(find(apart)->index_price);
    EXPECT_NE(find(apart)->inputs[Input::index].note, "");
    EXPECT_TRUE(find(apart, "BBB-USDT")->index_price) << "its price and the index are equally old";
    state_.take(exchange::Bulk<market::IndexPrice>{.by_contract = {{kCode, {100.0, exchange_.exchange_now}}},
                                                   .exchange_time = exchange_.exchange_now});
    EXPECT_TRUE(find(read())->index_price);
}

TEST_F(FeedPrices, a_price_is_compared_with_the_index_of_its_own_moment) {
    scan();
    limits_.max_index_gap = seconds(3);
    const double at_scan = *find(read(), "BBB-USDT")->index_price;
    const auto tell_index = [this](double price) {
        state_.take(exchange::Bulk<market::IndexPrice>{
            .by_contract = {{kCode, {price, exchange_.exchange_now}}, {"BBB-USDT", {price, exchange_.exchange_now}}},
            .exchange_time = exchange_.exchange_now});
    };
    for (int second = 1; second <= 30; ++second) {
        pass(seconds(1));
        tell_index(200.0 + second);
        if (second == 10) feed_.tell_trade(kCode, 100.5, 1, now());
    }
    const MarketReading reading = read();
    EXPECT_EQ(find(reading)->index_price, 210.0) << "of the second of its last trade";
    EXPECT_EQ(find(reading)->inputs[Input::index].note, "");
    EXPECT_EQ(find(reading, "BBB-USDT")->index_price, at_scan) << "nothing told its price since";
    EXPECT_TRUE(near(find(reading)->inputs[Input::index].true_at, clock_.now() - seconds(20)));
    pass(seconds(1));
    tell_index(300.0);
    EXPECT_EQ(find(read()), find(reading)) << "an index that is not the price's changes nothing: the same object";
    feed_.tell_trade(kCode, 100.5, 2, now());
    EXPECT_EQ(find(read())->index_price, 300.0);
}

TEST_F(FeedPrices, the_running_candle_is_the_tapes_own_while_it_has_no_hole) {
    scan();
    const auto tell = [this](std::int64_t id, double price) { feed_.tell_trade(kCode, price, id, now()); };
    const auto last = [](const market::MarketData* data) { return data->candles->back(); };
    feed_.tell_hole(kCode, exchange::kTapeBegins);
    ASSERT_TRUE(source_.fill_tape(kCode, {}, source_.followed().at(kCode).tape_life));
    tell(1, 100.5);
    EXPECT_DOUBLE_EQ(last(find(read())).base_volume, 10.0) << "the exchange's: the minute began before the tape";
    const auto to_next_minute = [this] {
        const std::int64_t ms = core::to_unix_ms(exchange_.exchange_now) % 60'000;
        pass(milliseconds(60'000 - ms));
    };
    to_next_minute();
    scan();  // brings the candle of the minute, and what closed
    tell(2, 100.25);
    tell(3, 100.5);
    EXPECT_DOUBLE_EQ(last(find(read())).base_volume, 4.0);
    EXPECT_DOUBLE_EQ(last(find(read())).open, 100.25);
    EXPECT_EQ(find(read())->inputs[Input::candles].source, InputSource::feed);
    const std::size_t closed = find(read())->closed_candles;
    to_next_minute();
    tell(4, 100.75);
    const MarketReading next = read();
    EXPECT_EQ(find(next)->candles->size(), 200U);
    EXPECT_EQ(find(next)->closed_candles, closed) << "200 are kept: one has closed, one was dropped";
    EXPECT_DOUBLE_EQ(find(next)->candles->at(198).base_volume, 4.0);
    EXPECT_DOUBLE_EQ(last(find(next)).base_volume, 2.0);
    feed_.tell_hole(kCode);
    exchange_.candle_counts.clear();
    scan();
    EXPECT_FALSE(exchange_.candle_counts.empty()) << "the exchange's own is asked for at once";
    EXPECT_DOUBLE_EQ(last(find(read())).base_volume, 10.0);
    EXPECT_EQ(find(read())->inputs[Input::candles].source, InputSource::rest);
    EXPECT_EQ(state_.candles_checked().candles, 1U);
    EXPECT_EQ(state_.candles_checked().mismatches, 1U) << "the exchange of this test says 10 of every minute";
}

}  // namespace
}  // namespace scanner::engine
