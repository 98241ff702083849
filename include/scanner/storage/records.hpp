#pragma once

#include "scanner/core/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What history keeps: plain rows, by their natural keys, so that writing one twice changes nothing.
namespace scanner::storage {

/// A minute of one contract, aggregated from the cycles that fell into it. Key: (symbol, minute).
struct MinuteAggregate {
    std::string symbol;     ///< unified: "BTC/USDT:USDT"
    core::WallTime minute;  ///< its start
    double close = 0.0;     ///< last price seen in it
    double atr_pct = 0.0;
    double spread_bps = 0.0;
    double top5_depth_usdt = 0.0;
    double ret_1 = 0.0;
    double ret_15 = 0.0;
    std::optional<double> funding_8h_pct;
    std::optional<double> open_interest;
    std::optional<double> basis_bps;
    double manip_score = 0.0;              ///< the minute's highest
    std::vector<std::string> manip_flags;  ///< the minute's union, sorted
    int samples = 0;                       ///< cycles that went into it
};

/// A candle that has closed. Key: (symbol, open time); 1m.
struct ClosedCandle {
    std::string symbol;
    core::WallTime open_time;
    double open = 0.0, high = 0.0, low = 0.0, close = 0.0;
    double base_volume = 0.0;
};

/// One contract's place in one cycle's ranking, with every input needed to audit it. Key: (sequence, profile, symbol).
struct RankingRow {
    std::uint64_t sequence = 0;
    core::WallTime time;
    std::string profile;
    std::string symbol;
    int rank = 0;
    double score = 0.0;
    std::string inputs_json;  ///< metrics, edges, components, manipulation, settings of the cycle
};

}  // namespace scanner::storage
