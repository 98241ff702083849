#include "exchange/htx/decode_contract.hpp"

#include "exchange/answers.hpp"

#include <gtest/gtest.h>

namespace scanner::exchange {
namespace {

using core::ErrorCode;

core::Result<BookAnswer> book(const std::string& body) {
    rest::JsonParser parser;
    return htx::decode_order_book(parser, test::ok(body), test::btc());
}

core::Result<CandleBatch> candles(const std::string& body, int interval_minutes = 1, int count = 2000) {
    rest::JsonParser parser;
    return htx::decode_candles(parser, test::ok(body), test::btc(), interval_minutes, count);
}

core::Result<std::vector<market::Trade>> trades(const std::string& body, int count = 2000) {
    rest::JsonParser parser;
    return htx::decode_trades(parser, test::ok(body), test::btc(), count);
}

/// That the answer with `from` replaced by `to` is malformed, and that the message has `names` in it.
template <class Decode>
void expect_malformed(Decode decode, const std::string& body, std::string_view from, std::string_view to,
                      std::string_view names) {
    const auto answer = decode(test::changed(body, from, to));
    ASSERT_FALSE(answer) << to;
    EXPECT_EQ(answer.error().code(), ErrorCode::malformed) << to;
    EXPECT_NE(answer.error().message().find(names), std::string::npos)
        << to << " gave \"" << answer.error().message() << "\"";
}

TEST(OrderBook, has_prices_and_base_units_and_its_age) {
    const auto answer = book(test::kDepth);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(core::to_unix_ms(answer->exchange_time), 1654253113251);
    EXPECT_EQ(core::to_unix_ms(answer->book.exchange_time), 1654253113026);
    EXPECT_EQ(answer->book.matching_id, 108917760661);
    ASSERT_EQ(answer->book.asks.size(), 2U);
    ASSERT_EQ(answer->book.bids.size(), 3U);
    EXPECT_EQ(answer->book.asks[0].price, 29796.8);
    EXPECT_DOUBLE_EQ(answer->book.asks[0].size, 4.025);
    EXPECT_EQ(answer->book.bids[2].price, 29790.0);
    EXPECT_DOUBLE_EQ(answer->book.bids[2].size, 0.001);
}

TEST(OrderBook, has_sizes_with_the_decimals_of_the_contract) {
    rest::JsonParser parser;
    market::Contract contract;
    contract.contract_code = "BTC-USDT";
    contract.contract_size = 0.1;
    const auto answer = htx::decode_order_book(
        parser, test::ok(test::changed(test::kDepth, "[29796.8,4025]", "[29796.8,1672]")), contract);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->book.asks[0].size, 167.2) << "not 167.20000000000002";
}

TEST(OrderBook, may_lack_a_side_or_both) {
    const std::string asks = R"("asks":[[29796.8,4025],[29797.1,49]],)";
    for (const std::string_view none : {"", R"("asks":[],)", R"("asks":null,)"}) {
        const auto answer = book(test::changed(test::kDepth, asks, none));
        ASSERT_TRUE(answer) << none;
        EXPECT_TRUE(answer->book.asks.empty());
        EXPECT_EQ(answer->book.bids.size(), 3U);
    }
    const auto suspended = book(
        R"({"ch":"market.BTC-USDT.depth.step0","status":"ok","tick":{"asks":[],"bids":[],"id":1767859200,"mrid":7,"ts":1767859200000},"ts":1790677524306})");
    ASSERT_TRUE(suspended) << suspended.error().message();
    EXPECT_TRUE(suspended->book.asks.empty() && suspended->book.bids.empty());
}

TEST(OrderBook, may_be_crossed_between_its_sides) {
    const auto answer = book(test::changed(test::kDepth, "[29796.7,305]", "[29796.9,305]"));
    ASSERT_TRUE(answer) << answer.error().message();
}

TEST(OrderBook, with_a_bad_level_is_malformed_and_names_the_level) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"[29797.1,0]", "tick.asks[1]: size must be > 0, got 0"},
        {"[29797.1,-4]", "tick.asks[1]: size must be > 0, got -4"},
        {"[0,49]", "tick.asks[1]: price must be > 0, got 0"},
        {"[-1,49]", "tick.asks[1]: price must be > 0, got -1"},
        {R"(["NaN",49])", "tick.asks[1]: price"},
        {R"([29797.1,"Infinity"])", "tick.asks[1]: size"},
        {"[29797.1]", "tick.asks[1]"},
        {"29797.1", "tick.asks[1]"},
        {"null", "tick.asks[1]"},
        {"[29796.8,49]", "tick.asks[1]: price 29796.8 does not ascend"},
        {"[29796.7,49]", "does not ascend from 29796.8"},
    };
    for (const auto& [level, names] : cases) {
        expect_malformed(book, test::kDepth, "[29797.1,49]", level, names);
    }
    expect_malformed(book, test::kDepth, "[29790,1]", "[29795.9,1]", "tick.bids[2]: price 29795.9 does not descend");
    expect_malformed(book, test::kDepth, "[29790,1]", "[29796,1]", "tick.bids[2]");
}

