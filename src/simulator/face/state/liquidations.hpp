#pragma once

#include "simulator/market.hpp"

#include <cstddef>
#include <vector>

namespace scanner::simulator::face {

/// A fill that the liquidation engine made: the order's side, one-sided contracts.
struct Liquidation {
    std::int64_t id = 0;
    market::Side side = market::Side::unknown;  ///< sell: a long was liquidated
    std::int64_t price_ticks = 0;
    std::int64_t contracts = 0;
    WallTime time;
};

/// The forced closes among the trades that the market keeps, newest first.
[[nodiscard]] std::vector<Liquidation> liquidations(const SimulatedMarket& market, std::size_t contract);

}  // namespace scanner::simulator::face
