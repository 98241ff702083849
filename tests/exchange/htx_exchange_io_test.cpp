#include "exchange/exchange_fixture.hpp"

#include "scanner/net/deadline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gmock/gmock.h>

namespace scanner::exchange::test {
namespace {

using core::ErrorCode;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(HtxExchangeTest, asks_the_documented_urls_and_names_its_methods) {
    client_.answer("swap_contract_info", {{kContracts}});
    client_.answer("batch_merged", {{kTickers}});
    client_.answer("swap_batch_funding_rate", {{kFunding}});
    client_.answer("swap_open_interest", {{kOpenInterest}});
    client_.answer("swap_index", {{kIndex}});
    client_.answer("market/depth", {{kDepth}});
    client_.answer("history/kline", {{kCandles}});
    client_.answer("history/trade", {{kTrades}});
    client_.answer("heartbeat", {{kHeartbeat}});

    EXPECT_EQ(run(exchange().contracts())->contracts.size(), 3U);
    EXPECT_EQ(run(exchange().tickers())->by_contract.size(), 3U);
    EXPECT_EQ(run(exchange().funding_rates({}))->by_contract.size(), 4U);
    EXPECT_EQ(run(exchange().open_interest({}))->by_contract.size(), 2U);
    EXPECT_EQ(run(exchange().index_prices())->by_contract.size(), 3U);
    EXPECT_EQ(book()->book.bids.size(), 3U);
    EXPECT_EQ(run(exchange().candles(contract_, 1, 200))->candles.size(), 3U);
    EXPECT_EQ(run(exchange().trades(contract_, 50))->size(), 3U);
    EXPECT_TRUE(run(exchange().probe()));

    std::vector<std::string> urls;
    for (const auto& request : client_.sent) urls.push_back(request.url);
    EXPECT_THAT(urls,
                ElementsAre("http://exchange.test/linear-swap-api/v1/swap_contract_info?business_type=swap",
                            "http://exchange.test/linear-swap-ex/market/detail/batch_merged?business_type=swap",
                            "http://exchange.test/linear-swap-api/v1/swap_batch_funding_rate",
                            "http://exchange.test/linear-swap-api/v1/swap_open_interest",
                            "http://exchange.test/linear-swap-api/v1/swap_index",
                            "http://exchange.test/linear-swap-ex/market/depth?contract_code=BTC-USDT&type=step0",
                            "http://exchange.test/linear-swap-ex/market/history/"
                            "kline?contract_code=BTC-USDT&period=1min&size=200",
                            "http://exchange.test/linear-swap-ex/market/history/trade?contract_code=BTC-USDT&size=50",
                            "http://exchange.test/heartbeat/"));
    std::vector<std::string> methods;
    for (const auto& [method, error] : observed_) {
        methods.push_back(method);
        EXPECT_FALSE(error);
    }
    EXPECT_THAT(methods, ElementsAre("contracts", "tickers", "funding_rates", "open_interest", "index_prices",
                                     "order_book", "candles", "trades", "heartbeat"));
    const auto status = exchange().status();
    EXPECT_EQ(status.exchange, "htx");
    EXPECT_EQ(status.requests, 9U);
    EXPECT_TRUE(status.errors.empty());
    EXPECT_EQ(status.state, net::CircuitState::closed);
}

TEST_F(HtxExchangeTest, learns_contract_sizes_before_the_first_tickers_and_only_then) {
    client_.answer("swap_contract_info", {{kContracts}});
    client_.answer("batch_merged", {{kTickers}});
    const auto tickers = run(exchange().tickers());
    ASSERT_TRUE(tickers) << tickers.error().message();
    EXPECT_DOUBLE_EQ(tickers->by_contract.at("BTC-USDT").ask->size, 7.98);
    EXPECT_TRUE(run(exchange().tickers()));
    EXPECT_EQ(client_.count("swap_contract_info"), 1U);
    EXPECT_EQ(client_.count("batch_merged"), 2U);
}

TEST_F(HtxExchangeTest, has_no_tickers_without_contract_sizes) {
    client_.answer("swap_contract_info", {{kMaintain}});
    const auto tickers = run(exchange().tickers());
    ASSERT_FALSE(tickers);
    EXPECT_EQ(tickers.error().code(), ErrorCode::maintenance);
    EXPECT_EQ(client_.count("batch_merged"), 0U);
}

TEST_F(HtxExchangeTest, retries_transient_errors) {
    const std::vector<Reply> passing{
        {.body = kHtml, .status = 502},
        {.body = ""},
        {.body = kHtml},
        {.body = kDepth.substr(0, 100)},
        {.error = ErrorCode::network},
        {.error = ErrorCode::timeout},
        {.body = R"({"status":"error","err-code":1001,"err-msg":"System is busy"})"},
    };
    options_.max_failures = 100;
    for (const auto& failure : passing) {
        client_.answer("market/depth", {failure, {kDepth}});
        const auto before = client_.sent.size();
        const auto answer = book();
        EXPECT_TRUE(answer) << failure.body << " " << answer.error().message();
        EXPECT_EQ(client_.sent.size() - before, 2U) << failure.body;
    }
    EXPECT_EQ(exchange().status().fail_count, 0);
    EXPECT_EQ(exchange().status().errors.at("malformed"), 3U);
}

TEST_F(HtxExchangeTest, does_not_ask_again_where_that_cannot_help) {
    const std::pair<Reply, ErrorCode> final_answers[] = {
        {{.body = kInvalidSymbol}, ErrorCode::not_found},
        {{.body = kUnknownContract}, ErrorCode::not_found},
        {{.body = kMaintain}, ErrorCode::maintenance},
        {{.body = kSpring404, .status = 404}, ErrorCode::exchange_rejected},
        {{.body = kHtml, .status = 403}, ErrorCode::exchange_rejected},
        {{.error = ErrorCode::cancelled}, ErrorCode::cancelled},
    };
    for (const auto& [reply, code] : final_answers) {
        client_.answer("market/depth", {reply});
        const auto before = client_.sent.size();
        const auto answer = book();
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code(), code) << answer.error().message();
        EXPECT_EQ(client_.sent.size() - before, 1U) << answer.error().message();
    }
}

TEST_F(HtxExchangeTest, gives_up_after_the_last_attempt_and_says_what_for) {
    client_.answer("market/depth", {{.body = kHtml, .status = 503}});
    options_.max_failures = 100;
    const auto answer = book();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::http_status);
    EXPECT_THAT(answer.error().message(), HasSubstr("order_book BTC-USDT: HTTP 503"));
    EXPECT_EQ(client_.sent.size(), 3U);
    const auto status = exchange().status();
    EXPECT_EQ(status.errors.at("http_status"), 3U);
    EXPECT_EQ(status.fail_count, 3);
    EXPECT_EQ(status.last_error, answer.error().message());
}

