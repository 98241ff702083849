#pragma once

#include "exchange/answers.hpp"
#include "exchange/scripted_client.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/exchange/exchange_factory.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner::exchange::test {

/// The adapter with a scripted exchange behind it and a clock of our own. Retries follow one another at once.
class HtxExchangeTest : public testing::Test {
protected:
    HtxExchangeTest() {
        options_.base_url = "http://exchange.test/";
        options_.retry_base = std::chrono::milliseconds(1);
        options_.retry_cap = std::chrono::milliseconds(2);
        options_.market_requests_per_sec = 10'000;
        options_.other_requests_per_sec = 10'000;
        options_.refusal_pause = std::chrono::milliseconds(60);
        observer_.on_request = [this](std::string_view method, std::chrono::microseconds elapsed,
                                      std::optional<core::ErrorCode> error) {
            EXPECT_GE(elapsed.count(), 0);
            observed_.emplace_back(method, error);
        };
        observer_.on_dropped_rows = [this](std::string_view method, std::span<const RowProblem> rows) {
            for (const auto& row : rows) dropped_.push_back(std::string(method) + " " + row.contract_code);
        };
        observer_.on_fallback = [this](std::string_view method, bool fallback) {
            switched_.push_back(std::string(method) + (fallback ? " fallback" : " bulk"));
        };
    }

    /// The exchange under test, made at first use: change `options_` before.
    Exchange& exchange() {
        if (!exchange_) {
            exchange_ = make_exchange(io_.get_executor(), options_, client_, clock_, 7, observer_);
        }
        return *exchange_;
    }

    template <class T>
    T run(boost::asio::awaitable<T> coroutine) {
        return scanner::test::run_on(io_, std::move(coroutine));
    }

    /// A book call, whose answer the script decides.
    core::Result<BookAnswer> book() { return run(exchange().order_book(contract_)); }

    boost::asio::io_context io_{1};
    core::ManualClock clock_{core::from_unix_ms(1790677524306)};
    ScriptedClient client_;
    ExchangeOptions options_;
    ExchangeObserver observer_;
    std::shared_ptr<const market::Contract> contract_ = std::make_shared<const market::Contract>(btc());
    std::vector<std::pair<std::string, std::optional<core::ErrorCode>>> observed_;
    std::vector<std::string> dropped_;
    std::vector<std::string> switched_;

private:
    std::unique_ptr<Exchange> exchange_;  // goes before what it refers to
};

}  // namespace scanner::exchange::test
