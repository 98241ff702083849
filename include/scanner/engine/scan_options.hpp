#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace scanner::engine {

/// Which asset classes are scanned.
enum class UniverseKind { all, crypto, tradfi };

struct UniverseOptions {
    std::vector<std::string> allowed;  ///< contract codes; empty allows every one
    UniverseKind kind = UniverseKind::all;
    std::size_t top_by_turnover = 60;  ///< how many contracts a cycle reads
};

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

}  // namespace scanner::engine
