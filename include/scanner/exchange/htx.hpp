#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/net/http_client.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace scanner::exchange {

struct HtxOptions {
    std::string base_url = "https://api.hbdm.com";      ///< scheme and host; a trailing slash does not matter
    double market_requests_per_sec = 100.0;             ///< own cap on market data (HTX documents 800)
    double other_requests_per_sec = 20.0;               ///< own cap on everything else (HTX enforces 240 per 3 s)
    std::chrono::milliseconds timeout{90'000};          ///< one call, with all its waiting and retries
    std::chrono::milliseconds attempt_timeout{15'000};  ///< one request within it
    /// One call, retries included, for what may be missing (funding, open interest, index prices, trades): nothing else
    /// of a cycle may wait long for it.
    std::chrono::milliseconds optional_timeout{4'000};
    int max_attempts = 3;                       ///< requests a call, the first one included
    std::chrono::milliseconds retry_base{200};  ///< see net::BackoffOptions
    std::chrono::milliseconds retry_cap{5'000};
    std::chrono::milliseconds refusal_pause{3'000};  ///< of a whole class after a 429 or 1032: HTX's window
    int max_failures = 5;                            ///< failures in a row that open the breaker
    std::chrono::milliseconds cooldown{30'000};
    std::size_t concurrency = 12;                      ///< requests under way at a time, of all calls together
    std::chrono::minutes fallback_probe_interval{10};  ///< how often a bulk call that was given up is tried again
    std::chrono::milliseconds probe_timeout{5'000};    ///< of `Exchange::probe`
};

/// A row of a bulk answer that was left out, and why.
struct RowProblem {
    std::string contract_code;  ///< "row 17" where the row has no readable code
    std::string problem;        ///< names the field: "close: -3 is not above 0"
};

/// Who wants to know; each may be empty. Called on the loop thread, must not throw. `method` is one of a dozen fixed
/// names (contracts, tickers, funding_rates, open_interest, index_prices, order_book, candles, trades, heartbeat,
/// v5_funding_rate, v5_open_interest), fit for a metric label.
struct HtxObserver {
    /// After every request that was sent: how long its answer took, and what was wrong with it.
    std::function<void(std::string_view method, std::chrono::microseconds elapsed,
                       std::optional<core::ErrorCode> error)>
        on_request;
    /// After every bulk answer that had bad rows.
    std::function<void(std::string_view method, std::span<const RowProblem> rows)> on_dropped_rows;
    /// A bulk call was given up for the per-contract one (true) or works again (false).
    std::function<void(std::string_view method, bool fallback)> on_fallback;
};

/// HTX's USDT-margined swaps over its public REST interface.
///
/// One breaker guards contracts, tickers, books and candles. Funding, open interest, index prices and trades, without
/// which the scanner can do, have one each: while it is open that input is missing and nothing else. A breaker counts
/// requests that failed for the exchange's own reasons: timeouts, broken connections, 5xx, refusals by HTTP status,
/// maintenance, "busy", answers that make no sense. It does not count what is about one contract (unknown symbol,
/// refused parameter, a book that makes no sense), cancellation, and, of essential calls, rate limiting: the budget
/// pauses for it.
///
/// Calls may run side by side. `clock` times the breaker and the fallback; waiting goes by the machine's own steady
/// clock. `client` and `clock` must outlive the exchange, and the exchange its running calls.
[[nodiscard]] std::unique_ptr<Exchange> make_htx_exchange(boost::asio::any_io_executor executor, HtxOptions options,
                                                          net::HttpClient& client, const core::Clock& clock,
                                                          std::uint64_t random_seed, HtxObserver observer = {});

}  // namespace scanner::exchange
