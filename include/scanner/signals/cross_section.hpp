#pragma once

#include "scanner/signals/snapshot.hpp"

#include <span>

namespace scanner::signals {

/// Fills `edges` of every contract of a cycle: plain z-scores over all of them, 4 decimals; all 0 with fewer than three
/// contracts or where an input hardly differs. No pointer may be null. No allocation.
void apply_cross_section(std::span<ContractNumbers* const> contracts);

}  // namespace scanner::signals
