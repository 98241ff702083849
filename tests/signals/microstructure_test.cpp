#include "scanner/signals/microstructure.hpp"

#include <gtest/gtest.h>

namespace scanner::signals {
namespace {

Microstructure of(const Metrics& metrics, MicrostructureState state = {}) {
    return compute_microstructure(metrics, state);
}

TEST(Microstructure, depth_decay_is_relative_to_the_previous_cycle) {
    MicrostructureState state;
    EXPECT_EQ(compute_microstructure({.top5_depth_usdt = 1000}, state).depth_decay, 0.0);
    EXPECT_DOUBLE_EQ(compute_microstructure({.top5_depth_usdt = 750}, state).depth_decay, 0.25);
    EXPECT_DOUBLE_EQ(compute_microstructure({.top5_depth_usdt = 1500}, state).depth_decay, -1.0);
    EXPECT_DOUBLE_EQ(compute_microstructure({.top5_depth_usdt = 0}, state).depth_decay, 1.0);
    EXPECT_EQ(compute_microstructure({.top5_depth_usdt = 10}, state).depth_decay, 0.0);
}

TEST(Microstructure, volume_only_amplifies_the_imbalance) {
    EXPECT_DOUBLE_EQ(of({.volume_zscore = 3.0, .order_flow_imbalance = -0.5}).trade_imbalance, -1.5);
    EXPECT_DOUBLE_EQ(of({.volume_zscore = -3.0, .order_flow_imbalance = -0.5}).trade_imbalance, -0.5);
}

TEST(Microstructure, spoof_unwind_is_a_bid_wall_that_vanished_into_asks) {
    const MicrostructureState wall{.order_flow_imbalance = 0.61, .top5_depth_usdt = 1000};
    const Metrics gone{.top5_depth_usdt = 740, .order_flow_imbalance = -0.21};
    EXPECT_TRUE(of(gone, wall).spoof_unwind);
    EXPECT_FALSE(of(gone, {.order_flow_imbalance = 0.6, .top5_depth_usdt = 1000}).spoof_unwind);
    EXPECT_FALSE(of({.top5_depth_usdt = 750, .order_flow_imbalance = -0.21}, wall).spoof_unwind);
    EXPECT_FALSE(of({.top5_depth_usdt = 740, .order_flow_imbalance = -0.2}, wall).spoof_unwind);
    EXPECT_FALSE(of(gone).spoof_unwind);
}

TEST(Microstructure, the_previous_imbalance_is_last_cycles) {
    MicrostructureState state;
    (void)compute_microstructure({.top5_depth_usdt = 1000, .order_flow_imbalance = 0.9}, state);
    EXPECT_TRUE(compute_microstructure({.top5_depth_usdt = 100, .order_flow_imbalance = -0.9}, state).spoof_unwind);
    EXPECT_FALSE(compute_microstructure({.top5_depth_usdt = 10, .order_flow_imbalance = -0.9}, state).spoof_unwind);
}

TEST(Microstructure, passive_absorption_is_volume_without_movement) {
    EXPECT_TRUE(of({.volume_zscore = 3.6, .order_flow_imbalance = 0.19, .price_velocity = -0.19}).passive_absorption);
    EXPECT_FALSE(of({.volume_zscore = 3.5, .order_flow_imbalance = 0.19, .price_velocity = 0.1}).passive_absorption);
    EXPECT_FALSE(of({.volume_zscore = 3.6, .order_flow_imbalance = 0.2, .price_velocity = 0.1}).passive_absorption);
    EXPECT_FALSE(of({.volume_zscore = 3.6, .order_flow_imbalance = 0.1, .price_velocity = 0.2}).passive_absorption);
}

TEST(Microstructure, pumps_and_dumps_need_return_speed_and_volume) {
    EXPECT_TRUE(of({.ret_15 = 3.1, .volume_zscore = 2.6, .price_velocity = 0.81}).pump_signature);
    EXPECT_FALSE(of({.ret_15 = 3.0, .volume_zscore = 2.6, .price_velocity = 0.81}).pump_signature);
    EXPECT_FALSE(of({.ret_15 = 3.1, .volume_zscore = 2.5, .price_velocity = 0.81}).pump_signature);
    EXPECT_FALSE(of({.ret_15 = 3.1, .volume_zscore = 2.6, .price_velocity = 0.8}).pump_signature);
    EXPECT_TRUE(of({.ret_15 = -3.1, .volume_zscore = 2.6, .price_velocity = -0.81}).dump_signature);
    EXPECT_FALSE(of({.ret_15 = -3.1, .volume_zscore = 2.6, .price_velocity = -0.8}).dump_signature);
    EXPECT_FALSE(of({.ret_15 = -3.1, .volume_zscore = 2.6, .price_velocity = -0.81}).pump_signature);
}

TEST(Microstructure, volatility_buckets) {
    EXPECT_EQ(of({.volatility_regime = -1.0}).volatility_bucket, VolatilityBucket::low);
    EXPECT_EQ(of({.volatility_regime = 0.19}).volatility_bucket, VolatilityBucket::low);
    EXPECT_EQ(of({.volatility_regime = 0.2}).volatility_bucket, VolatilityBucket::medium);
    EXPECT_EQ(of({.volatility_regime = 0.8}).volatility_bucket, VolatilityBucket::high);
    EXPECT_EQ(to_string(VolatilityBucket::low), "low");
    EXPECT_EQ(to_string(VolatilityBucket::medium), "medium");
    EXPECT_EQ(to_string(VolatilityBucket::high), "high");
}

}  // namespace
}  // namespace scanner::signals
