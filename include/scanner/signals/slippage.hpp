#pragma once

#include "scanner/market/market.hpp"
#include "scanner/signals/snapshot.hpp"

#include <array>

/// What an order of a given size would cost against a book. Pure, no allocation, any thread.
namespace scanner::signals {

/// What a spread or a slippage reads where it cannot be told: the worst there is.
inline constexpr double kUnknownBps = 10'000.0;

/// Basis points between the mid price and the average fill of buying (or selling) `notional_usdt` at market by walking
/// the book; kUnknownBps where a side is missing, the side holds under 99.9 % of the notional, or the notional is not >
/// 0.
[[nodiscard]] double buy_slippage_bps(const market::OrderBook& book, double notional_usdt);
[[nodiscard]] double sell_slippage_bps(const market::OrderBook& book, double notional_usdt);

/// The worse of the two: `slip_bps`.
[[nodiscard]] double slippage_bps(const market::OrderBook& book, double notional_usdt);

/// `slip_bps` at each of kSlippageNotionals.
using SlippageCurve = std::array<double, kSlippageNotionals.size()>;

/// The curve that is kept so that other notionals can be answered without the book.
[[nodiscard]] SlippageCurve slippage_curve(const market::OrderBook& book);

/// `slip_bps` read off a curve: exact at its points, linear in the notional between them. Under the smallest point it
/// is the smallest point's (never better than measured); over the largest kUnknownBps (depth that was not measured).
[[nodiscard]] double slippage_from_curve(const SlippageCurve& curve, double notional_usdt);

}  // namespace scanner::signals
