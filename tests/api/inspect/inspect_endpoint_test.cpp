#include "api/sample.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/engine/inspector.hpp"
#include "scanner/signals/manipulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>

namespace scanner::api {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

/// An inspector whose findings the test writes down.
class ScriptedInspector final : public engine::Inspector {
public:
    asio::awaitable<core::Result<engine::RecentTradesPtr>> trades(std::shared_ptr<const market::Contract>) override {
        ++trade_calls;
        if (trades_fail) co_return std::unexpected(*trades_fail);
        co_return recent;
    }
    asio::awaitable<core::Result<engine::ContractReadingPtr>> contract(engine::UniverseEntry entry) override {
        ++contract_calls;
        asked_for = entry.contract->contract_code;
        if (contract_fails) co_return std::unexpected(*contract_fails);
        co_return reading;
    }
    asio::awaitable<core::Result<void>> stop(std::chrono::milliseconds) override { co_return core::Result<void>(); }

    engine::RecentTradesPtr recent;
    engine::ContractReadingPtr reading;
    std::optional<core::Error> trades_fail;
    std::optional<core::Error> contract_fails;
    int trade_calls = 0;
    int contract_calls = 0;
    std::string asked_for;
};

class InspectApi : public testing::Test {
protected:
    void SetUp() override {
        engine_.listed = test::sample_universe();
        engine_.publish(test::make_ranking());
        auto recent = std::make_shared<engine::RecentTrades>();
        recent->number = 1;
        recent->read_at = test::kNow;
        for (int i = 0; i < 60; ++i) {
            recent->trades.push_back({.trade_id = 100'000'000'000'000'000 + i,
                                      .price = 100.0 + i,
                                      .size = 0.5,
                                      .taker_side = i % 2 == 0 ? market::Side::buy : market::Side::sell,
                                      .time = test::kNow - std::chrono::seconds(60 - i)});
        }
        inspector_.recent = std::move(recent);
        auto reading = std::make_shared<engine::ContractReading>();
        reading->number = 2;
        reading->read_at = test::kNow + std::chrono::seconds(3);
        reading->ranking = engine_.current();
        reading->snapshot = engine_.current()->contract(0);
        reading->edges = engine_.current()->edges.front();
        reading->snapshot.data.contract = test::make_contract("TAIL-USDT");
        reading->snapshot.data.data_time = reading->read_at - std::chrono::milliseconds(250);
        inspector_.reading = std::move(reading);
        ports_.inspector = &inspector_;
        handler_ = make_api_handler(options_, ports_);
    }
    net::ServerResponse get(const std::string& target) {
        net::ServerRequest request;
        request.method = "GET";
        request.target = target;
        return scanner::test::run_on(io_, handler_->handle(std::move(request)));
    }
    json page(const std::string& target) {
        const auto response = get(target);
        EXPECT_EQ(response.status, 200) << *response.body;
        return json::parse(*response.body);
    }

