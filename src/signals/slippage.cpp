#include "scanner/signals/slippage.hpp"

#include "signals/bounded.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace scanner::signals {
namespace {

double walk_bps(std::span<const market::Level> levels, double mid, double notional_usdt) {
    // A side that lacks a thousandth of the order still counts as filling it: sizes are rounded to contracts.
    constexpr double kFilledShare = 0.999;
    double left = notional_usdt;
    double quote = 0.0;
    double base = 0.0;
    for (const market::Level& level : levels) {
        if (!(level.price > 0.0)) continue;
        const double taken = std::min(left, level.price * level.size);
        quote += taken;
        base += taken / level.price;
        left -= taken;
        if (!(left > 0.0)) break;
    }
    if (!(quote >= kFilledShare * notional_usdt) || !(base > 0.0)) return kUnknownBps;
    return bounded(std::fabs(quote / base - mid) / mid * 1e4);
}

/// The mid price, or 0 where there is none.
double mid_of(const market::OrderBook& book) {
    if (book.bids.empty() || book.asks.empty()) return 0.0;
    return book.bids.front().price / 2.0 + book.asks.front().price / 2.0;
}

}  // namespace

double buy_slippage_bps(const market::OrderBook& book, double notional_usdt) {
    const double mid = mid_of(book);
    return mid > 0.0 && notional_usdt > 0.0 ? walk_bps(book.asks, mid, notional_usdt) : kUnknownBps;
}

double sell_slippage_bps(const market::OrderBook& book, double notional_usdt) {
    const double mid = mid_of(book);
    return mid > 0.0 && notional_usdt > 0.0 ? walk_bps(book.bids, mid, notional_usdt) : kUnknownBps;
}

double slippage_bps(const market::OrderBook& book, double notional_usdt) {
    return std::max(buy_slippage_bps(book, notional_usdt), sell_slippage_bps(book, notional_usdt));
}

SlippageCurve slippage_curve(const market::OrderBook& book) {
    SlippageCurve curve{};
    for (std::size_t i = 0; i < curve.size(); ++i) curve[i] = slippage_bps(book, kSlippageNotionals[i]);
    return curve;
}

double slippage_from_curve(const SlippageCurve& curve, double notional_usdt) {
    if (!(notional_usdt > 0.0) || notional_usdt > kSlippageNotionals.back()) return kUnknownBps;
    const auto above = std::ranges::lower_bound(kSlippageNotionals, notional_usdt);
    const auto i = static_cast<std::size_t>(above - kSlippageNotionals.begin());
    if (i == 0 || *above == notional_usdt) return curve[i];
    const double below = kSlippageNotionals[i - 1];
    const double share = (notional_usdt - below) / (*above - below);
    return bounded(curve[i - 1] + share * (curve[i] - curve[i - 1]));
}

}  // namespace scanner::signals
