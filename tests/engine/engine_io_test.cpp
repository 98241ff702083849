#include "engine/market_state.hpp"
#include "engine/scan/market_scan.hpp"
#include "engine/scripted_exchange.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/engine/engine.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>

namespace scanner::engine {
namespace {

using core::ErrorCode;
using std::chrono::milliseconds;

std::string reason_for(const std::vector<ranking::Exclusion>& exclusions, const std::string& code) {
    for (const ranking::Exclusion& exclusion : exclusions) {
        if (exclusion.contract_code == code) return exclusion.reason;
    }
    return "";
}

class MarketScanTest : public testing::Test {
protected:
    /// A pass, and what the state tells at its end.
    core::Result<MarketReading> scan() {
        auto report = test::run_coroutine(scan_->run({}));
        if (!report) return std::unexpected(report.error());
        degraded_ = std::move(report->degraded);
        return state_.read(clock_.now(), clock_.steady_now(), {});
    }

    test::ScriptedExchange exchange_;
    core::ManualClock clock_{core::from_unix_ms(1'790'000'123'000)};  // deliberately not the exchange's
    MarketState state_{1, 200};
    std::vector<std::string> degraded_;
    std::unique_ptr<MarketScan> scan_ = make_market_scan(exchange_, clock_, state_, {});
};

TEST_F(MarketScanTest, brings_complete_market_data_for_every_contract) {
    const auto result = scan();
    ASSERT_TRUE(result) << result.error().message();
    ASSERT_EQ(result->data.size(), 3U);
    const market::MarketData& data = *result->data.front();
    EXPECT_EQ(data.contract->contract_code, "AAA-USDT");
    EXPECT_EQ(data.candles->size(), 200U);
    EXPECT_EQ(data.closed_candles, 199U);
    EXPECT_EQ(data.funding_rate, 0.0001);
    EXPECT_EQ(data.open_interest, 1000.0);
    EXPECT_EQ(data.index_price, 100.0);
    EXPECT_DOUBLE_EQ(data.ticker.bid->price, 99.99);
    EXPECT_EQ(data.data_time, clock_.now() - milliseconds(200)) << "our time, whatever the exchange's clock says";
}

TEST_F(MarketScanTest, fetches_only_what_has_closed_since) {
    ASSERT_TRUE(scan());
    exchange_.candle_counts.clear();
    exchange_.last = 101.0;
    const auto same_minute = scan();
    ASSERT_TRUE(same_minute);
    EXPECT_TRUE(exchange_.candle_counts.empty());
    EXPECT_DOUBLE_EQ(same_minute->data.front()->candles->back().close, 101.0)
        << "the running candle follows the ticker";
    exchange_.exchange_now += std::chrono::minutes(1);
    ASSERT_TRUE(scan());
    EXPECT_EQ(exchange_.candle_counts, (std::vector<int>{2, 2, 2}));
}

TEST_F(MarketScanTest, leaves_a_failing_contract_out_with_its_reason) {
    exchange_.book_fails.emplace("BBB-USDT", core::Error(ErrorCode::malformed, "tick: bids[3]: price"));
    exchange_.book_fails.emplace("CCC-USDT", core::Error(ErrorCode::timeout, "no answer"));
    const auto result = scan();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->data.size(), 1U);
    EXPECT_EQ(reason_for(result->exclusions, "BBB-USDT"), "malformed");
    EXPECT_EQ(reason_for(result->exclusions, "CCC-USDT"), "fetch_failed");
}

TEST_F(MarketScanTest, leaves_a_stale_book_out) {
    exchange_.book_age = std::chrono::minutes(10);
    exchange_.codes = {"AAA-USDT"};
    const auto result = scan();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->data.empty());
    ASSERT_EQ(reason_for(result->exclusions, "AAA-USDT"), "stale_book");
    EXPECT_NE(result->exclusions.front().detail.find("600 s old"), std::string::npos);
}

TEST_F(MarketScanTest, abandons_a_slow_contract_and_goes_on_with_the_others) {
    MarketScanOptions options;
    options.contract_deadline = milliseconds(200);
    scan_->set_options(options);
    exchange_.book_takes["AAA-USDT"] = std::chrono::hours(1);
    const auto result = scan();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->data.size(), 2U);
    EXPECT_EQ(reason_for(result->exclusions, "AAA-USDT"), "fetch_failed");
}

TEST_F(MarketScanTest, missing_funding_is_null_and_reported) {
    exchange_.funding_fails = core::Error(ErrorCode::exchange_rejected, "gone");
    const auto result = scan();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->data.front()->funding_rate, std::nullopt);
    EXPECT_EQ(degraded_, std::vector<std::string>{"funding: gone"});
}

