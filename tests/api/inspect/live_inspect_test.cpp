#include "api/sample.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/engine/inspector.hpp"
#include "scanner/engine/live_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

/// /symbol/{symbol}/inspect of a contract that a live feed follows.
namespace scanner::api {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using std::chrono::milliseconds;

class CountingInspector final : public engine::Inspector {
public:
    asio::awaitable<core::Result<engine::RecentTradesPtr>> trades(std::shared_ptr<const market::Contract>) override {
        ++trade_calls;
        auto recent = std::make_shared<engine::RecentTrades>();
        recent->number = 1;
        recent->read_at = test::kNow;
        co_return recent;
    }
    asio::awaitable<core::Result<engine::ContractReadingPtr>> contract(engine::UniverseEntry) override {
        co_return reading;
    }
    asio::awaitable<core::Result<void>> stop(milliseconds) override { co_return core::Result<void>(); }

    int trade_calls = 0;
    engine::ContractReadingPtr reading;
};

class WrittenView final : public engine::LiveView {
public:
    engine::LiveReadingPtr look(const std::shared_ptr<const market::Contract>& contract) override {
        looks.push_back(contract->contract_code);
        return reading;
    }
    std::vector<std::string> looks;
    engine::LiveReadingPtr reading;
};

class LiveInspect : public testing::Test {
protected:
    void SetUp() override {
        engine_.listed = test::sample_universe();
        engine_.publish(test::make_ranking());
        reading_.number = 1;
        reading_.read_at = test::kNow + milliseconds(700);
        auto book = std::make_shared<market::OrderBook>();
        book->bids = {{99.0, 2.0}, {98.0, 3.0}};
        book->asks = {{100.0, 4.0}};
        book->exchange_time = test::kNow + milliseconds(650);
        reading_.book = std::move(book);
        reading_.book_input = {.state = market::InputState::live,
                               .time = test::kNow + milliseconds(650),
                               .true_at = test::kNow + milliseconds(655),
                               .source = market::InputSource::feed,
                               .subscription = "live"};
        reading_.ladder = signals::BookLadder{
            .bids = {{.price = 99.0, .quoted = 2.0, .firm = 1.5}, {.price = 98.0, .quoted = 3.0, .firm = 0.0}},
            .asks = {{.price = 100.0, .quoted = 4.0, .firm = std::nullopt}}};
        for (int i = 0; i < 3; ++i) {
            reading_.trades.push_back({.trade_id = 100'000'000'000'000'001 + i,
                                       .price = 100.0,
                                       .size = 3.0,
                                       .taker_side = market::Side::sell,
                                       .time = test::kNow + milliseconds(100 * i)});
        }
        reading_.tape_complete = true;
        reading_.tape_input = {.state = market::InputState::live,
                               .time = test::kNow + milliseconds(200),
                               .true_at = test::kNow + milliseconds(200),
                               .source = market::InputSource::feed,
                               .subscription = "live"};
        ports_.inspector = &inspector_;
        ports_.live = &view_;
        handler_ = make_api_handler(options_, ports_);
    }
    json page(const std::string& target = "/symbol/btc/inspect") {
        view_.reading = std::make_shared<const engine::LiveReading>(reading_);
        ++reading_.number;
        net::ServerRequest request;
        request.method = "GET";
        request.target = target;
        const auto response = scanner::test::run_on(io_, handler_->handle(std::move(request)));
        EXPECT_EQ(response.status, 200) << *response.body;
        return json::parse(*response.body);
    }

