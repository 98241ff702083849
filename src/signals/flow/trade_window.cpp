#include "signals/flow/trade_window.hpp"

#include "signals/flow/finite.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::signals::flow {

void TradeWindow::count(const market::Trade& trade, std::int64_t now_ms) {
    const double notional = trade.price * trade.size / 2.0;  // Trade::size counts both sides
    if (!std::isfinite(notional) || notional <= 0.0) return;
    const std::int64_t time_ms = std::clamp<std::int64_t>(core::to_unix_ms(trade.time), 0, now_ms);
    oldest_ms_ = std::min(oldest_ms_, time_ms);
    const Quarter quarter = quarter_of(time_ms);
    if (quarter <= quarter_of(now_ms) - kQuarters) return;
    Traded& traded = traded_.of(quarter);
    (trade.taker_side == market::Side::buy    ? traded.bought
     : trade.taker_side == market::Side::sell ? traded.sold
                                              : traded.other) += notional;
    traded.trades += 1.0;
}

void TradeWindow::add(std::span<const market::Trade> trades, std::int64_t now_ms) {
    if (trades.empty()) return;
    for (const market::Trade& trade : trades) count(trade, now_ms);
    if (!interrupted_) return;
    interrupted_ = false;
    known_since_ms_ = now_ms;
}

/// A hole that is not filled yet keeps its older end.
void TradeWindow::interrupt() {
    if (interrupted_) return;
    interrupted_ = true;
    if (known_before_ms_ == kNever) known_before_ms_ = known_since_ms_;
}

void TradeWindow::fill(std::span<const market::Trade> trades, std::int64_t now_ms) {
    for (const market::Trade& trade : trades) count(trade, now_ms);
    // Where nothing was known before the hole, the tape begins behind the oldest trade of the list, which may have had
    // others in its millisecond. One that never traded begins with time.
    if (known_before_ms_ == kNever) known_before_ms_ = oldest_ms_ == kNever ? 0 : oldest_ms_ + 1;
    known_since_ms_ = known_before_ms_;
    interrupted_ = false;
}

void TradeWindow::fill(FlowNumbers& numbers, Quarter now) const {
    if (!is_known_since(now - kQuarters + 1)) return;
    Traded sum;
    for (const Traded& quarter : traded_.all()) {
        sum.bought += quarter.bought;
        sum.sold += quarter.sold;
        sum.other += quarter.other;
        sum.trades += quarter.trades;
    }
    const double of_known_side = sum.bought + sum.sold;
    if (of_known_side > 0.0) numbers.tfi_60s = finite((sum.bought - sum.sold) / of_known_side);
    numbers.trades_60s = sum.trades;
    numbers.turnover_60s_usdt = finite(of_known_side + sum.other);
}

std::optional<Quarter> TradeWindow::next_change(Quarter now) const {
    if (interrupted_) return std::nullopt;
    const Quarter known = first_full_window(known_since_ms_, kQuarters);
    if (now < known) return known;
    for (Quarter quarter = now - kQuarters + 1; quarter <= now; ++quarter) {
        if (traded_.of(quarter).trades > 0.0) return quarter + kQuarters;
    }
    return std::nullopt;
}

}  // namespace scanner::signals::flow
