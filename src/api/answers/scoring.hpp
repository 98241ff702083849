#pragma once

#include "api/answers/scored_contract.hpp"

#include "scanner/ranking/ranking.hpp"
#include "scanner/signals/profile.hpp"
#include "scanner/signals/score.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

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
};

/// The scoring that the cycle itself was ranked with, under `profile`.
[[nodiscard]] Scoring cycle_scoring(const ranking::RankingSettings& settings, std::string_view profile);
[[nodiscard]] bool is_cycle_scoring(const ranking::RankingSettings& settings, const Scoring& scoring);

/// The weights of `name` in this cycle; nullptr for a profile that it was not ranked under.
[[nodiscard]] const signals::Profile* find_profile(const ranking::Ranking& ranking, std::string_view name);

[[nodiscard]] signals::ScoreOptions score_options(const Scoring& scoring);

/// The slippage of `notional_usdt`: the cycle's own number for its own notional, else the kept book walked again.
[[nodiscard]] double slippage_for(const ranking::ContractSnapshot& snapshot, const ranking::RankingSettings& settings,
                                  double notional_usdt);

/// Everything that `scoring` does not reject, best first, ranks set. The cycle's own ranking is taken as it is when the
/// request asks for nothing else, and its scores and order where the request differs in what it rejects only. The
/// result refers into `ranking`. `scoring.profile` must be one of the cycle's.
[[nodiscard]] std::vector<ScoredContract> score_contracts(const ranking::Ranking& ranking, const Scoring& scoring);

/// Every contract of the cycle that `scoring` rejects, with why, by contract code.
struct RejectedContract {
    const ranking::ContractSnapshot* snapshot = nullptr;
    signals::Rejection rejection = signals::Rejection::none;
};
[[nodiscard]] std::vector<RejectedContract> rejected_contracts(const ranking::Ranking& ranking, const Scoring& scoring);

/// The age of a contract's inputs when the ranking was made; never negative.
[[nodiscard]] std::chrono::milliseconds age_at_ranking(const ranking::Ranking& ranking,
                                                       const ranking::ContractSnapshot& snapshot);

/// The place of a contract in the cycle's own ranking under `profile`; nullptr when it has none.
[[nodiscard]] const ranking::RankedEntry* find_entry(const ranking::Ranking& ranking, std::string_view profile,
                                                     std::string_view contract_code);

}  // namespace scanner::api
