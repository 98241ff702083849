#include "engine/scripted_exchange.hpp"
#include "engine/shared_reads.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/engine/engine.hpp"
#include "scanner/engine/inspector.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

/// A market whose calls the test counts, fails and delays.
class Market final : public exchange::Exchange {
public:
    template <class T>
    using Call = asio::awaitable<core::Result<T>>;

    Call<exchange::ContractList> contracts() override { return market.contracts(); }
    Call<exchange::Bulk<market::Ticker>> tickers() override { return market.tickers(); }
    Call<exchange::Bulk<market::FundingRate>> funding_rates(std::vector<std::string> wanted) override {
        return market.funding_rates(std::move(wanted));
    }
    Call<exchange::Bulk<market::OpenInterest>> open_interest(std::vector<std::string> wanted) override {
        return market.open_interest(std::move(wanted));
    }
    Call<exchange::Bulk<market::IndexPrice>> index_prices() override { return market.index_prices(); }
    Call<exchange::BookAnswer> order_book(std::shared_ptr<const market::Contract> contract) override {
        return market.order_book(std::move(contract));
    }
    Call<exchange::CandleBatch> candles(std::shared_ptr<const market::Contract> contract, int minutes,
                                        int count) override {
        return market.candles(std::move(contract), minutes, count);
    }
    Call<std::vector<market::Trade>> trades(std::shared_ptr<const market::Contract> contract, int count) override {
        ++trade_calls;
        ++running;
        max_running = std::max(max_running, running);
        asio::steady_timer timer(co_await asio::this_coro::executor, delay);
        boost::system::error_code error;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        --running;
        if (error) co_return core::fail(ErrorCode::cancelled, "cancelled");
        if (failure) co_return std::unexpected(*failure);
        std::vector<market::Trade> list;
        for (int i = 0; i < std::min(count, 3); ++i) {
            list.push_back({.trade_id = 100'000'000'000'000'000 + i,
                            .price = 100.0,
                            .size = 1.0,
                            .taker_side = market::Side::buy,
                            .time = core::from_unix_ms(1'790'000'000'000 + i)});
        }
        static_cast<void>(contract);
        co_return list;
    }
    Call<void> probe() override { return market.probe(); }
    exchange::ExchangeStatus status() const override { return status_now; }

    test::ScriptedExchange market;
    exchange::ExchangeStatus status_now;
    int trade_calls = 0;
    int running = 0;
    int max_running = 0;
    milliseconds delay{5};
    std::optional<core::Error> failure;
};

class Inspecting : public testing::Test {
protected:
    Inspecting() {
        market_.market.codes = {"AAA-USDT", "BBB-USDT", "CCC-USDT", "DDD-USDT"};
        EngineOptions options;
        options.scan.universe.top_by_turnover = 3;  // DDD stays outside
        options.ranking.default_profile = "scalp";
        options.ranking.notional_usdt = 5'000.0;
        options.ranking.max_spread_bps = 100.0;
        options.profiles.assign(signals::builtin_profiles().begin(), signals::builtin_profiles().end());
        engine_ = make_engine(io_.get_executor(), market_, clock_, options, observer_, {});
        inspector_options_.trades_deadline = milliseconds(300);
    }
    void scan() {
        const auto ranking = test::run_on(io_, engine_->scan_once());
        ASSERT_TRUE(ranking) << ranking.error().message();
    }
    Inspector& inspector() {
        if (inspector_ == nullptr) {
            inspector_ = make_inspector(io_.get_executor(), market_, engine_->board(), clock_, inspector_options_);
        }
        return *inspector_;
    }
    [[nodiscard]] UniverseEntry entry(const std::string& code) const {
        for (const UniverseEntry& listed : engine_->board().universe()) {
            if (listed.contract->contract_code == code) return listed;
        }
        ADD_FAILURE() << code << " is not listed";
        return {};
    }
    core::Result<RecentTradesPtr> trades(const std::string& code) {
        return test::run_on(io_, inspector().trades(entry(code).contract));
    }
    core::Result<ContractReadingPtr> contract(const std::string& code) {
        return test::run_on(io_, inspector().contract(entry(code)));
    }
    /// Asks for the trades of all `codes` at once and waits for every answer.
    std::vector<core::Result<RecentTradesPtr>> trades_at_once(const std::vector<std::string>& codes) {
        std::vector<core::Result<RecentTradesPtr>> answers;
        for (const std::string& code : codes) {
            asio::co_spawn(io_, inspector().trades(entry(code).contract),
                           [&answers](const std::exception_ptr&, core::Result<RecentTradesPtr> answer) {
                               answers.push_back(std::move(answer));
                           });
        }
        io_.restart();
        while (answers.size() < codes.size() && io_.run_one_for(std::chrono::seconds(5)) > 0) {
        }
        EXPECT_EQ(answers.size(), codes.size());
        return answers;
    }

