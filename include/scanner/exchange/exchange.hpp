#pragma once

#include "scanner/core/error.hpp"
#include "scanner/market/market.hpp"
#include "scanner/net/circuit_breaker.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::exchange {

/// Values by contract code, and the exchange's own clock when it made the answer.
template <class T>
struct Bulk {
    std::unordered_map<std::string, T> by_contract;
    core::WallTime exchange_time;
};

struct ContractList {
    std::vector<market::Contract> contracts;  ///< one per contract code; unreadable ones among them
    core::WallTime exchange_time;
};

struct CandleBatch {
    std::vector<market::Candle> candles;  ///< oldest first; the last one is still running at `exchange_time`
    core::WallTime exchange_time;
    std::size_t missing_intervals = 0;  ///< intervals between the first and the last candle that the exchange left out
};

struct BookAnswer {
    market::OrderBook book;        ///< book.exchange_time: when it stood like this
    core::WallTime exchange_time;  ///< when the exchange answered; the difference is the book's age, clock skew or not
};

/// State of the connection to the exchange, for health and metrics.
struct ExchangeStatus {
    std::string exchange;  ///< its name in answers
    net::CircuitState state = net::CircuitState::closed;
    int fail_count = 0;  ///< failures in a row
    double cooldown_remaining_sec = 0.0;
    int threshold = 0;
    std::uint64_t requests = 0;                   ///< since start, retries included
    std::map<std::string, std::uint64_t> errors;  ///< by error code name, since start
    std::string last_error;
    std::uint64_t dropped_rows = 0;  ///< rows of bulk answers left out because they were bad, since start
    bool funding_fallback = false;   ///< per-contract calls in place of the bulk one
    bool open_interest_fallback = false;
};

/// The narrow interface through which the engine sees an exchange. Loop thread only. Every call has a deadline, stays
/// within the request budget and retries where that may help; units are converted and non-finite values refused inside.
class Exchange {
public:
    virtual ~Exchange() = default;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<ContractList>> contracts() = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<Bulk<market::Ticker>>> tickers() = 0;
    /// One bulk call where the exchange still offers it, else a call per (ten) `wanted` contracts.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<Bulk<market::FundingRate>>> funding_rates(
        std::vector<std::string> wanted) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<Bulk<market::OpenInterest>>> open_interest(
        std::vector<std::string> wanted) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<Bulk<market::IndexPrice>>> index_prices() = 0;
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<BookAnswer>> order_book(
        std::shared_ptr<const market::Contract> contract) = 0;
    /// The newest `count` candles (1..2000) of `interval_minutes` (1, 5, 15, 30, 60, 240).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<CandleBatch>> candles(
        std::shared_ptr<const market::Contract> contract, int interval_minutes, int count) = 0;
    /// The newest `count` trades, oldest first by (time, id).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::vector<market::Trade>>> trades(
        std::shared_ptr<const market::Contract> contract, int count) = 0;
    /// One light call (server time or heartbeat, short deadline, no retries) that goes out even while the breaker is
    /// open: whether the exchange is back. Success half-opens an open breaker at once, so that the next cycle need not
    /// wait out the cooldown; a failure leaves the breaker as it is and is not counted by it.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> probe() = 0;
    [[nodiscard]] virtual ExchangeStatus status() const = 0;
};

}  // namespace scanner::exchange