TEST_F(MarketScanTest, an_old_contract_list_serves_when_a_new_one_fails) {
    ASSERT_TRUE(scan());
    EXPECT_EQ(exchange_.calls["contracts"], 1);
    ASSERT_TRUE(scan());
    EXPECT_EQ(exchange_.calls["contracts"], 1) << "kept for its time to live";
    clock_.advance(std::chrono::minutes(11));
    exchange_.exchange_now += std::chrono::minutes(11);
    ASSERT_TRUE(scan());
    EXPECT_EQ(exchange_.calls["contracts"], 2);
}

TEST_F(MarketScanTest, prefetches_likely_contracts) {
    int books_before_tickers = 0;
    exchange_.tickers_take = milliseconds(100);
    exchange_.on_tickers = [&] { books_before_tickers = exchange_.calls["order_book"]; };
    ASSERT_TRUE(scan());
    EXPECT_EQ(books_before_tickers, 3) << "every eligible contract fits";
    EXPECT_EQ(exchange_.calls["order_book"], 3);

    MarketScanOptions options;
    options.universe.top_by_turnover = 2;
    scan_->set_options(options);
    exchange_.calls.clear();
    ASSERT_TRUE(scan());
    EXPECT_EQ(books_before_tickers, 3) << "the last universe";
    ASSERT_TRUE(scan());
    EXPECT_EQ(books_before_tickers - 3, 2) << "the universe of two";
}

TEST_F(MarketScanTest, a_contract_that_left_the_universe_while_it_was_read_is_not_in_the_result) {
    MarketScanOptions options;
    options.universe.top_by_turnover = 2;
    scan_->set_options(options);
    ASSERT_TRUE(scan());
    exchange_.codes = {"CCC-USDT", "AAA-USDT", "BBB-USDT"};  // by turnover
    const auto result = scan();
    ASSERT_TRUE(result);
    ASSERT_EQ(result->data.size(), 2U);
    EXPECT_EQ(result->data[0]->contract->contract_code, "AAA-USDT");
    EXPECT_EQ(result->data[1]->contract->contract_code, "CCC-USDT");
    EXPECT_EQ(reason_for(result->exclusions, "BBB-USDT"), "turnover_rank");
}

TEST_F(MarketScanTest, without_tickers_nothing_more_is_asked_for) {
    ASSERT_TRUE(scan());
    exchange_.everything_fails = core::Error(ErrorCode::network, "refused");
    EXPECT_FALSE(scan());
    EXPECT_EQ(exchange_.calls["order_book"], 3) << "those of the first pass";
}

struct CountingObserver final : EngineObserver {
    int cycles = 0;
    int errors = 0;
    void on_cycle(const ranking::Ranking&) override { ++cycles; }
    void on_cycle_error(const core::Error&, double) override { ++errors; }
};

class EngineTest : public testing::Test {
protected:
    EngineTest() {
        options_.ranking.default_profile = "scalp";
        options_.ranking.notional_usdt = 5000;
        options_.ranking.min_qvol_usdt = 20e6;
        options_.ranking.max_spread_bps = 8;
        for (const auto& profile : signals::builtin_profiles()) options_.profiles.push_back(profile);
        options_.interval = milliseconds(40);
    }
    std::unique_ptr<Engine> make() {
        return make_engine(io_.get_executor(), exchange_, core::system_clock(), options_, observer_, {});
    }

    boost::asio::io_context io_{1};
    test::ScriptedExchange exchange_;
    EngineOptions options_;
    CountingObserver observer_;
};

TEST_F(EngineTest, ranks_every_cycle_under_every_profile) {
    const auto engine = make();
    const auto first = test::run_on(io_, engine->scan_once());
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_EQ((*first)->sequence, 1U);
    EXPECT_EQ((*first)->ranked.size(), 3U);
    const auto& scalp = (*first)->ranked.at("scalp");
    ASSERT_EQ(scalp.size(), 3U);
    EXPECT_EQ(scalp[0].rank, 1);
    EXPECT_FALSE(scalp[0].rank_delta) << "nothing to compare with yet";
    const auto second = test::run_on(io_, engine->scan_once());
    ASSERT_TRUE(second);
    EXPECT_EQ((*second)->ranked.at("scalp")[0].rank_delta, 0);
    EXPECT_EQ(engine->board().current(), *second);
    EXPECT_EQ(engine->board().by_sequence(1), *first);
    EXPECT_EQ(observer_.cycles, 2);
}

TEST_F(EngineTest, counts_what_the_score_rejects_by_reason) {
    options_.ranking.min_qvol_usdt = 99.5e6;
    const auto ranking = test::run_on(io_, make()->scan_once());
    ASSERT_TRUE(ranking);
    EXPECT_EQ((*ranking)->ranked.at("scalp").size(), 1U);
    EXPECT_EQ((*ranking)->excluded_by_reason.at("volume"), 2U);
    EXPECT_EQ((*ranking)->contracts.size(), 3U) << "a client may ask with a lower minimum";
}