    asio::io_context io_{1};
    core::ManualClock clock_{test::kNow};
    test::FakeEngine engine_;
    Metrics metrics_{"1"};
    ScriptedInspector inspector_;
    ApiOptions options_;
    ApiPorts ports_{.engine = engine_, .metrics = metrics_, .clock = clock_};
    std::unique_ptr<net::RequestHandler> handler_;
};

TEST_F(InspectApi, shows_the_last_trades) {
    const json body = page("/symbol/btc/inspect");
    EXPECT_EQ(body["in_scan"], true);
    EXPECT_EQ(body["trades"].size(), 50U);
    EXPECT_EQ(body["trades_read_at"], "2026-11-22T05:24:00.123Z");
    const json& last = body["trades"].back();
    EXPECT_EQ(last["id"], "100000000000000059") << "more than a JSON reader's whole numbers hold";
    EXPECT_EQ(last["side"], "sell");
    EXPECT_EQ(last["price"], 159);
    EXPECT_EQ(last["size"], 0.5);
    EXPECT_EQ(last["ts"], "2026-11-22T05:23:59.123Z");
    EXPECT_THAT(body["notes"], ElementsAre());
}

TEST_F(InspectApi, shows_the_rest_when_trades_cannot_be_read) {
    inspector_.trades_fail = core::Error(ErrorCode::timeout, "not done within 2000 ms");
    const json body = page("/symbol/btc/inspect");
    EXPECT_TRUE(body["trades"].is_null());
    EXPECT_EQ(body["notes"], json({"trades: not done within 2000 ms"}));
    EXPECT_FALSE(body["orderbook"].is_null());
    EXPECT_EQ(body["bars_1m"].size(), 60U);
    EXPECT_FALSE(body["bars_5m"].empty());
    inspector_.trades_fail.reset();
    EXPECT_FALSE(page("/symbol/btc/inspect")["trades"].is_null());
}

TEST_F(InspectApi, answers_a_card_from_memory) {
    const json card = page("/symbol/btc/inspect?mode=card");
    EXPECT_EQ(inspector_.trade_calls + inspector_.contract_calls, 0);
    EXPECT_FALSE(card.contains("trades"));
    EXPECT_TRUE(card["score"].is_number());
}

TEST_F(InspectApi, explains_manipulation_with_what_raised_each_flag) {
    auto ranking = test::make_ranking(8);
    auto& manipulation = edit_contract(ranking, 0).numbers.manipulation;
    const signals::FlagInfo& flag = signals::manipulation_flags().front();
    manipulation.manip_flags = {flag.name};
    manipulation.flag_details = {
        {.flag = flag.name,
         .severity = flag.severity,
         .evidence = {{{.quantity = "wick_ratio", .value = 4.5, .threshold = 3.0, .above = true}}},
         .evidence_count = 1}};
    engine_.publish(std::move(ranking));
    const json shown = page("/symbol/btc/inspect")["manipulation"];
    for (const char* name : {"score", "flags", "features", "contributions", "probability", "flag_details"}) {
        EXPECT_TRUE(shown.contains(name)) << name;
    }
    EXPECT_EQ(shown["contributions"].size(), signals::manipulation_terms().size());
    ASSERT_EQ(shown["flag_details"].size(), 1U);
    const json& detail = shown["flag_details"][0];
    EXPECT_EQ(detail["flag"], flag.name);
    EXPECT_EQ(detail["severity"], flag.severity);
    EXPECT_EQ(detail["meaning"], flag.meaning);
    EXPECT_EQ(detail["evidence"], json::parse(R"([{"quantity":"wick_ratio","value":4.5,"is":"above","threshold":3}])"));
}

TEST_F(InspectApi, reads_a_contract_outside_of_the_scan) {
    const json body = page("/symbol/TAIL-USDT/inspect");
    EXPECT_EQ(inspector_.asked_for, "TAIL-USDT");
    EXPECT_EQ(body["symbol"], "TAIL/USDT:USDT");
    EXPECT_EQ(body["in_scan"], false);
    EXPECT_EQ(body["reason"], "turnover_rank");
    EXPECT_EQ(body["ts"], "2026-11-22T05:24:03.123Z") << "when it was read";
    EXPECT_EQ(body["seq"], 7) << "the cycle that it is compared with";
    EXPECT_EQ(body["data_age_ms"], 250);
    EXPECT_TRUE(body["score"].is_number());
    EXPECT_TRUE(body["snapshot"]["rank"].is_null());
    EXPECT_EQ(body["trades"].size(), 50U);
    const json card = page("/symbol/tail/inspect?mode=card");
    EXPECT_EQ(card["in_scan"], false);
    EXPECT_EQ(inspector_.contract_calls, 2);
    EXPECT_EQ(inspector_.trade_calls, 1) << "a card has no trades";
}

TEST_F(InspectApi, says_what_a_reading_lacks) {
    auto reading = std::make_shared<engine::ContractReading>(*inspector_.reading);
    reading->snapshot.data.inputs[market::Input::funding].note = "too slow";
    reading->snapshot.data.inputs[market::Input::candles].state = market::InputState::live;
    reading->snapshot = ranking::snapshot_alone(reading->snapshot.data, 5'000.0);
    inspector_.reading = std::move(reading);
    inspector_.trades_fail = core::Error(ErrorCode::network, "reset");
    const json body = page("/symbol/TAIL-USDT/inspect");
    EXPECT_EQ(body["notes"], json({"funding: too slow", "trades: reset"}));
}

TEST_F(InspectApi, is_unavailable_when_the_reading_fails) {
    inspector_.contract_fails = core::Error(ErrorCode::unavailable, "the breaker is open");
    const auto response = get("/symbol/TAIL-USDT/inspect");
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(net::find_header(response.headers, "Retry-After"), "2");
    EXPECT_THAT(json::parse(*response.body)["detail"].get<std::string>(), HasSubstr("the breaker is open"));
    inspector_.contract_fails = core::Error(ErrorCode::exchange_rejected, "suspended");
    EXPECT_EQ(get("/symbol/TAIL-USDT/inspect").status, 404) << "there is no market to show";
}

TEST_F(InspectApi, does_not_ask_for_what_the_exchange_does_not_trade) {
    EXPECT_EQ(get("/symbol/OLD-USDT/inspect").status, 404);
    EXPECT_EQ(get("/symbol/NOPE-USDT/inspect").status, 404);
    EXPECT_EQ(inspector_.contract_calls, 0);
}

TEST_F(InspectApi, keeps_the_answer_while_nothing_was_read_anew) {
    const auto first = get("/symbol/btc/inspect");
    EXPECT_EQ(get("/symbol/btc/inspect").body, first.body) << "the very same bytes";
    auto newer = std::make_shared<engine::RecentTrades>(*inspector_.recent);
    newer->number = 9;
    newer->trades.pop_back();
    inspector_.recent = std::move(newer);
    EXPECT_NE(*get("/symbol/btc/inspect").body, *first.body);
}

}  // namespace
}  // namespace scanner::api