    asio::io_context io_{1};
    core::ManualClock clock_{test::kNow};
    test::FakeEngine engine_;
    Metrics metrics_{"1"};
    CountingInspector inspector_;
    WrittenView view_;
    engine::LiveReading reading_;
    ApiOptions options_;
    ApiPorts ports_{.engine = engine_, .metrics = metrics_, .clock = clock_};
    std::unique_ptr<net::RequestHandler> handler_;
};

TEST_F(LiveInspect, shows_book_ladder_and_tape_as_they_are_now) {
    const json body = page();
    EXPECT_EQ(body["live_at"], "2026-11-22T05:24:00.823Z");
    EXPECT_EQ(body["orderbook"]["ts"], "2026-11-22T05:24:00.773Z");
    EXPECT_EQ(body["orderbook"]["bids"], json::parse("[[99,2],[98,3]]"));
    EXPECT_EQ(body["ladder"], json::parse(R"({"ts":"2026-11-22T05:24:00.773Z","age_ms":45,
        "bids":[{"price":99,"quoted":2,"firm":1.5,"cumulative_usdt":198,"cumulative_firm_usdt":148.5},
                {"price":98,"quoted":3,"firm":0,"cumulative_usdt":492,"cumulative_firm_usdt":148.5}],
        "asks":[{"price":100,"quoted":4,"firm":null,"cumulative_usdt":400,"cumulative_firm_usdt":null}]})"));
    const json& tape = body["tape"];
    EXPECT_EQ(tape["complete"], true);
    EXPECT_TRUE(tape["incomplete_since"].is_null());
    EXPECT_EQ(tape["age_ms"], 500);
    ASSERT_EQ(tape["trades"].size(), 3U);
    EXPECT_EQ(tape["trades"][0], json::parse(R"({"ts":"2026-11-22T05:24:00.323Z","id":"100000000000000003",
        "side":"sell","price":100,"size":1.5,"notional_usdt":150})"))
        << "newest first, one side counted";
    EXPECT_EQ(body["trades"].size(), 3U);
    EXPECT_EQ(body["trades"].back()["id"], "100000000000000003") << "oldest first, as ever";
    EXPECT_EQ(body["trades"].back()["size"], 3.0);
    EXPECT_EQ(body["trades_read_at"], body["live_at"]);
    EXPECT_EQ(inspector_.trade_calls, 0) << "the exchange is not asked";
}

TEST_F(LiveInspect, tells_the_ages_at_that_moment) {
    auto ranking = test::make_ranking(8);
    auto& inputs = edit_contract(ranking, 0).data.inputs;
    inputs[market::Input::ticker] = {.state = market::InputState::live,
                                     .time = test::kNow,
                                     .true_at = test::kNow - milliseconds(89'800),
                                     .limit = milliseconds(90'000),
                                     .source = market::InputSource::rest};
    inputs[market::Input::order_book].limit = milliseconds(90'000);
    inputs[market::Input::order_book].subscription = "live";
    engine_.publish(std::move(ranking));
    const json shown = page()["inputs"];
    EXPECT_EQ(shown["order_book"]["age_ms"], 45);
    EXPECT_EQ(shown["order_book"]["source"], "feed");
    EXPECT_EQ(shown["order_book"]["limit_ms"], 90'000);
    EXPECT_EQ(shown["tape"]["age_ms"], 500);
    EXPECT_EQ(shown["tape"]["subscription"], "live");
    EXPECT_EQ(shown["ticker"]["age_ms"], 90'500);
    EXPECT_EQ(shown["ticker"]["state"], "stale") << "it has outlived its limit since the ranking";
    EXPECT_EQ(shown["ticker"]["note"], "90 s old by now, the limit is 90 s; the ranking still used it");
}

TEST_F(LiveInspect, tells_what_some_notionals_cost_in_the_book_that_it_shows) {
    const json thin = page()["slippage"];
    ASSERT_EQ(thin.size(), 10U);
    EXPECT_EQ(thin[0], json::parse(R"({"notional_usdt":1000,"slip_bps":null})")) << "it holds 400 USDT of asks";
    auto book = std::make_shared<market::OrderBook>();
    book->bids = {{99.0, 1'000.0}};
    book->asks = {{101.0, 1'000.0}};
    reading_.book = std::move(book);
    const json deep = page()["slippage"];
    EXPECT_EQ(deep[0], json::parse(R"({"notional_usdt":1000,"slip_bps":100})"));
    EXPECT_EQ(deep[5], json::parse(R"({"notional_usdt":50000,"slip_bps":100})"));
    EXPECT_EQ(deep[6], json::parse(R"({"notional_usdt":100000,"slip_bps":null})")) << "99 000 USDT of bids";
}

TEST_F(LiveInspect, asks_for_the_trades_of_a_tape_with_a_hole) {
    reading_.tape_complete = false;
    reading_.incomplete_since = test::kNow;
    const json body = page();
    EXPECT_EQ(inspector_.trade_calls, 1);
    EXPECT_EQ(body["tape"]["complete"], false);
    EXPECT_EQ(body["tape"]["incomplete_since"], "2026-11-22T05:24:00.123Z");
    EXPECT_EQ(body["tape"]["trades"].size(), 3U);
    EXPECT_EQ(body["trades"].size(), 0U) << "as the exchange answered";
}

TEST_F(LiveInspect, has_the_cycle_s_book_while_none_is_live) {
    reading_.book.reset();
    reading_.ladder.reset();
    reading_.book_input = {.subscription = "gap"};
    const json body = page();
    EXPECT_TRUE(body["ladder"].is_null());
    EXPECT_NE(body["orderbook"]["bids"], json::parse("[[99,2],[98,3]]"));
    EXPECT_FALSE(body["orderbook"]["bids"].empty());
}

TEST_F(LiveInspect, has_none_of_it_without_a_feed) {
    ports_.live = nullptr;
    handler_ = make_api_handler(options_, ports_);
    const json body = page();
    for (const char* name : {"live_at", "ladder", "tape"}) EXPECT_TRUE(body.at(name).is_null()) << name;
    EXPECT_EQ(inspector_.trade_calls, 1);
}

TEST_F(LiveInspect, looks_at_a_contract_outside_of_the_scan_too) {
    auto reading = std::make_shared<engine::ContractReading>();
    reading->number = 2;
    reading->read_at = test::kNow;
    reading->ranking = engine_.current();
    reading->snapshot = engine_.current()->contract(0);
    reading->edges = engine_.current()->edges.front();
    reading->snapshot.data.contract = test::make_contract("TAIL-USDT");
    inspector_.reading = std::move(reading);
    const json body = page("/symbol/TAIL-USDT/inspect");
    EXPECT_THAT(view_.looks, testing::Contains("TAIL-USDT"));
    EXPECT_EQ(body["in_scan"], false);
    EXPECT_EQ(body["ladder"]["bids"].size(), 2U);
    EXPECT_EQ(inspector_.trade_calls, 0);
}

TEST_F(LiveInspect, a_card_looks_at_nothing) {
    page("/symbol/btc/inspect?mode=card");
    EXPECT_TRUE(view_.looks.empty());
}

}  // namespace
}  // namespace scanner::api