    asio::io_context io_{1};
    core::ManualClock clock_{core::from_unix_ms(1'790'000'123'000)};
    Market market_;
    EngineObserver observer_;
    std::unique_ptr<Engine> engine_;
    InspectorOptions inspector_options_;
    std::unique_ptr<Inspector> inspector_;
};

TEST_F(Inspecting, reads_trades_once_for_all_callers) {
    scan();
    const auto answers = trades_at_once(std::vector<std::string>(20, "AAA-USDT"));
    EXPECT_EQ(market_.trade_calls, 1);
    for (const auto& answer : answers) {
        ASSERT_TRUE(answer);
        EXPECT_EQ(*answer, *answers.front()) << "the very same object";
        EXPECT_EQ((*answer)->trades.size(), 3U);
    }
    clock_.advance(milliseconds(2'900));
    EXPECT_EQ((*trades("AAA-USDT"))->number, (*answers.front())->number);
    clock_.advance(milliseconds(200));
    EXPECT_NE((*trades("AAA-USDT"))->number, (*answers.front())->number);
    EXPECT_EQ(market_.trade_calls, 2);
}

TEST_F(Inspecting, reads_so_many_at_a_time) {
    market_.market.codes.clear();
    for (int i = 0; i < 12; ++i) market_.market.codes.push_back("C" + std::to_string(i) + "-USDT");
    inspector_options_.concurrency = 2;
    scan();
    for (const auto& answer : trades_at_once(market_.market.codes)) EXPECT_TRUE(answer);
    EXPECT_EQ(market_.trade_calls, 12);
    EXPECT_EQ(market_.max_running, 2);
}

TEST_F(Inspecting, refuses_more_than_may_wait) {
    market_.market.codes.clear();
    for (int i = 0; i < 6; ++i) market_.market.codes.push_back("C" + std::to_string(i) + "-USDT");
    inspector_options_.concurrency = 1;
    inspector_options_.max_waiting = 2;
    scan();
    int refused = 0;
    for (const auto& answer : trades_at_once(market_.market.codes)) {
        if (answer) continue;
        EXPECT_EQ(answer.error().code(), ErrorCode::unavailable);
        ++refused;
    }
    EXPECT_EQ(refused, 3);
}

TEST_F(Inspecting, does_not_wait_for_a_slow_exchange) {
    scan();
    market_.delay = std::chrono::seconds(60);
    const auto late = trades("AAA-USDT");
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), ErrorCode::timeout);
    EXPECT_EQ(market_.running, 0) << "the call was given up, not left behind";
}