TEST(OrderBook, whose_size_overflows_is_malformed) {
    rest::JsonParser parser;
    auto contract = test::btc();
    contract.contract_size = 1e6;
    const auto body = test::changed(test::kDepth, "[29797.1,49]", "[29797.1,1e305]");
    const auto answer = htx::decode_order_book(parser, test::ok(body), contract);
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().message().find("tick.asks[1]: size"), std::string::npos) << answer.error().message();
}

TEST(OrderBook, needs_a_tick_its_time_and_the_right_contract) {
    expect_malformed(book, test::kDepth, R"("tick":)", R"("tock":)", "tick: missing");
    expect_malformed(book, test::kDepth, R"("ts":1654253113026)", R"("ts":1654253113)", "tick.ts");
    expect_malformed(book, test::kDepth, R"("ts":1654253113251)", R"("ts":null)", "ts: missing");
    expect_malformed(book, test::kDepth, R"("bids":[[)", R"("bids":7,"x":[[)", "tick.bids: 7 is not an array");
    expect_malformed(book, test::kDepth, "market.BTC-USDT.depth", "market.ETH-USDT.depth", "not about BTC-USDT");
    expect_malformed(book, test::kDepth, "market.BTC-USDT.depth", "market.BTC-USDT-261225.depth", "not about");
}

TEST(Candles, are_read_as_printed_oldest_first) {
    const auto answer = candles(test::kCandles);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(core::to_unix_ms(answer->exchange_time), 1790677523089);
    EXPECT_EQ(answer->missing_intervals, 0U);
    ASSERT_EQ(answer->candles.size(), 3U);
    const auto& first = answer->candles[0];
    EXPECT_EQ(first.open_time_ms, 1790677380000);
    EXPECT_EQ(first.open, 84049.9);
    EXPECT_EQ(first.high, 84053.2);
    EXPECT_EQ(first.low, 84036.3);
    EXPECT_EQ(first.close, 84053.1);
    EXPECT_EQ(first.base_volume, 2.736);
    EXPECT_EQ(answer->candles[2].base_volume, 0.0);
}

TEST(Candles, beyond_the_requested_count_are_dropped_oldest_first) {
    const auto answer = candles(test::kCandles, 1, 2);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->candles.size(), 2U);
    EXPECT_EQ(answer->candles[0].open_time_ms, 1790677440000);
}

TEST(Candles, that_the_exchange_left_out_are_counted_and_not_made_up) {
    const auto answer = candles(test::changed(test::kCandles, R"("id":1790677380)", R"("id":1790677200)"));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->candles.size(), 3U);
    EXPECT_EQ(answer->missing_intervals, 3U);
}

TEST(Candles, may_be_none) {
    const auto answer = candles(R"({"ch":"market.BTC-USDT.kline.1min","ts":1790677523089,"status":"ok","data":[]})");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_TRUE(answer->candles.empty());
    EXPECT_EQ(answer->missing_intervals, 0U);
}

TEST(Candles, that_are_flawed_make_the_answer_malformed) {
    const auto decode = [](const std::string& body) { return candles(body); };
    expect_malformed(decode, test::kCandles, R"("high":84067.1)", R"("high":84066.8)", "data[1].high: below");
    expect_malformed(decode, test::kCandles, R"("low":84053.1)", R"("low":84053.2)", "data[1].low: above");
    expect_malformed(decode, test::kCandles, R"("open":84053.1)", R"("open":0)", "data[1].open");
    expect_malformed(decode, test::kCandles, R"("open":84053.1)", R"("open":null)", "data[1].open: missing");
    expect_malformed(decode, test::kCandles, R"("open":84053.1)", R"("open":"nan")", "data[1].open");
    expect_malformed(decode, test::kCandles, R"("amount":1.508)", R"("amount":-1)", "data[1].amount");
    expect_malformed(decode, test::kCandles, R"("id":1790677440)", R"("id":1790677441)", "off the grid");
    expect_malformed(decode, test::kCandles, R"("id":1790677440)", R"("id":1790677380)", "does not come after");
    expect_malformed(decode, test::kCandles, R"("id":1790677440)", R"("id":1790677500)",
                     "data[2].id: 1790677500 does not come after");
    expect_malformed(decode, test::kCandles, R"("id":1790677440)", R"("id":1790677440000)", "not a time in seconds");
    expect_malformed(decode, test::kCandles, R"("id":1790677440)", R"("id":0)", "not a time in seconds");
    expect_malformed(decode, test::kCandles, R"("id":1790677500)", R"("id":1790677620)", "in the future");
    expect_malformed(decode, test::kCandles, R"({"id":1790677500)", R"(5,{"id":1790677500)", "data[2]: not an object");
    expect_malformed(decode, test::kCandles, "BTC-USDT.kline", "ETH-USDT.kline", "not about BTC-USDT");
}

