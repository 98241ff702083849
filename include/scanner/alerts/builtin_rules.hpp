#pragma once

#include "scanner/alerts/alert_types.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace scanner::alerts {

/// Why a rule that asks for `hold` can never fire when cycles come every `interval`, and what would fix it; nothing
/// when it can: `for` begins anew whenever no cycle came for `EdgeOptions::max_gap`.
[[nodiscard]] std::optional<std::string> hold_fault(std::chrono::milliseconds hold, std::chrono::milliseconds interval,
                                                    const EdgeOptions& edges);

/// The rules that ship: disabled. `live`: rankings follow the market between two scans, so that a condition must hold
/// for some seconds; what one scan found alone says as much as it ever did.
[[nodiscard]] std::span<const RuleView> builtin_rules(bool live = false);

}  // namespace scanner::alerts
