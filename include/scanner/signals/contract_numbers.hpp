#pragma once

#include "scanner/market/market.hpp"
#include "scanner/signals/manipulation.hpp"
#include "scanner/signals/microstructure.hpp"
#include "scanner/signals/snapshot.hpp"

#include <string>
#include <vector>

/// The entry of the room: one contract's market data in, all of its own numbers out.
namespace scanner::signals {

/// The memory from one cycle to the next, one per contract, kept by the caller. A contract that misses a cycle keeps
/// its state.
struct ContractState {
    MicrostructureState microstructure;
    ManipulationState manipulation;
    NumberSet unknown;  ///< of the previous cycle; left alone by compute_contract
};

/// The formulas alone: everything but the edges, which need the whole cycle (compute_edges). A missing book or
/// missing candles count as empty ones. `notional_usdt` > 0 is the test order's size. `previous` becomes this cycle's.
[[nodiscard]] ContractNumbers compute_contract(const market::MarketData& data, double notional_usdt,
                                               ContractState& previous);

/// The same into `numbers`, whose memory is reused: no allocation in steady state.
void compute_contract(const market::MarketData& data, double notional_usdt, ContractState& previous,
                      ContractNumbers& numbers);

/// What a live cycle uses: compute_contract with `unknown` filled, and without flags and signatures that would rest on
/// an unknown number.
void measure_contract(const market::MarketData& data, double notional_usdt, ContractState& previous,
                      ContractNumbers& numbers);

/// What a person should know about these numbers, a sentence each: what is unknown for want of history, and where
/// spread and slippage stand at their worst value because there was nothing to measure. Empty for most contracts.
[[nodiscard]] std::vector<std::string> notes_on(const market::MarketData& data, const ContractNumbers& numbers,
                                                double notional_usdt);

}  // namespace scanner::signals
