#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <string>
#include <vector>

/// The worked cases that the engine was specified with; they travel beside the project, not in it.
namespace scanner::golden {

inline std::string path() {
    return std::string(SCANNER_SOURCE_DIR) + "/../shared/golden/cycles.jsonl";
}

/// The lines of the file; empty where it is absent.
inline std::vector<std::string> lines() {
    std::ifstream file(path());
    std::vector<std::string> result;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty()) result.push_back(line);
    }
    return result;
}

/// Absolute tolerance of a field that the cases give rounded; 0 for the unrounded ones.
inline double rounding_of(const std::string& block, const std::string& field) {
    static const std::set<std::string> kFourDecimals{"liquidity_edge",      "momentum_edge",    "volatility_edge",
                                                     "microstructure_edge", "anomaly_residual", "score",
                                                     "score_without_carry"};
    if (field == "manip_score") return 0.01;
    if (kFourDecimals.contains(field)) return 1e-4;
    if (block != "manipulation_features") return 0.0;
    if (field == "funding") return 1e-6;
    return field == "total_depth" || field == "volume_zscore" || field == "pump_dump_score" ? 0.01 : 1e-4;
}

/// Whether `actual` agrees with `expected` of a field as golden/README.md says.
inline bool agrees(double actual, double expected, double rounding) {
    const double distance = std::fabs(actual - expected);
    if (rounding > 0.0) return distance <= rounding * (1.0 + 1e-6);
    return distance <= 1e-9 || distance <= 1e-9 * std::fabs(expected);
}

}  // namespace scanner::golden
