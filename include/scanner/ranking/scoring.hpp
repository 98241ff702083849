#pragma once

#include "scanner/ranking/ranking.hpp"
#include "scanner/signals/profile.hpp"
#include "scanner/signals/score.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The scores of a ranking's contracts, under the cycle's own settings or others: the one place that makes them. Pure.
namespace scanner::ranking {

/// Everything that decides a contract's score in one request.
struct Scoring {
    std::string profile;
    double min_qvol_usdt = 0.0;
    double max_spread_bps = 0.0;
    double notional_usdt = 0.0;
    double min_listed_days = 0.0;  ///< 0: of any age
    bool include_funding = true;
    bool include_basis = true;
    bool include_carry = true;
    bool quarantine = true;  ///< whether quarantined contracts come below all others
};

/// The scoring that the cycle itself was ranked with, under `profile`.
[[nodiscard]] Scoring cycle_scoring(const RankingSettings& settings, std::string_view profile);
[[nodiscard]] bool is_cycle_scoring(const RankingSettings& settings, const Scoring& scoring);
[[nodiscard]] signals::ScoreOptions score_options(const Scoring& scoring);

/// A contract of a ranking as one request sees it: what depends on the request's profile, notional and carry, beside
/// the snapshot and the edges that all requests share. Lives no longer than its ranking.
struct ScoredContract {
    const ContractSnapshot* snapshot = nullptr;  ///< never null in what the functions below return
    const signals::Edges* edges = nullptr;       ///< likewise
    const signals::FlowNumbers* flow = nullptr;  ///< nullptr where no feed tells of the contract
    std::size_t contract = 0;                    ///< index into Ranking::contracts; 0 for one that is not of it
    double score = 0.0;
    signals::ScoreComponents components;
    int rank = 0;                          ///< among everything that the request's scoring does not reject; 1 is best
    std::optional<int> rank_raw;           ///< the same without quarantine; empty with the seed model
    std::optional<int> rank_delta;         ///< of the cycle's own ranking under the profile
    double slip_bps = 0.0;                 ///< for the request's notional
    std::optional<double> funding_8h_pct;  ///< empty with include_funding=false
    std::optional<double> funding_rate;    ///< fraction per interval; empty with include_funding=false
    std::optional<double> basis_bps;       ///< empty with include_basis=false
    std::chrono::milliseconds age{0};      ///< of the inputs when the ranking was made

    [[nodiscard]] signals::NumbersView numbers() const { return {snapshot->numbers, *edges, flow}; }
};

/// The weights of `name` in this cycle; nullptr for a profile that it was not ranked under.
[[nodiscard]] const signals::Profile* find_profile(const Ranking& ranking, std::string_view name);

/// Everything that `scoring` does not reject, best first, ranks set. The cycle's own ranking is taken as it is when the
/// request asks for nothing else, and its scores and order where the request differs in what it rejects only. The
/// result refers into `ranking`. `scoring.profile` must be one of the cycle's.
[[nodiscard]] std::vector<ScoredContract> score_contracts(const Ranking& ranking, const Scoring& scoring);

/// Puts quarantined contracts below all others, if `quarantine`; `entries` are in the order of their scores, and get
/// both ranks.
void place_entries(const Ranking& ranking, std::vector<RankedEntry>& entries, bool quarantine);

/// A place of the cycle's own ranking as an item, taken as it is.
[[nodiscard]] ScoredContract cycle_item(const Ranking& ranking, const RankedEntry& entry);

/// One contract, and why `scoring` rejects it if it does: score and components are those that it would have.
struct Assessment {
    ScoredContract item;  ///< with the rank of the cycle's own ranking, 0 without one
    signals::Rejection rejection = signals::Rejection::none;
};
/// Of a contract of `ranking`, or of one that was read by itself and is compared with it (`edges_among`).
/// `scoring.profile` must be one of the cycle's. `flow`: what a feed tells of a contract that is not of `ranking`; must
/// outlive the result.
[[nodiscard]] Assessment assess(const Ranking& ranking, const ContractSnapshot& snapshot, const signals::Edges& edges,
                                const Scoring& scoring, const signals::FlowNumbers* flow = nullptr);

/// How a contract with these numbers would have stood among those of `ranking`.
[[nodiscard]] signals::Edges edges_among(const Ranking& ranking, const signals::ContractNumbers& numbers);

/// Every contract of the cycle that `scoring` rejects, with why, by contract code.
struct RejectedContract {
    const ContractSnapshot* snapshot = nullptr;
    signals::Rejection rejection = signals::Rejection::none;
};
[[nodiscard]] std::vector<RejectedContract> rejected_contracts(const Ranking& ranking, const Scoring& scoring);

/// The age of a contract's inputs when the ranking was made; never negative.
[[nodiscard]] std::chrono::milliseconds age_at_ranking(const Ranking& ranking, const ContractSnapshot& snapshot);

/// The place of a contract in the cycle's own ranking under `profile`; nullptr when it has none.
[[nodiscard]] const RankedEntry* find_entry(const Ranking& ranking, std::string_view profile,
                                            std::string_view contract_code);

}  // namespace scanner::ranking
