#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/signals/contract_numbers.hpp"
#include "scanner/signals/profile.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::core {
class CheckpointReader;
class CheckpointWriter;
}  // namespace scanner::core

namespace scanner::ranking {

/// A reading of one contract, immutable. The same object twice is the same reading, and costs nothing the second time.
using MarketDataPtr = std::shared_ptr<const market::MarketData>;

/// What a cycle is made from: the contracts that were read, in any order, and those that were left out. None of `data`
/// is null, and every one has a contract of a code of its own.
struct RankerInput {
    std::vector<MarketDataPtr> data;
    std::vector<Exclusion> exclusions;
    /// What a live feed says of each of `data`, at the same index; nullptr where it says nothing. Empty without a feed:
    /// then the ranking has no such numbers, and its answers do not name them.
    std::vector<FlowNumbersPtr> flow;
    /// What the detectors say of each of `data`, at the same index; nullptr where they know nothing. Looked at with the
    /// measured model only.
    std::vector<std::shared_ptr<const signals::DetectorVerdict>> verdicts;
};

/// Readings as a RankerInput takes them.
[[nodiscard]] std::vector<MarketDataPtr> shared(std::vector<market::MarketData> data);

struct RankerOptions {
    /// The formulas alone: a number that was not measured keeps the neutral value of its formula and counts, as in
    /// `compute` and the golden cases. Off, it is unknown, as in a scan (signals::measure_contract).
    bool formulas_only = false;
};

/// Days since the listing, at least: the exchange tells the day, so up to one less than they are. By the time of the
/// data, so that a contract of which nothing new was read says the same. Empty where the exchange tells nothing.
[[nodiscard]] std::optional<double> listed_days_at_least(const market::MarketData& data);

/// A contract outside of any cycle, computed as the first cycle that reads it would. Its candles may be of another time
/// than its prices: nothing is computed from them then, but they are kept.
[[nodiscard]] ContractSnapshot snapshot_alone(market::MarketData data, double notional_usdt);

/// The computing of a cycle: market data into numbers, edges, scores and order. Pure but for the memory that the
/// formulas need: each contract's previous reading, and the previous ranks. What has not changed is not computed again:
/// a contract of which nothing new was read costs its place in the comparison and in the order. Not thread-safe.
///
/// "Previous" is the previous recorded cycle: cycles that are only shown in between compare with that one too, and
/// leave no trace in the memory. A contract of which nothing new was read keeps its snapshot, the very same object, and
/// with it what it said about its previous reading.
class Ranker {
public:
    /// When the cycle was, and which one.
    struct Cycle {
        std::uint64_t sequence = 0;
        core::WallTime time;
        bool recorded = true;  ///< whether it goes to history and the cache, and so is what later ones compare with
        std::chrono::milliseconds interval{15'000};  ///< between recorded cycles: memories last for some of these
    };

    explicit Ranker(RankerOptions options = {}) : options_(options) {}
    ~Ranker() = default;
    Ranker(const Ranker&) = delete;
    Ranker& operator=(const Ranker&) = delete;
    Ranker(Ranker&&) noexcept = default;
    Ranker& operator=(Ranker&&) noexcept = default;

    /// Everything of the ranking but `cycle_ms`, `requests` and `next_scan_at`. Takes `input` apart.
    [[nodiscard]] Ranking rank(RankerInput input, const RankingSettings& settings,
                               const std::vector<signals::Profile>& profiles, Cycle cycle);
    /// Ranks of an earlier process, for the next rank changes.
    void restore(const Ranking& ranking);

    /// Everything that decides what it makes of the next cycle (core/checkpoint.hpp).
    void save(core::CheckpointWriter& archive) const;
    /// Goes on from there exactly: snapshots are computed again from what they were computed from.
    void load(core::CheckpointReader& archive);

private:
    struct Memory {
        signals::ContractState before;  ///< what the numbers of `snapshot` were compared with
        signals::ContractState after;   ///< what the next reading is compared with once `snapshot` was recorded
        MarketDataPtr read;             ///< the last reading
        ContractSnapshotPtr snapshot;   ///< of it
        double notional_usdt = 0.0;     ///< that it was computed for
        bool recorded = false;          ///< whether a recorded cycle had it
        bool measured = false;          ///< whether the measured model of manipulation was in place
        core::WallTime last_seen;
        signals::Edges compared;                    ///< what `snapshot` brings to the comparison
        std::vector<signals::ScoreComponents> own;  ///< of `snapshot`, a profile each; empty: to be computed
    };
    /// The places of an earlier ranking.
    struct PreviousRanks {
        std::vector<std::string> codes;                        ///< of its contracts, sorted
        std::map<std::string, std::vector<int>> by_profile{};  ///< a rank for each of `codes`, 0 without one
    };

    /// What the components of a score rest on beside a contract's numbers.
    struct ScoredWith {
        std::vector<signals::Profile> profiles;
        bool include_carry = true;
    };

    static void persist_memory(auto& memory, auto& archive);
    void recompute(Memory& memory, std::vector<double> spreads) const;
    [[nodiscard]] Memory& memory_of(const market::MarketData& data, std::size_t place);
    /// Makes `memory.snapshot` that of `data`, the very same as before where nothing of it is new.
    void take(Memory& memory, const MarketDataPtr& data, const Ranking& ranking) const;
    /// Puts the verdict into `memory.snapshot`, which stays the very same where it says so already.
    static void judge(Memory& memory, const std::shared_ptr<const signals::DetectorVerdict>& verdict);
    void compute(Ranking& ranking, RankerInput input, const Cycle& cycle);
    void order(Ranking& ranking);
    [[nodiscard]] std::vector<RankedEntry> ranked_under(const Ranking& ranking, std::size_t profile,
                                                        const std::vector<signals::Rejection>& rejections);
    void remember_ranks(const Ranking& ranking);
    void forget(const Cycle& cycle);

    RankerOptions options_;
    std::unordered_map<std::string, Memory> memory_;
    std::vector<Memory*> line_up_;  ///< those of the newest ranking's contracts, at the same index
    ScoredWith scored_with_;        ///< all of Memory::own
    PreviousRanks previous_;
};

}  // namespace scanner::ranking