TEST_F(HtxExchangeTest, keeps_all_attempts_within_one_deadline) {
    options_.timeout = milliseconds(100);
    options_.attempt_timeout = milliseconds(30);
    options_.max_attempts = 1'000;
    options_.max_failures = 10'000;
    client_.answer("market/depth", {{.delay = milliseconds(60'000)}});
    const auto answer = book();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::timeout);
    EXPECT_GE(client_.sent.size(), 2U);
    EXPECT_LE(client_.sent.size(), 5U);
    for (const auto& request : client_.sent) EXPECT_LE(request.timeout, milliseconds(30));
}

TEST_F(HtxExchangeTest, refuses_impossible_arguments_without_asking) {
    const auto expect_refused = [](const auto& answer) {
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code(), ErrorCode::invalid_input) << answer.error().message();
    };
    expect_refused(run(exchange().order_book(nullptr)));
    expect_refused(run(exchange().candles(nullptr, 1, 10)));
    expect_refused(run(exchange().candles(contract_, 3, 10)));
    expect_refused(run(exchange().candles(contract_, 1, 0)));
    expect_refused(run(exchange().candles(contract_, 1, 2001)));
    expect_refused(run(exchange().trades(nullptr, 10)));
    expect_refused(run(exchange().trades(contract_, 0)));
    EXPECT_TRUE(client_.sent.empty());
}

TEST_F(HtxExchangeTest, counts_and_passes_on_the_rows_that_it_drops) {
    client_.answer("swap_contract_info", {{kContracts}});
    client_.answer("batch_merged", {{changed(kTickers, R"("close":"77111")", R"("close":"-1")")}});
    const auto tickers = run(exchange().tickers());
    ASSERT_TRUE(tickers) << tickers.error().message();
    EXPECT_EQ(tickers->by_contract.size(), 2U);
    EXPECT_THAT(dropped_, ElementsAre("tickers BTC-USDT"));
    EXPECT_EQ(exchange().status().dropped_rows, 1U);
}

// ---- the breaker

class HtxBreakerTest : public HtxExchangeTest {
protected:
    HtxBreakerTest() {
        options_.max_attempts = 1;
        options_.max_failures = 3;
        options_.cooldown = milliseconds(30'000);
    }
    void open_breaker() {
        client_.answer("market/depth", {{.body = kHtml, .status = 502}});
        for (int i = 0; i < 3; ++i) EXPECT_FALSE(book());
        EXPECT_EQ(exchange().status().state, net::CircuitState::open);
        client_.sent.clear();
    }
};

TEST_F(HtxBreakerTest, opens_after_failures_in_a_row_and_asks_nothing_until_the_cooldown_is_over) {
    open_breaker();
    clock_.advance(milliseconds(29'999));
    client_.answer("market/depth", {{kDepth}});
    const auto refused = book();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::unavailable);
    EXPECT_THAT(refused.error().message(), HasSubstr("HTTP 502"));
    EXPECT_TRUE(client_.sent.empty());
    auto status = exchange().status();
    EXPECT_EQ(status.fail_count, 3);
    EXPECT_EQ(status.threshold, 3);
    EXPECT_NEAR(status.cooldown_remaining_sec, 0.001, 1e-9);
    EXPECT_EQ(status.errors.at("unavailable"), 1U);

    clock_.advance(milliseconds(1));
    EXPECT_EQ(exchange().status().state, net::CircuitState::half_open);
    EXPECT_TRUE(book());
    status = exchange().status();
    EXPECT_EQ(status.state, net::CircuitState::closed);
    EXPECT_EQ(status.fail_count, 0);
}

TEST_F(HtxBreakerTest, opens_again_when_the_trial_fails) {
    open_breaker();
    clock_.advance(milliseconds(30'000));
    EXPECT_FALSE(book());
    EXPECT_EQ(client_.sent.size(), 1U);
    EXPECT_EQ(exchange().status().state, net::CircuitState::open);
    EXPECT_NEAR(exchange().status().cooldown_remaining_sec, 30.0, 1e-9);
}

TEST_F(HtxBreakerTest, lets_others_wait_for_the_trial_instead_of_refusing_them) {
    open_breaker();
    clock_.advance(milliseconds(30'000));
    client_.answer("market/depth", {{.body = kDepth, .delay = milliseconds(50)}});
    int good = 0;
    for (int i = 0; i < 3; ++i) {
        boost::asio::co_spawn(io_, exchange().order_book(contract_),
                              [&good](std::exception_ptr, core::Result<BookAnswer> answer) { good += answer ? 1 : 0; });
    }
    const auto wait = [](const int* done) -> boost::asio::awaitable<void> {
        while (*done < 3) {
            if (!co_await net::sleep_for(milliseconds(5))) co_return;
        }
    };
    run(wait(&good));
    EXPECT_EQ(good, 3);
    // The second was sent only after the first had come back.
    EXPECT_GE(client_.sent[1].time - client_.sent[0].time, milliseconds(50));
}

TEST_F(HtxBreakerTest, does_not_count_what_is_about_one_contract_or_about_pace) {
    for (const auto& reply :
         std::vector<Reply>{{kInvalidSymbol},
                            {kUnknownContract},
                            {R"({"status":"error","err-code":"invalid-parameter","err-msg":"invalid size"})"},
                            {kTooFast},
                            {.body = kHtml, .status = 429},
                            {.body = kSpring404, .status = 404},
                            {.error = ErrorCode::cancelled}}) {
        client_.answer("market/depth", {reply});
        for (int i = 0; i < 4; ++i) EXPECT_FALSE(book());
        EXPECT_EQ(exchange().status().state, net::CircuitState::closed) << reply.body;
        EXPECT_EQ(exchange().status().fail_count, 0) << reply.body;
    }
}

TEST_F(HtxBreakerTest, counts_every_failure_of_the_exchange_itself) {
    const std::vector<Reply> failures{{kMaintain},
                                      {.error = ErrorCode::timeout},
                                      {.error = ErrorCode::network},
                                      {.body = kHtml, .status = 500},
                                      {kHtml},
                                      {""},
                                      {.body = kHtml, .status = 403},
                                      {R"({"status":"error","err_code":1004,"err_msg":"System busy"})"}};
    options_.max_failures = static_cast<int>(failures.size());
    client_.answer("market/depth", failures);
    for (std::size_t i = 0; i < failures.size(); ++i) {
        EXPECT_EQ(exchange().status().fail_count, static_cast<int>(i));
        EXPECT_FALSE(book());
    }
    EXPECT_EQ(exchange().status().state, net::CircuitState::open);
}

TEST_F(HtxBreakerTest, stops_the_retries_of_a_call_and_keeps_its_last_real_error) {
    options_.max_attempts = 10;
    client_.answer("market/depth", {{.body = kHtml, .status = 502}});
    const auto answer = book();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::http_status);
    EXPECT_EQ(client_.sent.size(), 3U);
}

TEST_F(HtxBreakerTest, half_opens_at_once_when_a_probe_finds_the_exchange_working) {
    open_breaker();
    client_.answer("heartbeat", {{kHeartbeatDown}, {.error = ErrorCode::timeout}, {kHeartbeat}});
    const auto down = run(exchange().probe());
    ASSERT_FALSE(down);
    EXPECT_EQ(down.error().code(), ErrorCode::maintenance);
    EXPECT_THAT(down.error().message(), HasSubstr("2026-09-29T"));  // its estimate of the end
    EXPECT_FALSE(run(exchange().probe()));
    EXPECT_EQ(exchange().status().state, net::CircuitState::open);
    EXPECT_EQ(exchange().status().fail_count, 3);

    EXPECT_TRUE(run(exchange().probe()));
    EXPECT_EQ(exchange().status().state, net::CircuitState::half_open);
    client_.answer("market/depth", {{kDepth}});
    EXPECT_TRUE(book());
    EXPECT_EQ(exchange().status().state, net::CircuitState::closed);
}

TEST_F(HtxBreakerTest, is_not_stuck_when_the_trial_is_cancelled) {
    open_breaker();
    clock_.advance(milliseconds(30'000));
    client_.answer("market/depth", {{.body = kDepth, .delay = milliseconds(5'000)}, {kDepth}});
    const auto cancelled = run(net::with_timeout(exchange().order_book(contract_), milliseconds(20)));
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(client_.in_flight, 0);
    EXPECT_TRUE(book());
    EXPECT_EQ(exchange().status().state, net::CircuitState::closed);
}

// ---- pace

/// Starts `count` book calls together and returns when all are done; how many succeeded.
template <class Start>
int together(boost::asio::io_context& io, int count, Start start) {
    int good = 0;
    int done = 0;
    for (int i = 0; i < count; ++i) {
        boost::asio::co_spawn(io, start(), [&](std::exception_ptr exception, auto answer) {
            ++done;
            good += !exception && answer ? 1 : 0;
        });
    }
    const auto wait = [](const int* ended, int all) -> boost::asio::awaitable<void> {
        while (*ended < all) {
            if (!co_await net::sleep_for(milliseconds(2))) co_return;
        }
    };
    scanner::test::run_on(io, wait(&done, count));
    return good;
}

TEST_F(HtxExchangeTest, has_at_most_so_many_requests_under_way) {
    options_.concurrency = 3;
    client_.answer("market/depth", {{.body = kDepth, .delay = milliseconds(5)}});
    EXPECT_EQ(together(io_, 20, [this] { return exchange().order_book(contract_); }), 20);
    EXPECT_EQ(client_.max_in_flight, 3);
}

TEST_F(HtxExchangeTest, gives_its_place_back_when_a_call_is_cancelled) {
    options_.concurrency = 1;
    client_.answer("market/depth", {{.body = kDepth, .delay = milliseconds(5'000)}, {kDepth}});
    EXPECT_FALSE(run(net::with_timeout(exchange().order_book(contract_), milliseconds(20))));
    EXPECT_TRUE(book());
}

TEST_F(HtxExchangeTest, keeps_within_the_budget_of_market_data) {
    options_.market_requests_per_sec = 20;
    client_.answer("market/depth", {{kDepth}});
    EXPECT_EQ(together(io_, 26, [this] { return exchange().order_book(contract_); }), 26);
    // A second's worth at once, then one every 50 ms.
    ASSERT_EQ(client_.sent.size(), 26U);
    EXPECT_GE(client_.sent[25].time - client_.sent[0].time, milliseconds(250));
}

TEST_F(HtxExchangeTest, has_a_budget_of_its_own_for_everything_else) {
    options_.market_requests_per_sec = 1;
    options_.timeout = milliseconds(200);
    client_.answer("market/depth", {{kDepth}});
    client_.answer("swap_index", {{kIndex}});
    EXPECT_TRUE(book());
    const auto starved = book();  // its turn comes in a second
    ASSERT_FALSE(starved);
    EXPECT_EQ(starved.error().code(), ErrorCode::rate_limited);
    EXPECT_EQ(client_.count("market/depth"), 1U);
    EXPECT_TRUE(run(exchange().index_prices()));
}

TEST_F(HtxExchangeTest, pauses_the_class_that_was_refused_and_then_asks_again) {
    client_.answer("market/depth", {{kTooFast}, {kDepth}});
    client_.answer("swap_index", {{.body = kHtml, .status = 429}, {kIndex}});
    EXPECT_TRUE(book());
    EXPECT_TRUE(run(exchange().index_prices()));
    ASSERT_EQ(client_.sent.size(), 4U);
    EXPECT_GE(client_.sent[1].time - client_.sent[0].time, milliseconds(60));
    EXPECT_GE(client_.sent[3].time - client_.sent[2].time, milliseconds(60));
    EXPECT_EQ(exchange().status().errors.at("rate_limited"), 2U);
}

TEST_F(HtxExchangeTest, heeds_what_the_exchange_says_is_left_of_its_window) {
    const auto reset = std::chrono::system_clock::now().time_since_epoch() + milliseconds(300);
    const auto reset_ms = std::chrono::duration_cast<milliseconds>(reset).count();
    client_.answer("swap_index", {{.body = kIndex,
                                   .headers = {{"ratelimit-limit", "240"},
                                               {"ratelimit-interval", "300"},
                                               {"ratelimit-remaining", "0"},
                                               {"ratelimit-reset", std::to_string(reset_ms)}}},
                                  {kIndex}});
    EXPECT_TRUE(run(exchange().index_prices()));
    EXPECT_TRUE(run(exchange().index_prices()));
    ASSERT_EQ(client_.sent.size(), 2U);
    EXPECT_GE(client_.sent[1].time - client_.sent[0].time, milliseconds(150));
}

}  // namespace
}  // namespace scanner::exchange::test
