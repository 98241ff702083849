#pragma once

#include "scanner/market/market.hpp"
#include "scanner/signals/manipulation.hpp"
#include "scanner/signals/microstructure.hpp"
#include "scanner/signals/snapshot.hpp"

/// The entry of the room: one contract's market data in, all of its own numbers out.
namespace scanner::signals {

/// The memory from one cycle to the next, one per contract, kept by the caller. A contract that misses a cycle keeps
/// its state.
struct ContractState {
    MicrostructureState microstructure;
    ManipulationState manipulation;
};

/// Everything but the edges, which need the whole cycle (apply_cross_section). A missing book or missing candles count
/// as empty ones. `notional_usdt` > 0 is the test order's size. `previous` becomes this cycle's.
[[nodiscard]] ContractNumbers compute_contract(const market::MarketData& data, double notional_usdt,
                                               ContractState& previous);

/// The same into `numbers`, whose memory is reused: no allocation in steady state.
void compute_contract(const market::MarketData& data, double notional_usdt, ContractState& previous,
                      ContractNumbers& numbers);

}  // namespace scanner::signals
