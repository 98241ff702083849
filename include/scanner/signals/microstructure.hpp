#pragma once

#include "scanner/signals/snapshot.hpp"

namespace scanner::signals {

/// What the microstructure block remembers of a contract's previous cycle.
struct MicrostructureState {
    double order_flow_imbalance = 0.0;
    double top5_depth_usdt = 0.0;
};

/// The microstructure block of this cycle; `previous` becomes this cycle's. Pure otherwise, no allocation.
[[nodiscard]] Microstructure compute_microstructure(const Metrics& metrics, MicrostructureState& previous);

}  // namespace scanner::signals
