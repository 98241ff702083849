#pragma once

#include "scanner/market/market.hpp"
#include "scanner/signals/snapshot.hpp"

#include <optional>
#include <span>
#include <string_view>

/// The seed manipulation model (docs/metrics.md, "Manipulation"): rules that raise flags with severities, beside a
/// logistic probability; the score is the larger of the two.
namespace scanner::signals {

/// What the model remembers of a contract's previous cycle.
struct ManipulationState {
    bool seen = false;  ///< false until the contract's first cycle; "previous" terms are 0 then
    double imbalance = 0.0;
    double volume_zscore = 0.0;
    double price_velocity = 0.0;
    std::optional<double> open_interest;
};

/// A flag of the model: its public name, what it adds, and what it means in a sentence.
struct FlagInfo {
    std::string_view name;
    double severity;
    std::string_view meaning;
};
/// Every flag, sorted by name.
[[nodiscard]] std::span<const FlagInfo> manipulation_flags();
/// The literal of a flag's name, for decoding stored numbers; nothing for an unknown one.
[[nodiscard]] std::optional<std::string_view> find_manipulation_flag(std::string_view name);

/// The names of the probability's terms, in the order of the formula, "bias" first.
[[nodiscard]] std::span<const std::string_view> manipulation_terms();
/// The literal of a term's name; nothing for an unknown one.
[[nodiscard]] std::optional<std::string_view> find_manipulation_term(std::string_view name);

/// What the model looks at beside the metrics.
struct ManipulationInput {
    const Metrics& metrics;
    const market::OrderBook& book;
    const market::Candle* last_candle = nullptr;  ///< the newest, running or not; may be null
    double notional_usdt = 0.0;
    NumberSet unknown{};  ///< no flag is raised on these
};

/// Fills `result` (its vectors' capacity is reused: no allocation once they have grown); `previous` becomes this
/// cycle's.
void compute_manipulation(const ManipulationInput& input, ManipulationState& previous, Manipulation& result);

}  // namespace scanner::signals
