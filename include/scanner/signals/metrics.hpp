#pragma once

#include "scanner/market/market.hpp"
#include "scanner/signals/slippage.hpp"
#include "scanner/signals/snapshot.hpp"

#include <cstddef>
#include <optional>
#include <span>

/// The figures of one contract, each a pure function of what it is given. Definitions: docs/metrics.md, "One contract".
/// All of them are total: any finite input gives a finite output, and none allocates. Any thread.
namespace scanner::signals {

/// (ask - bid) / mid in basis points; kUnknownBps where a side is missing or not positive, or the quotes touch or
/// cross.
[[nodiscard]] double spread_bps(const std::optional<market::Level>& bid, const std::optional<market::Level>& ask);

/// A funding rate (fraction per interval of `interval_hours` > 0) in percent per eight hours, so that contracts
/// compare.
[[nodiscard]] double funding_8h_pct(double rate, int interval_hours);

/// USDT resting in the best `levels` levels of both sides.
[[nodiscard]] double depth_usdt(const market::OrderBook& book, std::size_t levels);

/// (bids - asks) / (bids + asks) in USDT over the best `levels` levels, -1..1; 0 for an empty book.
[[nodiscard]] double book_imbalance(const market::OrderBook& book, std::size_t levels);

/// Mean true range of the last 50 candles in percent of the last close.
[[nodiscard]] double atr_pct(std::span<const market::Candle> candles);

/// Change in percent over the last `back` of `closes` (all > 0, oldest first); 0 where there is no close that far back.
[[nodiscard]] double return_pct(std::span<const double> closes, std::size_t back);

/// Percent a candle over the last five, clamped to +-10; 0 with five closes or fewer.
[[nodiscard]] double price_velocity(std::span<const double> closes);

/// How far the last of `volumes` (all > 0, at most the last 60 count) stands from their median, in population standard
/// deviations, clamped to +-10; 0 with fewer than 10 or next to no spread.
[[nodiscard]] double volume_zscore(std::span<const double> volumes);

/// Deviation of the last 20 log returns over that of the last 60, minus 1, clamped to [-1, 5]; 0 with 60 closes or
/// fewer.
[[nodiscard]] double volatility_regime(std::span<const double> closes);

/// How unusual price, volume and volatility are together, 0..100.
[[nodiscard]] double anomaly_score(double ret_1, double ret_15, double volume_zscore, double volatility_regime);

/// (last - mean) / population deviation of the last `window` closes; 0 where there are fewer or they hardly differ.
[[nodiscard]] double price_zscore(std::span<const double> closes, std::size_t window);

/// Cutler's RSI of the last 14 changes, 0..100; 50 with 14 closes or fewer, 100 without a loss.
[[nodiscard]] double rsi14(std::span<const double> closes);

/// Volume-weighted average close of `candles`; nothing where they have no volume.
[[nodiscard]] std::optional<double> volume_weighted_price(std::span<const market::Candle> candles);

/// Everything of the "One contract" table but the edges and the manipulation model. Volume and volatility figures come
/// from the closed candles, price figures from all of them. `notional_usdt` is the size whose slippage is asked.
[[nodiscard]] Metrics compute_metrics(const market::MarketData& data, double notional_usdt);

/// The momentum block; VWAP from the closed candles against the live close.
[[nodiscard]] Momentum compute_momentum(const market::MarketData& data);

/// The execution block for an order of `notional_usdt`.
[[nodiscard]] Execution compute_execution(const market::OrderBook& book, double notional_usdt);

}  // namespace scanner::signals
