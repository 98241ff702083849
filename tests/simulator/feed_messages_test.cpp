// What the WebSocket face says, to the letter of what was seen on the wire.
#include "simulator/face/ws/feed_messages.hpp"

#include "simulator/face/state/world.hpp"
#include "simulator/face/ws/notice_messages.hpp"
#include "simulator/face_fake_market.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <memory>

namespace scanner::simulator::face {
namespace {

using namespace std::chrono_literals;
using market::Side;
using test::FakeMarket;
using ::testing::HasSubstr;
using ::testing::Not;

class FeedMessages : public ::testing::Test {
protected:
    FeedMessages() {
        BookState& book = market_.books[FakeMarket::btc];
        book.bids = {{771'050, 20}, {771'040, 7}};
        book.asks = {{771'051, 7'980}};
        book.matching_id = 100'129'125'618'870;
    }
    [[nodiscard]] Scene scene() {
        references_.sample(market_, directory_);
        return {.market = market_,
                .directory = directory_,
                .books = books_,
                .references = references_,
                .now = market_.time};
    }
    [[nodiscard]] Topic topic(std::string_view text, FeedSocket socket = FeedSocket::market) const {
        return parse_topic(text, socket, directory_).value();
    }
    FakeMarket market_;
    Directory directory_{market_.contracts(), test::kNow};
    BookShelf books_{FakeMarket::count, 1};
    References references_{FakeMarket::count};
};

TEST_F(FeedMessages, a_book_and_its_changes) {
    const Topic book = topic("market.BTC-USDT.depth.size_20.high_freq");
    const BookState& state = market_.books[FakeMarket::btc];
    EXPECT_EQ(high_freq_beginning(scene(), book, state, {.asks = state.asks, .bids = state.bids}, true) +
                  high_freq_rest(1'789'895'280'797),
              R"({"ch":"market.BTC-USDT.depth.size_20.high_freq","ts":1789336870043,"tick":{"asks":[[77105.1,7980]],)"
              R"("bids":[[77105,20],[77104,7]],"ch":"market.BTC-USDT.depth.size_20.high_freq","event":"snapshot",)"
              R"("id":100129125618870,"mrid":100129125618870,"ts":1789336869843,"version":1789895280797}})");
    const std::vector<BookLevel> bids{{771'040, 0}};
    EXPECT_THAT(high_freq_beginning(scene(), book, state, {.asks = {}, .bids = bids}, false),
                HasSubstr(R"("asks":[],"bids":[[77104,0]],)"));
}

TEST_F(FeedMessages, the_best_quotes_without_a_side_that_is_empty) {
    const Topic bbo = topic("market.BTC-USDT.bbo");
    EXPECT_EQ(bbo_message(scene(), bbo, market_.books[FakeMarket::btc]),
              R"({"ch":"market.BTC-USDT.bbo","ts":1789336870043,"tick":{"mrid":100129125618870,"id":1789336869,)"
              R"("bid":[77105,20],"ask":[77105.1,7980],"ts":1789336869843,"version":100129125618870,)"
              R"("ch":"market.BTC-USDT.bbo"}})");
    market_.books[FakeMarket::btc].bids.clear();
    EXPECT_THAT(bbo_message(scene(), bbo, market_.books[FakeMarket::btc]), Not(HasSubstr("\"bid\"")));
}

TEST_F(FeedMessages, a_match_with_its_fills) {
    const std::array<SimulatedTrade, 2> fills{SimulatedTrade{.match_id = 100'130'858'644'752,
                                                             .fill_index = 0,
                                                             .price_ticks = 409'903,
                                                             .doubled_contracts = 130,
                                                             .taker_side = Side::buy,
                                                             .time = test::kNow - 1s},
                                              SimulatedTrade{.match_id = 100'130'858'644'752,
                                                             .fill_index = 1,
                                                             .price_ticks = 409'903,
                                                             .doubled_contracts = 16,
                                                             .taker_side = Side::buy,
                                                             .time = test::kNow - 1s}};
    const auto message =
        nlohmann::ordered_json::parse(trades_message(scene(), topic("market.BTC-USDT.trade.detail"), fills));
    EXPECT_EQ(message.at("tick").at("id"), 100'130'858'644'752);
    EXPECT_EQ(message.at("tick").at("data").at(0).dump(),
              R"({"amount":130,"quantity":0.13,"trade_turnover":5328.739,"ts":1789336869043,)"
              R"("id":1001308586447520000,"price":40990.3,"direction":"buy"})");
    EXPECT_EQ(message.at("tick").at("data").at(1).at("id"), 1'001'308'586'447'520'001);
}

TEST_F(FeedMessages, tickers_are_numbers) {
    TickerState ticker{.bid = BookLevel{299'404, 3'743},
                       .ask = BookLevel{299'405, 2'138},
                       .open = 30'728.4,
                       .high = 30'729.5,
                       .low = 29'306.6,
                       .last = 29'944.4};
    ticker.doubled_contracts_24h = 34'473'406;
    ticker.doubled_turnover_24h = 1'047'364'677.232;
    ticker.doubled_count_24h = 203'526;
    EXPECT_EQ(detail_message(scene(), topic("market.BTC-USDT.detail"), ticker, 108'854'811'173),
              R"({"ch":"market.BTC-USDT.detail","ts":1789336870043,"tick":{"id":1789336860,"mrid":108854811173,)"
              R"("open":30728.4,"close":29944.4,"high":30729.5,"low":29306.6,"amount":34473.406,"vol":34473406,)"
              R"("trade_turnover":1047364677.232,"count":203526,"ask":[29940.5,2138],"bid":[29940.4,3743]}})");
}

TEST_F(FeedMessages, the_running_candle) {
    market_.candles[FakeMarket::btc] = {{.open_time_sec = 1'789'336'860,
                                         .open = 77'100.0,
                                         .high = 77'110.0,
                                         .low = 77'099.3,
                                         .close = 77'105.0,
                                         .doubled_contracts = 532,
                                         .doubled_turnover_usdt = 16'774.9728,
                                         .doubled_count = 5}};
    EXPECT_EQ(kline_message(scene(), topic("market.BTC-USDT.kline.1min"), 7),
              R"({"ch":"market.BTC-USDT.kline.1min","ts":1789336870043,"tick":{"id":1789336860,"mrid":7,)"
              R"("open":77100,"close":77105,"high":77110,"low":77099.3,"amount":0.532,"vol":532,)"
              R"("trade_turnover":16774.9728,"count":5}})");
    const auto reply = nlohmann::json::parse(
        requested_klines(scene(), topic("market.BTC-USDT.kline.1min"), R"("x")", 9, std::nullopt, std::nullopt));
    EXPECT_EQ(reply.at("id"), "x");
    EXPECT_EQ(reply.at("rep"), "market.BTC-USDT.kline.1min");
    EXPECT_EQ(reply.at("data").size(), 1U);
    EXPECT_EQ(nlohmann::json::parse(
                  requested_klines(scene(), topic("market.BTC-USDT.kline.1min"), "1", 9, 1'789'336'861, std::nullopt))
                  .at("data")
                  .size(),
              0U);
}

TEST_F(FeedMessages, mark_prices_are_texts) {
    market_.marks[FakeMarket::btc] = 86'834.8;
    market_.indexes[FakeMarket::btc] = 86'830.0;
    market_.candles[FakeMarket::btc] = {
        {.open_time_sec = 1'789'336'860, .open = 86'834.0, .high = 86'834.0, .low = 86'834.0, .close = 86'834.0}};
    EXPECT_EQ(reference_message(scene(), topic("market.BTC-USDT.mark_price.1min", FeedSocket::index)),
              R"({"ch":"market.BTC-USDT.mark_price.1min","tick":{"id":1789336860,"open":"86834.8","close":"86834.8",)"
              R"("high":"86834.8","low":"86834.8","amount":"0","vol":"0","count":"0","trade_turnover":"0"},)"
              R"("ts":1789336870043})");
    EXPECT_THAT(reference_message(scene(), topic("market.BTC-USDT.basis.1min.close", FeedSocket::index)),
                HasSubstr(R"("index_price":"86830","basis":"4")"));
}

TEST_F(FeedMessages, acknowledgements_and_refusals) {
    EXPECT_EQ(done_message(R"("id1")", "subbed", "market.BTC-USDT.bbo", 1),
              R"({"id":"id1","status":"ok","subbed":"market.BTC-USDT.bbo","ts":1})");
    EXPECT_EQ(refusal_message(R"("e-size400")", "invalid topic market.BTC-USDT.depth.size_400.high_freq", 2),
              R"({"status":"error","ts":2,"id":"e-size400","err-code":"bad-request",)"
              R"("err-msg":"invalid topic market.BTC-USDT.depth.size_400.high_freq"})");
    EXPECT_EQ(notice_done("sub", R"("airates-liq")", "public.*.liquidation_orders", 3),
              R"({"op":"sub","cid":"airates-liq","topic":"public.*.liquidation_orders","ts":3,"err-code":0})");
    EXPECT_EQ(notice_refused("sub", R"("probe-1")", "public.BTC-USDT.liquidation_orders", NoticeError::repeated, 4),
              R"({"op":"sub","cid":"probe-1","topic":"public.BTC-USDT.liquidation_orders","err-code":2014,)"
              R"("err-msg":"Repeated subscription.","ts":4})");
    EXPECT_EQ(notice_signal("ping", 5), R"({"op":"ping","ts":5})");
}

TEST_F(FeedMessages, funding_rates_and_liquidations) {
    const std::array<std::size_t, 1> btc{FakeMarket::btc};
    EXPECT_EQ(notice_message(scene(), NoticeKind::funding_rate, "public.BTC-USDT.funding_rate", "", btc),
              R"({"op":"notify","topic":"public.BTC-USDT.funding_rate","ts":1789336870043,"data":[{"symbol":"BTC",)"
              R"("contract_code":"BTC-USDT","fee_asset":"USDT","funding_time":"1789336870043",)"
              R"("funding_rate":"0.000043173429077120","estimated_rate":null,"settlement_time":"1789344000000",)"
              R"("trade_partition":"USDT"}]})")
        << "funding_time is when it was worked out";
    const std::array<SimulatedTrade, 1> fill{SimulatedTrade{.match_id = 5,
                                                            .price_ticks = 24'462,
                                                            .doubled_contracts = 1'000,
                                                            .taker_side = Side::buy,
                                                            .time = test::kNow - 5ms,
                                                            .liquidation = true}};
    EXPECT_EQ(liquidation_message(scene(), FakeMarket::btc, fill),
              R"({"op":"notify","topic":"public.BTC-USDT.liquidation_orders","ts":1789336870043,"data":[)"
              R"({"symbol":"BTC","contract_code":"BTC-USDT","direction":"buy","offset":"close","volume":500,)"
              R"("price":2446.2,"created_at":1789336870038,"amount":0.5,"trade_turnover":1223.1,)"
              R"("contract_type":"swap","pair":"BTC-USDT","business_type":"swap","trade_partition":"USDT"}]})");
}

}  // namespace
}  // namespace scanner::simulator::face
