#pragma once

#include "scanner/exchange/exchange.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scanner::test {

/// The port of the engine, played by the test: a small market whose calls can be made to fail or to take long.
class ScriptedExchange final : public exchange::Exchange {
public:
    template <class T>
    using Call = boost::asio::awaitable<core::Result<T>>;

    std::vector<std::string> codes{"AAA-USDT", "BBB-USDT", "CCC-USDT"};
    core::WallTime exchange_now = core::from_unix_ms(1'790'000'000'000);
    std::chrono::milliseconds book_age{200};
    std::optional<core::Error> everything_fails;
    std::map<std::string, core::Error> book_fails;
    std::map<std::string, std::chrono::milliseconds> book_takes;
    std::optional<core::Error> funding_fails;
    std::map<std::string, int> calls;  ///< by method
    std::vector<int> candle_counts;    ///< what was asked for
    double last = 100.0;
    double level_size = 500.0;  ///< contracts at each level of every book
    bool probe_answers = true;
    std::chrono::milliseconds call_takes{0};          ///< of the exchange's time, for each call about one contract
    std::optional<double> funding_rate = 0.0001;      ///< of every contract
    std::optional<core::WallTime> next_funding_time;  ///< of every contract
    std::map<std::string, market::ContractStatus> statuses;  ///< other than listed
    std::map<std::string, int> listed_minutes;               ///< of contracts too young to have every candle
    std::function<void(const std::string&)> on_book;         ///< before the book of a contract is read
    std::chrono::milliseconds tickers_take{0};
    std::function<void()> on_tickers;  ///< just before they are given

    // Inputs that stand still, or that are dated ahead.
    std::optional<core::WallTime> tickers_made_at;  ///< the list, when it comes out of a cache
    std::optional<double> ticker_last;              ///< the tickers' price, other than the book's
    std::chrono::minutes candles_lag{0};            ///< the exchange stopped making them so long ago
    std::map<std::string, std::chrono::minutes> candles_lag_of;
    std::chrono::milliseconds candles_answered_ago{0};  ///< the answers come out of a cache
    std::chrono::milliseconds index_age{0};
    std::chrono::milliseconds open_interest_age{0};
    std::chrono::milliseconds funding_age{0};
    std::optional<core::WallTime> funding_time;     ///< of every contract's rate
    std::map<std::string, double> contract_sizes;   ///< other than 1: as listed ...
    std::map<std::string, double> traded_sizes;     ///< ... and as the tickers' volumes tell
    std::map<std::string, std::string> unreadable;  ///< rows of the contract list, and what is wrong with them
    std::int64_t matching_id = 0;                   ///< of every book
    std::map<std::string, std::vector<market::Trade>> trades_of;

    Call<exchange::ContractList> contracts() override {
        ++calls["contracts"];
        if (everything_fails) co_return std::unexpected(*everything_fails);
        exchange::ContractList list;
        list.exchange_time = exchange_now;
        for (const std::string& code : codes) {
            market::Contract contract;
            contract.contract_code = code;
            contract.symbol = code.substr(0, code.find('-')) + "/USDT:USDT";
            if (const auto bad = unreadable.find(code); bad != unreadable.end()) {
                contract.unreadable = bad->second;
                list.contracts.push_back(contract);
                continue;
            }
            const auto size = contract_sizes.find(code);
            contract.contract_size = size == contract_sizes.end() ? 1.0 : size->second;
            contract.price_tick = 0.01;
            const auto status = statuses.find(code);
            contract.status = status == statuses.end() ? market::ContractStatus::listed : status->second;
            contract.next_funding_time = next_funding_time;
            list.contracts.push_back(contract);
        }
        co_return list;
    }

