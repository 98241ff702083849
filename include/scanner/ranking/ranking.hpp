#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/manip_model.hpp"
#include "scanner/market/market.hpp"
#include "scanner/signals/profile.hpp"
#include "scanner/signals/score.hpp"
#include "scanner/signals/snapshot.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::ranking {

/// What belongs to one contract alone: what was read and what was computed from it. Immutable; shared by every ranking
/// until something new is read of the contract.
struct ContractSnapshot {
    [[nodiscard]] bool is_quarantined() const noexcept { return numbers.detection.quarantined.value_or(false); }

    market::MarketData data;
    signals::ContractNumbers numbers;    ///< its own; edges and flow are the ranking's
    std::vector<double> spread_history;  ///< spread_bps of up to 50 readings, oldest first, this one last
    std::vector<std::string> notes;      ///< what a person should know of these numbers; mostly empty
};
using ContractSnapshotPtr = std::shared_ptr<const ContractSnapshot>;

/// What a live feed tells of one contract: immutable, and shared by rankings until it tells something else.
using FlowNumbersPtr = std::shared_ptr<const signals::FlowNumbers>;

/// The place of a contract in the cycle's own ranking under one profile.
struct RankedEntry {
    std::size_t contract = 0;       ///< index into Ranking::contracts
    double score = 0.0;             ///< 4 decimals
    int rank = 0;                   ///< 1 is best
    int rank_raw = 0;               ///< the same, had none been quarantined
    std::optional<int> rank_delta;  ///< previous rank - rank; empty where it was not ranked before
    signals::ScoreComponents components;
};

/// What the cycle was computed with.
struct RankingSettings {
    std::string default_profile;
    double notional_usdt = 0.0;
    double min_qvol_usdt = 0.0;
    double max_spread_bps = 0.0;
    double min_listed_days = 0.0;  ///< 0: contracts of any age, known or not
    bool include_carry = true;
    bool simulated = false;                                 ///< the exchange is a simulator; every answer says so
    core::ManipModel manip_model = core::ManipModel::seed;  ///< every answer says so too
    bool quarantine = true;  ///< contracts that the measured model quarantines are ranked below all others
};

/// A contract that was looked at and left out, with the reason.
struct Exclusion {
    std::string contract_code;
    std::string reason;  ///< a stable name: inactive, not_allowed, asset_class, no_ticker, contract_size_mismatch,
                         ///< turnover_rank, volume, spread, stale_ticker, stale_book, stale_candles,
                         ///< price_outside_book, fetch_failed, malformed, unknown_contract,
                         ///< new_listing
    std::string detail;  ///< for a person; may be empty

    friend bool operator==(const Exclusion&, const Exclusion&) = default;
};

/// The outcome of one cycle: immutable, shared by API, streams, cache, history and alerts, none of which recompute or
/// copy it. What belongs to one contract is in `contracts`; what every ranking changes is beside it: edges, what a feed
/// tells, scores and ranks.
struct Ranking {
    std::uint64_t sequence = 0;  ///< 1, 2, 3, … without gaps while the process lives; continues across a warm restart
    std::uint64_t epoch = 0;     ///< which term of an elected scanner made it; 0: one that runs alone
    core::WallTime time;         ///< when it was made
    core::WallTime next_scan_at;
    double cycle_ms = 0.0;
    std::uint64_t requests = 0;  ///< exchange calls of this cycle, retries included
    bool has_flow = false;       ///< a live feed was on: items have its numbers, null where it could not tell
    RankingSettings settings;
    std::vector<signals::Profile> profiles;      ///< the weights that `ranked` was made with
    std::vector<ContractSnapshotPtr> contracts;  ///< everything scanned, by contract code; none is null
    std::vector<signals::Edges> edges;           ///< of `contracts`, at the same index
    /// Of `contracts`, at the same index; nullptr where no feed tells of one. Empty without a feed.
    std::vector<FlowNumbersPtr> flow;
    std::map<std::string, std::vector<RankedEntry>> ranked;  ///< profile name -> best first
    std::vector<Exclusion> exclusions;
    std::map<std::string, std::size_t> excluded_by_reason;

    /// Whether scores and flags of manipulation are the detectors'. Items have what only those tell then.
    [[nodiscard]] bool is_measured() const noexcept { return settings.manip_model == core::ManipModel::measured; }
    /// `index` is one of `contracts`, here and below.
    [[nodiscard]] const ContractSnapshot& contract(std::size_t index) const { return *contracts[index]; }
    [[nodiscard]] signals::NumbersView numbers_view(std::size_t index) const {
        return {contracts[index]->numbers, edges[index], flow_of(index)};
    }
    /// nullptr where no feed tells of the contract.
    [[nodiscard]] const signals::FlowNumbers* flow_of(std::size_t index) const {
        return index < flow.size() ? flow[index].get() : nullptr;
    }
    /// Where `contract_code` is in `contracts`; empty when it was not scanned.
    [[nodiscard]] std::optional<std::size_t> index_of(std::string_view contract_code) const;
    /// The snapshot of `contract_code`, or nullptr when it was not scanned.
    [[nodiscard]] const ContractSnapshot* find(std::string_view contract_code) const;
};

using RankingPtr = std::shared_ptr<const Ranking>;

}  // namespace scanner::ranking
