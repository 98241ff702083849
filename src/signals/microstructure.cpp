#include "scanner/signals/microstructure.hpp"

#include "signals/bounded.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::signals {
namespace {

VolatilityBucket bucket_of(double volatility_regime) {
    if (volatility_regime < 0.2) return VolatilityBucket::low;
    return volatility_regime < 0.8 ? VolatilityBucket::medium : VolatilityBucket::high;
}

}  // namespace

std::string_view to_string(VolatilityBucket bucket) noexcept {
    switch (bucket) {
        case VolatilityBucket::low: return "low";
        case VolatilityBucket::medium: return "medium";
        case VolatilityBucket::high: return "high";
    }
    return "low";
}

Microstructure compute_microstructure(const Metrics& metrics, MicrostructureState& previous) {
    const double imbalance = metrics.order_flow_imbalance;
    const double volume_z = metrics.volume_zscore;
    const double velocity = metrics.price_velocity;
    Microstructure block;
    if (previous.top5_depth_usdt > 0.0) {
        block.depth_decay = bounded((previous.top5_depth_usdt - metrics.top5_depth_usdt) / previous.top5_depth_usdt);
    }
    block.trade_imbalance = bounded(imbalance * std::max(volume_z, 1.0));
    block.spoof_unwind = previous.order_flow_imbalance > 0.6 && imbalance < -0.2 && block.depth_decay > 0.25;
    block.passive_absorption = std::fabs(imbalance) < 0.2 && volume_z > 3.5 && std::fabs(velocity) < 0.2;
    block.pump_signature = metrics.ret_15 > 3.0 && velocity > 0.8 && volume_z > 2.5;
    block.dump_signature = metrics.ret_15 < -3.0 && velocity < -0.8 && volume_z > 2.5;
    block.volatility_bucket = bucket_of(metrics.volatility_regime);
    previous = {.order_flow_imbalance = imbalance, .top5_depth_usdt = metrics.top5_depth_usdt};
    return block;
}

}  // namespace scanner::signals
