#pragma once

#include "scanner/market/market.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::app {

/// What is wrong with a line of input: which field ("symbols[2].candles[17][4]"; empty for the line itself), and why.
struct FieldProblem {
    std::string field;
    std::string what;
};

struct CycleSettings {
    double notional_usdt = 0.0;
    double min_qvol_usdt = 0.0;
    double max_spread_bps = 0.0;
};

struct CycleSymbol {
    std::string symbol;
    market::MarketData data;  ///< without a contract; all candles closed
};

/// One line of input.
struct CycleInput {
    std::int64_t cycle = 0;
    CycleSettings settings;
    std::vector<CycleSymbol> symbols;  ///< distinct
};

/// Reads one line; unknown fields are ignored, a field that may be null may also be absent.
[[nodiscard]] std::expected<CycleInput, FieldProblem> parse_cycle(std::string_view line);

}  // namespace scanner::app
