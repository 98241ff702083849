#pragma once

#include "scanner/engine/scan_options.hpp"
#include "scanner/market/market.hpp"
#include "scanner/ranking/ranking.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::engine {

using Contracts = std::vector<std::shared_ptr<const market::Contract>>;

/// A contract that the cycle will read, with its ticker.
struct Candidate {
    std::shared_ptr<const market::Contract> contract;
    market::Ticker ticker;
};

struct Universe {
    std::vector<Candidate> candidates;           ///< by turnover, largest first; ties by contract code
    std::vector<ranking::Exclusion> exclusions;  ///< every other contract of the list, with its reason
};

/// What is wrong when the ticker's volumes in base units and in contracts tell another contract size than the list: the
/// size has changed since the list was read, and everything counted in contracts would be wrong by that factor. Empty
/// where they agree, and where nothing was traded that could tell. Pure.
[[nodiscard]] std::string size_mismatch(const market::Contract& contract, const market::Ticker& ticker);

/// Picks what a cycle reads: listed contracts that are allowed, of the wanted class, with a ticker whose volumes agree
/// with the contract's size, by turnover. Pure.
/// An allowed name that the exchange does not list is an exclusion too ("unknown_contract"), so that a typo shows.
[[nodiscard]] Universe select_universe(const Contracts& contracts,
                                       const std::unordered_map<std::string, market::Ticker>& tickers,
                                       const UniverseOptions& options);

/// The contracts that pass everything of `select_universe` but the order by turnover, were there a ticker for each, in
/// the order of the list. Pure.
[[nodiscard]] Contracts eligible_contracts(const Contracts& contracts, const UniverseOptions& options);

}  // namespace scanner::engine
