#pragma once

#include "scanner/signals/score.hpp"
#include "scanner/signals/snapshot.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

/// How one might trade a ranked contract (docs/metrics.md, "Opportunities"). Suggestions computed from the same numbers
/// as the ranking; nothing here places orders.
namespace scanner::signals {

enum class SideBias { neutral, long_side, short_side };
/// "neutral", "long", "short".
[[nodiscard]] std::string_view to_string(SideBias side) noexcept;

enum class EntryType { pullback, fade, breakout };
[[nodiscard]] std::string_view to_string(EntryType type) noexcept;

struct Opportunity {
    SideBias side_bias = SideBias::neutral;
    EntryType entry_type = EntryType::breakout;
    double entry_pct = 0.0;              ///< distance of the entry from the last price, percent, 3 decimals
    double stop_suggestion = 0.0;        ///< percent, 3 decimals
    std::array<double, 3> tp_levels{};   ///< percent, 3 decimals
    int confidence = 0;                  ///< 0..100
    double last_price = 0.0;             ///< USDT
    double entry_price = 0.0;            ///< USDT
    double stop_price = 0.0;             ///< USDT; 0 where a long's stop would be at or under zero
    std::array<double, 3> tp_prices{};   ///< USDT, nearest first; 0 where a short's target would be at or under zero
    std::vector<std::string> rationale;  ///< why this side, then the score's components by weight: "liquidity +29.05"
};

/// What an opportunity is made from.
struct OpportunityInput {
    const ContractNumbers& numbers;
    const ScoreComponents& components;
    double score = 0.0;
    double slip_bps = 0.0;    ///< for the notional that was asked, not necessarily the cycle's
    double last_price = 0.0;  ///< USDT, > 0
    /// The contract's price step, USDT: prices are moved onto it (stop and targets away from the entry) so that they
    /// can be sent to the exchange as they are. 0 leaves them unrounded.
    double price_tick = 0.0;
};

[[nodiscard]] Opportunity make_opportunity(const OpportunityInput& input);

}  // namespace scanner::signals
