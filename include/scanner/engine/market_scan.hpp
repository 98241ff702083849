#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/engine/universe.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/market/market.hpp"
#include "scanner/ranking/ranking.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::engine {

struct MarketScanOptions {
    UniverseOptions universe;
    int candle_interval_minutes = 1;
    std::size_t candle_count = 200;
    std::size_t concurrency = 12;
    std::chrono::milliseconds contracts_ttl{600'000};  ///< how long the contract list is used before it is read again
    /// A contract whose ticker or order book is older is left out as stale. Other inputs: engine/input_ages.hpp.
    std::chrono::milliseconds max_price_age{90'000};
    std::chrono::milliseconds contract_deadline{10'000};  ///< longest for one call about one contract, retries included
};

/// What one pass over the exchange brought.
struct ScanResult {
    std::vector<std::shared_ptr<const market::Contract>> listed;  ///< every contract of the exchange's list
    std::vector<market::MarketData> data;                         ///< complete ones, by turnover
    std::vector<ranking::Exclusion> exclusions;                   ///< every other listed contract, with its reason
    std::unordered_map<std::string, market::Ticker> tickers;      ///< by contract code, with their time
    std::vector<std::string> degraded;                            ///< inputs missing for all: "funding: …"
};

/// The reading half of a cycle: bulk calls, universe, book and candles per contract within the budget. The contracts of
/// the pass before (or all that are eligible, when they fit) are read beside the tickers; what the tickers then leave
/// out is not used. Keeps contract list, candles and universe between passes. One pass at a time, on the loop thread.
class MarketScan {
public:
    virtual ~MarketScan() = default;
    /// Fails only when nothing could be read at all (no contract list, no tickers, or every contract failed): a
    /// contract that fails is an exclusion. `progress(done, total)` follows the calls.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<ScanResult>> run(
        std::function<void(std::size_t, std::size_t)> progress) = 0;
    virtual void set_options(MarketScanOptions options) = 0;
};

/// `exchange` and `clock` must outlive it.
[[nodiscard]] std::unique_ptr<MarketScan> make_market_scan(exchange::Exchange& exchange, const core::Clock& clock,
                                                           MarketScanOptions options);

}  // namespace scanner::engine
