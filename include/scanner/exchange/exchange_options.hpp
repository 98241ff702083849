#pragma once

#include "scanner/core/error.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace scanner::exchange {

struct ExchangeOptions {
    std::string base_url;                               ///< scheme and host; a trailing slash does not matter
    double market_requests_per_sec = 100.0;             ///< own cap on market data
    double other_requests_per_sec = 20.0;               ///< own cap on everything else
    std::chrono::milliseconds timeout{90'000};          ///< one call, with all its waiting and retries
    std::chrono::milliseconds attempt_timeout{15'000};  ///< one request within it
    /// One call, retries included, for what may be missing (funding, open interest, index prices, trades): nothing else
    /// of a cycle may wait long for it.
    std::chrono::milliseconds optional_timeout{4'000};
    int max_attempts = 3;                       ///< requests a call, the first one included
    std::chrono::milliseconds retry_base{200};  ///< see net::BackoffOptions
    std::chrono::milliseconds retry_cap{5'000};
    std::chrono::milliseconds refusal_pause{3'000};  ///< of a whole budget after the exchange refused for the rate
    int max_failures = 5;                            ///< failures in a row that open the breaker
    std::chrono::milliseconds cooldown{30'000};
    std::size_t concurrency = 12;                      ///< requests under way at a time, of all calls together
    std::chrono::minutes fallback_probe_interval{10};  ///< how often a bulk call that was given up is tried again
    std::chrono::milliseconds probe_timeout{5'000};    ///< of `Exchange::probe`
};

/// A row of a bulk answer that was left out, and why.
struct RowProblem {
    std::string contract_code;  ///< "row 17" where the row has no readable code
    std::string problem;        ///< names the field: "close: must be > 0, got -3"
};

/// Callbacks, each of which may be empty. Called on the loop thread, must not throw. `method` is one of a dozen fixed
/// names (contracts, tickers, funding_rates, open_interest, index_prices, order_book, candles, trades, heartbeat, …),
/// fit for a metric label.
struct ExchangeObserver {
    /// After every request that was sent, so several times for a call that is retried: how long its answer took, waits
    /// for budget and retries excluded, and what was wrong with it.
    std::function<void(std::string_view method, std::chrono::microseconds elapsed,
                       std::optional<core::ErrorCode> error)>
        on_request;
    /// After every bulk answer that had bad rows.
    std::function<void(std::string_view method, std::span<const RowProblem> rows)> on_dropped_rows;
    /// A bulk call was given up for the per-contract one (true) or works again (false).
    std::function<void(std::string_view method, bool fallback)> on_fallback;
};

}  // namespace scanner::exchange
