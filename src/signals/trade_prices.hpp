#pragma once

#include "scanner/signals/opportunity_types.hpp"

#include <optional>

namespace scanner::signals {

/// `price` on the price tick, rounded down (direction < 0), up (> 0) or to the nearest (0). A tick that is not above 0,
/// or so fine that a double cannot tell its steps, leaves the price as it is.
[[nodiscard]] double on_tick(double price, double tick, double direction);

/// Prices from the percentages of `o`, for a trade that wins when the price goes in `direction` (+1, -1). All are
/// measured from the last price; a stop or targets that would not lie beyond the entry (contracts that hardly move) are
/// measured from the entry, so that no order is stopped out as it fills.
[[nodiscard]] TradePrices trade_prices(const Opportunity& o, double direction, double tick);

/// What a trade at these prices brings and risks. Everything in percent of the entry.
struct Prospect {
    double reward_pct = 0.0;  ///< from the entry to the second target
    double risk_pct = 0.0;    ///< from the entry to the stop
};
/// Nothing where one of the prices is missing, or the stop is no loss.
[[nodiscard]] std::optional<Prospect> prospect_of(const TradePrices& prices);

/// Both ways at the taker's fee and at the slippage from the mid price, which holds half the spread each way. Nothing
/// where the book cannot fill the notional.
[[nodiscard]] std::optional<double> round_trip_cost_pct(double taker_fee_pct, double slip_bps);

/// Reward over risk when `cost_pct` is taken off the one and added to the other. Falls as the cost grows.
[[nodiscard]] double reward_risk(const Prospect& prospect, double cost_pct);

}  // namespace scanner::signals
