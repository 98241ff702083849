#pragma once

#include "signals/detect/evidence.hpp"

/// What each detector's raw score means, fitted by bench/detector/report.py on seeds below 1000 of the simulator's
/// market.
namespace scanner::signals::detect {

inline constexpr Calibration kScamWick{-0.40, 0.30, 1.35, 2.20};
inline constexpr Calibration kMomentumIgnition{0.20, 1.05, 1.80, 2.60};
inline constexpr Calibration kMarketStress{0.00, 0.85, 1.70, 2.50};
inline constexpr Calibration kFundingWindowPush{-1.80, 0.80, 1.95, 2.80};
inline constexpr Calibration kLiquidityVacuum{0.50, 1.65, 2.70, 3.50};
inline constexpr Calibration kSpoofingDepthImbalance{0.95, 1.35, 1.90, 2.50};
inline constexpr Calibration kSpoofingReversal{-1.10, 0.75, 1.75, 2.60};
inline constexpr Calibration kLiquidityWall{1.35, 2.00, 2.40, 3.00};
inline constexpr Calibration kWashTradeVolume{-0.75, 0.25, 1.70, 2.60};
inline constexpr Calibration kOiImplausible{-1.90, -1.00, 0.50, 1.50};

}  // namespace scanner::signals::detect
