#pragma once

#include "scanner/signals/flow/flow_numbers.hpp"
#include "scanner/signals/unknown.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The numbers of one contract in one cycle. Names, units and formulas: docs/metrics.md.
/// Plain values; every double here is finite, which the code that computes them ensures.
namespace scanner::signals {

/// Numbers computed from one contract's market data alone.
struct Metrics {
    double qvol_usdt = 0.0;        ///< 24 h turnover, USDT, both sides counted
    double spread_bps = 0.0;       ///< 10 000 where a side is missing or the book is crossed
    double top5_depth_usdt = 0.0;  ///< best five levels of both sides
    double atr_pct = 0.0;
    double ret_1 = 0.0;                    ///< percent
    double ret_15 = 0.0;                   ///< percent
    double slip_bps = 0.0;                 ///< the worse side for the test notional; 10 000 where it cannot be filled
    std::optional<double> funding_8h_pct;  ///< the rate of the coming settlement, scaled to eight hours
    std::optional<double> open_interest;   ///< base units
    std::optional<double> basis_bps;
    double volume_zscore = 0.0;
    double order_flow_imbalance = 0.0;  ///< best ten levels, -1..1
    double volatility_regime = 0.0;
    double price_velocity = 0.0;  ///< percent a candle
    double anomaly_score = 0.0;   ///< 0..100
    double depth_to_volume_ratio = 0.0;
    /// Days for which the contract has been listed at least; empty where the exchange does not say. Not computed from
    /// market data: the ranker, which knows the time of the cycle, sets it.
    std::optional<double> listed_days;
};

/// How a contract compares with the others of its cycle; all rounded to 4 decimals. They change with every ranking, so
/// they are kept apart from what belongs to the contract alone.
struct Edges {
    double liquidity_edge = 0.0;
    double momentum_edge = 0.0;
    double volatility_edge = 0.0;
    double microstructure_edge = 0.0;
    double anomaly_residual = 0.0;
    NumberSet unknown;  ///< those of the five that rest on a number which was not measured
};

struct Momentum {
    double z_15s = 0.0;
    double z_1m = 0.0;
    double z_5m = 0.0;
    double vwap_distance = 0.0;  ///< percent
    double rsi14 = 50.0;
};

struct Execution {
    double queue_position = 0.0;        ///< 0..1
    double simulated_impact_bps = 0.0;  ///< buying the test notional
};

enum class VolatilityBucket { low, medium, high };
[[nodiscard]] std::string_view to_string(VolatilityBucket bucket) noexcept;

struct Microstructure {
    double depth_decay = 0.0;
    double trade_imbalance = 0.0;
    bool spoof_unwind = false;
    bool passive_absorption = false;
    bool pump_signature = false;
    bool dump_signature = false;
    VolatilityBucket volatility_bucket = VolatilityBucket::low;
};

/// What the manipulation model looked at, rounded for audit: 4 decimals, but total_depth, volume_zscore and
/// pump_dump_score 2 and funding 6.
struct ManipulationFeatures {
    double imbalance = 0.0;  ///< best five levels
    double order_flow_imbalance = 0.0;
    double imbalance_delta = 0.0;
    double wall_ratio = 0.0;
    double total_depth = 0.0;
    double wick_ratio = 0.0;
    double oi_delta = 0.0;
    double funding = 0.0;
    double volume_zscore = 0.0;
    double volume_z_trend = 0.0;  ///< since the previous cycle; the value itself on the first
    double vol_regime = 0.0;
    double velocity = 0.0;
    double velocity_trend = 0.0;   ///< since the previous cycle; the value itself on the first
    double pump_dump_score = 0.0;  ///< the anomaly_score
};

/// One term of the probability part: its share of the logistic's argument.
struct ManipulationContribution {
    std::string_view feature;  ///< a literal
    double value = 0.0;
};

/// One comparison that a raised flag rests on: `value` was above (or below) `threshold`.
struct FlagEvidence {
    std::string_view quantity;  ///< a literal: the metric's public name, or one from docs/metrics.md
    double value = 0.0;
    double threshold = 0.0;
    bool above = true;
};

/// Why a flag was raised and what it adds to the severity.
struct FlagDetail {
    std::string_view flag;  ///< a literal
    double severity = 0.0;
    std::array<FlagEvidence, 3> evidence{};
    std::size_t evidence_count = 0;  ///< how many of `evidence` are filled, from the front
};

struct Manipulation {
    double manip_score = 0.0;                   ///< 0..100, 2 decimals
    std::vector<std::string_view> manip_flags;  ///< literals, sorted
    ManipulationFeatures features;
    std::vector<ManipulationContribution> contributions;  ///< in the order of the formula, the bias first
    double probability = 0.0;                             ///< logistic of the contributions' sum, 0..1, unrounded
    std::vector<FlagDetail> flag_details;                 ///< one per manip_flags, in the same order
};

struct DetectorVerdict;

/// What the detectors say of a contract beside its score and flags, which stand in Manipulation. Empty with the seed
/// model.
struct Detection {
    std::optional<double> manip_probability;  ///< 0..1; empty where no detector could tell
    std::optional<bool> quarantined;
    std::shared_ptr<const DetectorVerdict> verdict;  ///< all of it (signals/detector_verdict.hpp)
};

/// Everything computed from one contract's own data, before the others of the cycle and any profile's weights. What a
/// live feed tells (FlowNumbers) changes with nearly every ranking and is kept apart; no formula here knows it.
struct ContractNumbers {
    Metrics metrics;
    Momentum momentum;
    Execution execution;
    Microstructure microstructure;
    Manipulation manipulation;
    Detection detection;  ///< of the measured model of manipulation
    /// Those of the numbers that were not measured: they hold the neutral value of their formula, are shown as null,
    /// and count nothing in favour of the contract. Empty: the formulas as they are (compute_contract).
    NumberSet unknown;
};

/// Of a contract that no live feed tells of.
inline constexpr FlowNumbers kNoFlow;

/// All numbers of a contract in a ranking: its own, its edges, and what a live feed tells of it. Refers to all three
/// and must not outlive any.
struct NumbersView {
    /// `of_feed`: nullptr where no feed tells of the contract.
    NumbersView(const ContractNumbers& own, const Edges& among_others, const FlowNumbers* of_feed = nullptr)
        : numbers(own),
          edges(among_others),
          flow(of_feed == nullptr ? kNoFlow : *of_feed),
          unknown(own.unknown | among_others.unknown) {}

    const ContractNumbers& numbers;
    const Edges& edges;
    const FlowNumbers& flow;
    NumberSet unknown;  ///< of numbers and edges
};

/// A point of the slippage curve that is kept for answering other notionals without the book.
inline constexpr std::array<double, 10> kSlippageNotionals{1e3, 2.5e3, 5e3, 1e4, 2.5e4, 5e4, 1e5, 2.5e5, 5e5, 1e6};

}  // namespace scanner::signals
