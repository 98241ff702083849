#include "simulator/face/state/liquidations.hpp"

#include <ranges>

namespace scanner::simulator::face {

std::vector<Liquidation> liquidations(const SimulatedMarket& market, std::size_t contract) {
    std::vector<Liquidation> found;
    const auto trades = market.trades(contract, 2'000);
    for (const SimulatedTrade& trade : trades | std::views::reverse) {
        if (!trade.liquidation) continue;
        found.push_back({.id = trade.match_id * 10'000 + trade.fill_index,
                         .side = trade.taker_side,
                         .price_ticks = trade.price_ticks,
                         .contracts = trade.doubled_contracts / 2,
                         .time = trade.time});
    }
    return found;
}

}  // namespace scanner::simulator::face
