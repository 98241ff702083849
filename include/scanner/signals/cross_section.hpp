#pragma once

#include "scanner/signals/snapshot.hpp"

#include <span>

namespace scanner::signals {

/// The edges of every contract of a cycle, into `edges` at the same index: plain z-scores over all of them, 4 decimals;
/// all 0 with fewer than three contracts or where an input hardly differs. No pointer may be null, and `edges` is as
/// long as `contracts`. No allocation.
void compute_edges(std::span<const ContractNumbers* const> contracts, std::span<Edges> edges);

/// The same in two steps, for one who compares again and again contracts of which few have changed: what a contract
/// brings to the comparison, in the places of its edges ...
[[nodiscard]] Edges edge_inputs(const ContractNumbers& numbers);
/// ... and the edges in place of the inputs of every contract of the cycle. No allocation.
void compare_edges(std::span<Edges> edges);

}  // namespace scanner::signals
