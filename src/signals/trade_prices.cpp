#include "signals/trade_prices.hpp"

#include "signals/bounded.hpp"

#include "scanner/core/decimal.hpp"
#include "scanner/signals/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace scanner::signals {
namespace {

double moved(double price, double direction, double pct) {
    return std::max(0.0, bounded(price * (1.0 + direction * pct / 100.0)));
}

}  // namespace

double on_tick(double price, double tick, double direction) {
    if (!(tick > 0.0) || !(price > 0.0)) return price;
    const double steps = price / tick;
    if (!(steps < 9'007'199'254'740'992.0)) return price;
    // A price that is on the tick but for its last bits must not be pushed a whole tick further.
    const double slack = std::max(1e-9, 8.0 * std::numeric_limits<double>::epsilon() * steps);
    double whole = std::nearbyint(steps);
    if (direction != 0.0 && std::fabs(steps - whole) > slack) {
        whole = direction < 0.0 ? std::floor(steps) : std::ceil(steps);
    }
    return bounded(core::DecimalUnit(tick).times(whole));
}

TradePrices trade_prices(const Opportunity& o, double direction, double tick) {
    TradePrices prices;
    const double away = o.entry_type == EntryType::breakout ? direction : -direction;
    prices.entry_price = on_tick(moved(o.last_price, away, o.entry_pct), tick, 0.0);
    const auto beyond = [&](double price, double side) { return side * (price - prices.entry_price) > 0.0; };

    prices.stop_price = on_tick(moved(o.last_price, -direction, o.stop_suggestion), tick, -direction);
    if (!beyond(prices.stop_price, -direction)) {
        prices.stop_price = on_tick(moved(prices.entry_price, -direction, o.stop_suggestion), tick, -direction);
    }
    const bool from_last = beyond(on_tick(moved(o.last_price, direction, o.tp_levels[0]), tick, direction), direction);
    const double start = from_last ? o.last_price : prices.entry_price;
    for (std::size_t i = 0; i < o.tp_levels.size(); ++i) {
        prices.tp_prices[i] = on_tick(moved(start, direction, o.tp_levels[i]), tick, direction);
    }
    return prices;
}

std::optional<Prospect> prospect_of(const TradePrices& prices) {
    const double entry = prices.entry_price;
    if (!(entry > 0.0) || !(prices.stop_price > 0.0) || !(prices.tp_prices[1] > 0.0)) return std::nullopt;
    const Prospect prospect{.reward_pct = bounded(std::fabs(prices.tp_prices[1] / entry - 1.0) * 100.0),
                            .risk_pct = bounded(std::fabs(prices.stop_price / entry - 1.0) * 100.0)};
    if (!(prospect.risk_pct > 0.0)) return std::nullopt;
    return prospect;
}

std::optional<double> round_trip_cost_pct(double taker_fee_pct, double slip_bps) {
    if (!(slip_bps < kUnknownBps)) return std::nullopt;
    return bounded(2.0 * (taker_fee_pct + slip_bps / 100.0));
}

double reward_risk(const Prospect& prospect, double cost_pct) {
    return bounded((prospect.reward_pct - cost_pct) / (prospect.risk_pct + cost_pct));
}

}  // namespace scanner::signals