TEST_F(EngineTest, a_pass_of_which_nothing_can_be_used_is_a_failed_cycle) {
    exchange_.book_age = std::chrono::minutes(10);
    const auto ranking = test::run_on(io_, make()->scan_once());
    ASSERT_FALSE(ranking);
    EXPECT_EQ(ranking.error().code(), ErrorCode::unavailable);
    EXPECT_NE(ranking.error().message().find("600 s old"), std::string::npos) << ranking.error().message();
    EXPECT_EQ(observer_.errors, 1);
}

TEST_F(EngineTest, a_failed_cycle_keeps_the_ranking_and_backs_off) {
    const auto engine = make();
    ASSERT_TRUE(test::run_on(io_, engine->scan_once()));
    exchange_.everything_fails = core::Error(ErrorCode::malformed, "nonsense");
    EXPECT_FALSE(test::run_on(io_, engine->scan_once()));
    EXPECT_FALSE(test::run_on(io_, engine->scan_once()));
    ASSERT_TRUE(engine->board().current());
    EXPECT_EQ(engine->board().current()->sequence, 1U);
    const HealthDetails health = engine->board().health();
    EXPECT_EQ(health.failure_streak, 2);
    EXPECT_DOUBLE_EQ(health.backoff_sec, 0.16);
    EXPECT_NE(health.last_error.find("nonsense"), std::string::npos);
    EXPECT_EQ(observer_.errors, 2);
}

TEST_F(EngineTest, an_answered_probe_ends_the_back_off_of_an_outage) {
    options_.interval = milliseconds(100);
    const auto engine = make();
    exchange_.everything_fails = core::Error(ErrorCode::network, "refused");
    exchange_.probe_answers = false;
    boost::asio::co_spawn(io_, engine->run(), boost::asio::detached);
    io_.run_for(milliseconds(900));  // cycles at about 0, 200 and 600 ms; the next would be at 1400 ms
    EXPECT_EQ(exchange_.calls["contracts"], 3);
    EXPECT_GE(exchange_.calls["probe"], 3);
    EXPECT_FALSE(engine->board().current());
    exchange_.everything_fails.reset();
    exchange_.probe_answers = true;
    io_.run_for(milliseconds(250));
    EXPECT_TRUE(engine->board().current()) << "ranked again within one interval";
    engine->stop();
    io_.run_for(std::chrono::seconds(5));
    EXPECT_TRUE(io_.stopped()) << "nothing runs on after stop()";
}

TEST_F(EngineTest, tickers_end_the_back_off_of_an_exchange_that_answered_nonsense) {
    options_.interval = milliseconds(100);
    const auto engine = make();
    exchange_.everything_fails = core::Error(ErrorCode::malformed, "nonsense");
    boost::asio::co_spawn(io_, engine->run(), boost::asio::detached);
    const auto run_until = [&](const auto& reached) {
        for (int i = 0; i < 2'000 && !reached(); ++i) io_.run_for(milliseconds(10));
    };
    run_until([&] { return engine->board().health().failure_streak == 4; });  // then 1.6 s
    EXPECT_EQ(exchange_.calls["contracts"], 4) << "a cycle each, and none while the tickers are nonsense";
    EXPECT_GT(exchange_.calls["tickers"], 0) << "asked for on their own";
    exchange_.everything_fails.reset();
    run_until([&] { return engine->board().current() != nullptr; });
    EXPECT_TRUE(engine->board().current());
    engine->stop();
    io_.run_for(std::chrono::seconds(5));
    EXPECT_TRUE(io_.stopped()) << "nothing runs on after stop()";
}

TEST_F(EngineTest, stop_abandons_a_cycle_in_progress) {
    exchange_.book_takes["AAA-USDT"] = std::chrono::hours(1);
    const auto engine = make();
    boost::asio::co_spawn(io_, engine->run(), boost::asio::detached);
    io_.run_for(milliseconds(50));
    engine->stop();
    io_.run_for(std::chrono::seconds(5));
    EXPECT_TRUE(io_.stopped());
    EXPECT_FALSE(engine->board().current());
    EXPECT_EQ(observer_.errors, 0) << "shutting down is not a failure";
}

TEST_F(EngineTest, goes_on_from_a_restored_ranking) {
    const auto before = test::run_on(io_, make()->scan_once());
    ASSERT_TRUE(before);
    const auto engine = make();
    engine->restore(*before);
    EXPECT_EQ(engine->board().current(), *before) << "served at once";
    const auto next = test::run_on(io_, engine->scan_once());
    ASSERT_TRUE(next);
    EXPECT_EQ((*next)->sequence, 2U);
    EXPECT_EQ((*next)->ranked.at("scalp")[0].rank_delta, 0);
}

}  // namespace
}  // namespace scanner::engine