TEST_F(Inspecting, shares_failures_for_a_moment) {
    scan();
    market_.failure = core::Error(ErrorCode::rate_limited, "slow down");
    for (const auto& answer : trades_at_once(std::vector<std::string>(5, "AAA-USDT"))) {
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code(), ErrorCode::rate_limited);
    }
    EXPECT_FALSE(trades("AAA-USDT"));
    EXPECT_EQ(market_.trade_calls, 1);
    market_.failure.reset();
    clock_.advance(milliseconds(1'100));
    EXPECT_TRUE(trades("AAA-USDT"));
}

TEST_F(Inspecting, a_reading_outlives_the_caller_that_began_it) {
    scan();
    market_.delay = milliseconds(50);
    asio::cancellation_signal leave;
    bool left = false;
    asio::co_spawn(io_, inspector().trades(entry("AAA-USDT").contract),
                   asio::bind_cancellation_slot(leave.slot(), [&left](const std::exception_ptr&,
                                                                      core::Result<RecentTradesPtr>) { left = true; }));
    io_.restart();
    io_.run_for(milliseconds(10));
    leave.emit(asio::cancellation_type::terminal);
    io_.restart();
    io_.run_for(milliseconds(10));
    EXPECT_TRUE(left);
    EXPECT_TRUE(trades("AAA-USDT"));
    EXPECT_EQ(market_.trade_calls, 1);
}

TEST_F(Inspecting, computes_a_contract_outside_of_the_scan_as_a_cycle_would) {
    market_.market.codes = {"AAA-USDT", "BBB-USDT", "CCC-USDT", "DDD-USDT"};
    scan();
    ASSERT_EQ(engine_->board().current()->find("DDD-USDT"), nullptr);
    const auto reading = contract("DDD-USDT");
    ASSERT_TRUE(reading) << reading.error().message();
    const ranking::ContractSnapshot& alone = (*reading)->snapshot;
    const ranking::ContractSnapshot& scanned = *engine_->board().current()->find("AAA-USDT");
    EXPECT_EQ(alone.data.contract->contract_code, "DDD-USDT");
    EXPECT_EQ(alone.data.candles->size(), 200U);
    EXPECT_EQ(alone.data.closed_candles, scanned.data.closed_candles);
    EXPECT_EQ(alone.data.funding_rate, 0.0001);
    EXPECT_EQ(alone.data.open_interest, 1000.0);
    EXPECT_EQ(alone.data.index_price, 100.0);
    EXPECT_EQ(alone.data.data_time, clock_.now() - milliseconds(200));
    EXPECT_EQ(alone.numbers.metrics.qvol_usdt, 97e6) << "the turnover of the cycle's tickers";
    EXPECT_EQ(alone.numbers.metrics.spread_bps, scanned.numbers.metrics.spread_bps) << "the same book";
    EXPECT_EQ(alone.numbers.metrics.atr_pct, scanned.numbers.metrics.atr_pct);
    const std::size_t among = engine_->board().current()->index_of("AAA-USDT").value();
    EXPECT_LT((*reading)->edges.liquidity_edge, engine_->board().current()->edges[among].liquidity_edge)
        << "the least turnover of all";
    EXPECT_EQ((*reading)->ranking, engine_->board().current());
    EXPECT_THAT(alone.data.inputs.notes(), ElementsAre());
}

/// A feed that says what the test wrote down.
class WrittenLive final : public LiveView {
public:
    LiveReadingPtr look(const std::shared_ptr<const market::Contract>& contract) override {
        looked_at.push_back(contract->contract_code);
        return reading;
    }
    std::vector<std::string> looked_at;
    LiveReadingPtr reading;
};

TEST_F(Inspecting, takes_book_price_and_numbers_of_a_followed_contract_from_the_feed) {
    scan();
    const core::WallTime now = market_.market.exchange_now;
    auto reading = std::make_shared<LiveReading>();
    auto book = std::make_shared<market::OrderBook>();
    book->bids = {{100.4, 7.0}};
    book->asks = {{100.6, 8.0}};
    book->exchange_time = now;
    reading->book = std::move(book);
    reading->book_input.subscription = "live";
    reading->flow.tfi_60s = 0.25;
    reading->trades = {{.trade_id = 1, .price = 100.5, .size = 2.0, .taker_side = market::Side::buy, .time = now}};
    reading->tape_complete = true;
    reading->tape_input = {.state = market::InputState::live, .time = now, .source = market::InputSource::feed};
    WrittenLive live;
    live.reading = std::move(reading);
    inspector_ = make_inspector(io_.get_executor(), market_, engine_->board(), clock_, inspector_options_, &live);
    const int asked = market_.market.calls["order_book"];
    const auto answer = contract("DDD-USDT");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_THAT(live.looked_at, ElementsAre("DDD-USDT"));
    EXPECT_EQ(market_.market.calls["order_book"], asked) << "it is live";
    const market::MarketData& data = (*answer)->snapshot.data;
    EXPECT_DOUBLE_EQ(data.order_book->bids.front().size, 7.0);
    EXPECT_DOUBLE_EQ(data.ticker.last, 100.5);
    EXPECT_EQ(data.inputs[market::Input::order_book].source, market::InputSource::feed);
    EXPECT_EQ(data.inputs[market::Input::candles].source, market::InputSource::rest);
    EXPECT_EQ((*answer)->flow.tfi_60s, 0.25);
    live.reading.reset();
    clock_.advance(std::chrono::seconds(6));
    ASSERT_TRUE(contract("DDD-USDT"));
    EXPECT_EQ(market_.market.calls["order_book"], asked + 1) << "by request while it is not";
}

TEST_F(Inspecting, does_without_funding) {
    scan();
    market_.market.funding_fails = core::Error(ErrorCode::timeout, "too slow");
    const auto reading = contract("DDD-USDT");
    ASSERT_TRUE(reading);
    EXPECT_FALSE((*reading)->snapshot.data.funding_rate);
    EXPECT_FALSE((*reading)->snapshot.numbers.metrics.funding_8h_pct);
    EXPECT_THAT((*reading)->snapshot.data.inputs.notes(), ElementsAre("funding: too slow"));
}

TEST_F(Inspecting, asks_once_for_what_all_callers_share) {
    market_.market.codes.emplace_back("EEE-USDT");
    scan();
    const int before = market_.market.calls["funding_rates"];
    EXPECT_TRUE(contract("DDD-USDT"));
    EXPECT_TRUE(contract("EEE-USDT"));
    EXPECT_EQ(market_.market.calls["funding_rates"], before + 1);
    market_.status_now.funding_fallback = true;  // now the answer holds one contract alone
    clock_.advance(milliseconds(6'000));
    EXPECT_TRUE(contract("DDD-USDT"));
    EXPECT_TRUE(contract("EEE-USDT"));
    EXPECT_EQ(market_.market.calls["funding_rates"], before + 3);
}

TEST_F(Inspecting, cannot_do_without_the_book) {
    scan();
    market_.market.book_fails.insert_or_assign("DDD-USDT", core::Error(ErrorCode::network, "reset"));
    const auto reading = contract("DDD-USDT");
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().code(), ErrorCode::network);
    EXPECT_THAT(reading.error().message(), HasSubstr("order book"));
}

TEST_F(Inspecting, stops_what_is_under_way) {
    scan();
    market_.delay = std::chrono::seconds(60);
    inspector_options_.trades_deadline = std::chrono::seconds(60);
    std::optional<core::Result<RecentTradesPtr>> answer;
    asio::co_spawn(
        io_, inspector().trades(entry("AAA-USDT").contract),
        [&answer](const std::exception_ptr&, core::Result<RecentTradesPtr> got) { answer = std::move(got); });
    io_.restart();
    io_.run_for(milliseconds(10));
    EXPECT_EQ(market_.running, 1);
    EXPECT_TRUE(test::run_on(io_, inspector().stop(std::chrono::seconds(2))));
    io_.restart();
    io_.run_for(milliseconds(10));
    EXPECT_EQ(market_.running, 0);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error().code(), ErrorCode::cancelled);
    EXPECT_EQ(trades("BBB-USDT").error().code(), ErrorCode::cancelled);
}

asio::awaitable<core::Result<int>> value_of(int number) {
    co_return number;
}

TEST(SharedReads, keep_so_many_outcomes) {
    asio::io_context io(1);
    core::ManualClock clock(core::from_unix_ms(0));
    SharedReadLimits limits;
    limits.max_kept = 4;
    const auto reads = std::make_shared<SharedReads<int>>(io.get_executor(), clock, limits);
    for (int i = 0; i < 20; ++i) {
        clock.advance(milliseconds(1));
        const auto value = test::run_on(io, reads->get(std::to_string(i), [i] { return value_of(i); }));
        ASSERT_TRUE(value);
        EXPECT_EQ(**value, i);
        EXPECT_LE(reads->kept(), 4U);
    }
    EXPECT_EQ(**test::run_on(io, reads->get("19", [] { return value_of(-1); })), 19) << "the newest are kept";
    clock.advance(milliseconds(3'100));
    EXPECT_EQ(**test::run_on(io, reads->get("19", [] { return value_of(-1); })), -1);
    EXPECT_EQ(reads->kept(), 1U) << "what is over is forgotten";
}

}  // namespace
}  // namespace scanner::engine
