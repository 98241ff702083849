#pragma once

#include "engine/market_scan.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/signals/contract_numbers.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::engine {

/// Days since the listing of `contract`, at least: the exchange tells the day, so up to one less than they are. Empty
/// where it tells nothing.
[[nodiscard]] std::optional<double> listed_days_at_least(const market::Contract& contract, core::WallTime now);

/// What a snapshot says of itself beside its numbers: its age since the listing, and its notes.
void describe(ranking::ContractSnapshot& snapshot, double notional_usdt, core::WallTime now);

/// What a cycle is made from: the contracts that were read, and those that were left out.
struct RankerInput {
    std::vector<market::MarketData> data;
    std::vector<ranking::Exclusion> exclusions;
};

/// The computing half of a cycle: market data into numbers, cross-section, scores, order. Pure but for the memory that
/// the formulas need: each contract's previous cycle, and the previous ranks. Not thread-safe.
class Ranker {
public:
    /// When the cycle was, and which one.
    struct Cycle {
        std::uint64_t sequence = 0;
        core::WallTime time;
    };

    /// Everything of the ranking but `cycle_ms`, `requests` and `next_scan_at`. Takes `scan` apart.
    [[nodiscard]] ranking::Ranking rank(RankerInput scan, const ranking::RankingSettings& settings,
                                        const std::vector<signals::Profile>& profiles, Cycle cycle);
    /// Ranks of an earlier process, for the next rank changes.
    void restore(const ranking::Ranking& ranking);

private:
    struct Memory {
        signals::ContractState state;
        std::vector<double> spread_history;
        std::uint64_t last_sequence = 0;
    };
    using Ranks = std::unordered_map<std::string, int>;

    void compute(ranking::Ranking& ranking, std::vector<market::MarketData> data);
    void order(ranking::Ranking& ranking);
    void remember_ranks(const ranking::Ranking& ranking);
    void forget_long_gone(std::uint64_t sequence);

    std::unordered_map<std::string, Memory> memory_;
    std::map<std::string, Ranks> previous_ranks_;
};

}  // namespace scanner::engine
