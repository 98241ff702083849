#pragma once

#include "scanner/signals/opportunity_types.hpp"
#include "scanner/signals/score.hpp"
#include "scanner/signals/snapshot.hpp"

#include <string>
#include <string_view>
#include <vector>

/// How one might trade a ranked contract (docs/metrics.md, "Opportunities"). Suggestions computed from the same numbers
/// as the ranking; nothing here places orders.
namespace scanner::signals {

/// What an opportunity is made from.
struct OpportunityInput {
    const ContractNumbers& numbers;
    const ScoreComponents& components;
    double score = 0.0;
    double slip_bps = 0.0;    ///< for the notional that was asked, not necessarily the cycle's
    double last_price = 0.0;  ///< USDT, > 0
    /// The contract's price tick, USDT: prices are moved onto it (stop and targets away from the entry) so that they
    /// can be sent to the exchange as they are. 0 leaves them unrounded.
    double price_tick = 0.0;
    double notional_usdt = 10'000.0;
    TradeTerms terms;
    bool stale = false;  ///< the inputs are older than may pass for live
};

[[nodiscard]] Opportunity make_opportunity(const OpportunityInput& input);

/// Whether the contract's history is too short for a suggestion: a return, the range or the volatility is unknown.
[[nodiscard]] bool is_new_listing(const NumberSet& unknown) noexcept;

}  // namespace scanner::signals
