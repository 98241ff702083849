#pragma once

#include "signals/detect/evidence.hpp"

/// What each detector's raw score means, fitted by bench/detector/report.py on seeds below 1000 of the simulator's
/// market.
namespace scanner::signals::detect {

inline constexpr Calibration kScamWick{-0.40, 0.25, 1.00, 1.80};
inline constexpr Calibration kMomentumIgnition{0.20, 1.00, 1.50, 2.20};
inline constexpr Calibration kMarketStress{0.00, 0.85, 1.70, 2.50};
inline constexpr Calibration kFundingWindowPush{-2.40, -0.25, 0.55, 1.35};
inline constexpr Calibration kLiquidityVacuum{0.20, 1.50, 2.40, 3.40};
inline constexpr Calibration kSpoofingDepthImbalance{0.30, 1.25, 1.75, 2.35};
inline constexpr Calibration kSpoofingReversal{-1.60, 0.75, 1.60, 2.50};
inline constexpr Calibration kLiquidityWall{1.40, 2.00, 2.70, 3.40};
inline constexpr Calibration kWashTradeVolume{-0.95, -0.35, 0.60, 1.50};
inline constexpr Calibration kOiImplausible{-1.90, -1.00, 0.50, 1.50};

}  // namespace scanner::signals::detect
