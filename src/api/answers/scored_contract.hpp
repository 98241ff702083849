#pragma once

#include "scanner/ranking/ranking.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace scanner::api {

/// A contract of a cycle as one request sees it: what depends on the request's profile, notional and carry, beside the
/// snapshot that everybody shares. Lives no longer than its ranking.
struct ScoredContract {
    const ranking::ContractSnapshot* snapshot = nullptr;
    double score = 0.0;
    int rank = 0;                          ///< among everything that the request's scoring does not reject; 1 is best
    std::optional<int> rank_delta;         ///< of the cycle's own ranking under the profile
    double slip_bps = 0.0;                 ///< for the request's notional
    std::optional<double> funding_8h_pct;  ///< empty with include_funding=false
    std::optional<double> funding_rate;    ///< fraction per interval; empty with include_funding=false
    std::optional<double> basis_bps;       ///< empty with include_basis=false
    std::chrono::milliseconds age{0};      ///< of the inputs when the ranking was made
};

}  // namespace scanner::api