TEST(Candles, stand_on_the_grid_of_their_interval) {
    const auto answer = candles(test::kCandles, 5);
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().message().find("off the grid"), std::string::npos);
    const auto hours = candles(
        R"({"ch":"market.BTC-USDT.kline.4hour","ts":1790677523089,"status":"ok","data":[{"id":1790668800,"open":1,"close":1,"high":1,"low":1,"amount":0.0}]})",
        240);
    ASSERT_TRUE(hours) << hours.error().message();
}

TEST(Trades, are_fills_in_base_units_by_time_and_id) {
    const auto answer = trades(test::kTrades);
    ASSERT_TRUE(answer) << answer.error().message();
    ASSERT_EQ(answer->size(), 3U);
    EXPECT_EQ((*answer)[0].trade_id, 1314767870000);
    EXPECT_EQ((*answer)[0].taker_side, market::Side::buy);
    EXPECT_EQ(core::to_unix_ms((*answer)[0].time), 1603695383124);
    EXPECT_DOUBLE_EQ((*answer)[0].size, 0.002);
    EXPECT_EQ((*answer)[1].trade_id, 1000003558478170000);  // a double would make ...170000 of both
    EXPECT_EQ((*answer)[1].taker_side, market::Side::sell);
    EXPECT_EQ((*answer)[1].price, 13081.2);
    EXPECT_EQ((*answer)[2].trade_id, 1000003558478170001);
    EXPECT_EQ((*answer)[2].taker_side, market::Side::unknown);
}

TEST(Trades, that_come_twice_are_kept_once) {
    const auto answer =
        trades(test::changed(test::kTrades, R"("id":1000003558478170001)", R"("id":1000003558478170000)"));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->size(), 2U);
}

TEST(Trades, beyond_the_requested_count_are_dropped_oldest_first) {
    const auto answer = trades(test::kTrades, 1);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->size(), 1U);
    EXPECT_EQ((*answer)[0].trade_id, 1000003558478170001);
}

TEST(Trades, that_are_flawed_make_the_answer_malformed) {
    const auto decode = [](const std::string& body) { return trades(body); };
    expect_malformed(decode, test::kTrades, R"("id":1314767870000)", R"("id":1.0e18)", "data[1].data[0].id");
    expect_malformed(decode, test::kTrades, R"("id":1314767870000)", R"("id":9223372036854775808)",
                     "data[1].data[0].id");
    expect_malformed(decode, test::kTrades, R"("amount":4)", R"("amount":0)", "data[0].data[0].amount");
    expect_malformed(decode, test::kTrades, R"("price":13081.2)", R"("price":"-1")", "data[0].data[0].price");
    expect_malformed(decode, test::kTrades, R"("ts":1603695383125)", R"("ts":1603695383)", "data[0].data[0].ts");
    expect_malformed(decode, test::kTrades, R"({"data":[{"amount":2)", R"({"dat":[{"amount":2)",
                     "data[1].data: missing");
    expect_malformed(decode, test::kTrades, R"("data":[{"data")", R"("data":[3,{"data")", "data[0]: not an object");
}

TEST(Trades, may_be_none) {
    const auto answer = trades(R"({"ch":"market.BTC-USDT.trade.detail","data":[],"status":"ok","ts":1603695388965})");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_TRUE(answer->empty());
}

TEST(Trades, keep_64_bit_ids_given_as_text) {
    const auto answer =
        trades(test::changed(test::kTrades, R"("id":1000003558478170001)", R"("id":"1000003558478170003")"));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->back().trade_id, 1000003558478170003);
}

}  // namespace
}  // namespace scanner::exchange
