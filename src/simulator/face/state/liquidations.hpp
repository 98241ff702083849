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

/// The market does not tell who trades. One taker order in 64, always the same ones, counts as a liquidation, so that
/// price, size, side and time agree with the tape. Newest first; from the trades that the market keeps.
[[nodiscard]] std::vector<Liquidation> liquidations(const SimulatedMarket& market, std::size_t contract);

}  // namespace scanner::simulator::face