    Call<exchange::Bulk<market::Ticker>> tickers() override {
        ++calls["tickers"];
        if (everything_fails) co_return std::unexpected(*everything_fails);
        if (tickers_take.count() > 0) {
            boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, tickers_take);
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
        if (on_tickers) on_tickers();
        exchange::Bulk<market::Ticker> bulk;
        bulk.exchange_time = tickers_made_at.value_or(exchange_now);
        double turnover = 100e6;
        for (const std::string& code : codes) {
            market::Ticker ticker;
            ticker.contract_code = code;
            ticker.last = ticker_last.value_or(last);
            ticker.turnover_24h = turnover;
            const auto size = traded_sizes.find(code);
            ticker.contract_volume_24h = 1'000'000.0;
            ticker.base_volume_24h = 1'000'000.0 * (size == traded_sizes.end() ? 1.0 : size->second);
            turnover -= 1e6;
            bulk.by_contract[code] = ticker;
        }
        co_return bulk;
    }

    Call<exchange::Bulk<market::FundingRate>> funding_rates(std::vector<std::string> wanted) override {
        ++calls["funding_rates"];
        if (funding_fails) co_return std::unexpected(*funding_fails);
        exchange::Bulk<market::FundingRate> bulk;
        bulk.exchange_time = exchange_now - funding_age;
        for (const std::string& code : wanted) bulk.by_contract[code] = {funding_rate, funding_time};
        co_return bulk;
    }

    Call<exchange::Bulk<market::OpenInterest>> open_interest(std::vector<std::string> wanted) override {
        exchange::Bulk<market::OpenInterest> bulk;
        bulk.exchange_time = exchange_now - open_interest_age;
        for (const std::string& code : wanted) bulk.by_contract[code] = {1000.0, 100'000.0};
        co_return bulk;
    }

    Call<exchange::Bulk<market::IndexPrice>> index_prices() override {
        ++calls["index_prices"];
        exchange::Bulk<market::IndexPrice> bulk;
        bulk.exchange_time = exchange_now;
        for (const std::string& code : codes) bulk.by_contract[code] = {last, exchange_now - index_age};
        co_return bulk;
    }

    Call<exchange::BookAnswer> order_book(std::shared_ptr<const market::Contract> contract) override {
        ++calls["order_book"];
        exchange_now += call_takes;
        if (on_book) on_book(contract->contract_code);
        if (const auto delay = book_takes.find(contract->contract_code); delay != book_takes.end()) {
            boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, delay->second);
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
        if (const auto failure = book_fails.find(contract->contract_code); failure != book_fails.end()) {
            co_return std::unexpected(failure->second);
        }
        exchange::BookAnswer answer;
        answer.exchange_time = exchange_now;
        answer.book.exchange_time = exchange_now - book_age;
        answer.book.matching_id = matching_id;
        for (int i = 0; i < 10; ++i) {
            answer.book.bids.push_back({last - 0.01 * (i + 1), level_size * contract->contract_size});
            answer.book.asks.push_back({last + 0.01 * (i + 1), level_size * contract->contract_size});
        }
        co_return answer;
    }

    Call<exchange::CandleBatch> candles(std::shared_ptr<const market::Contract> contract, int, int count) override {
        ++calls["candles"];
        exchange_now += call_takes;
        candle_counts.push_back(count);
        exchange::CandleBatch batch;
        batch.exchange_time = exchange_now - candles_answered_ago;
        const auto lag = candles_lag_of.find(contract->contract_code);
        const core::WallTime made_until =
            batch.exchange_time - (lag == candles_lag_of.end() ? candles_lag : lag->second);
        const std::int64_t running = core::to_unix_ms(made_until) / 60'000 * 60'000;
        const auto young = listed_minutes.find(contract->contract_code);
        const int available = young == listed_minutes.end() ? count : std::min(count, young->second);
        for (int i = available - 1; i >= 0; --i)
            batch.candles.push_back({running - i * 60'000, last, last, last, last, 10.0});
        co_return batch;
    }

    Call<std::vector<market::Trade>> trades(std::shared_ptr<const market::Contract> contract, int) override {
        co_return trades_of[contract->contract_code];
    }

    Call<void> probe() override {
        ++calls["probe"];
        if (!probe_answers) co_return core::fail(core::ErrorCode::network, "refused");
        co_return core::Result<void>{};
    }

    exchange::ExchangeStatus status() const override { return {}; }
};

}  // namespace scanner::test
