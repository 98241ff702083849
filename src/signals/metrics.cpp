#include "scanner/signals/metrics.hpp"

#include "signals/bounded.hpp"
#include "signals/metrics_from_views.hpp"
#include "signals/recent.hpp"

#include "scanner/core/decimal.hpp"
#include "scanner/signals/slippage.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace scanner::signals {
namespace {

constexpr std::size_t kAtrCandles = 50;
constexpr double kNoPriceSpread = 1e-9;  // a deviation at or under this is rounding, not movement
constexpr double kNoVolumeSpread = 1e-6;

double side_usdt(std::span<const market::Level> levels, std::size_t most) {
    double sum = 0.0;
    for (const market::Level& level : levels.first(std::min(levels.size(), most))) sum += level.price * level.size;
    return bounded(sum);
}

double true_range(const market::Candle& candle, double previous_close) {
    return std::max(
        {candle.high - candle.low, std::fabs(candle.high - previous_close), std::fabs(candle.low - previous_close)});
}

double median(std::span<const double> values) {
    std::array<double, 60> sorted;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled on the next line
    const auto end = std::copy(values.begin(), values.end(), sorted.begin());
    const auto middle = sorted.begin() + (end - sorted.begin()) / 2;
    std::nth_element(sorted.begin(), middle, end);
    if (values.size() % 2 == 1) return *middle;
    return (*std::max_element(sorted.begin(), middle) + *middle) / 2.0;
}

double depth_to_volume(double depth, std::span<const market::Candle> closed) {
    for (std::size_t i = closed.size(); i > 0; --i) {
        const market::Candle& candle = closed[i - 1];
        if (candle.base_volume > 0.0) {
            const double traded = candle.base_volume * candle.close;
            return traded > 0.0 ? bounded(depth / traded) : 0.0;
        }
    }
    return 0.0;
}

/// Without a contract the rate counts as one per eight hours, the usual interval.
int funding_hours(const market::MarketData& data) {
    return data.contract == nullptr ? 8 : data.contract->funding_interval_hours;
}

/// An amount of base units with the decimals that whole contracts have.
double in_contracts(double amount, const market::MarketData& data) {
    return data.contract == nullptr ? amount : core::DecimalUnit(data.contract->contract_size).rounded(amount);
}

std::optional<double> basis_bps(double last, const std::optional<double>& index) {
    if (!index || !(*index > 0.0) || !(last > 0.0)) return std::nullopt;
    return bounded((last / *index - 1.0) * 1e4);
}

}  // namespace

double funding_8h_pct(double rate, int interval_hours) {
    return bounded(rate * 100.0 * (8.0 / std::max(interval_hours, 1)));
}

double spread_bps(const std::optional<market::Level>& bid, const std::optional<market::Level>& ask) {
    if (!bid || !ask || !(bid->price > 0.0) || !(ask->price > bid->price)) return kUnknownBps;
    // Halves first: the sum of two huge prices may overflow, and a half loses nothing.
    const double mid = bid->price / 2.0 + ask->price / 2.0;
    return mid > 0.0 ? bounded((ask->price - bid->price) / mid * 1e4) : kUnknownBps;
}

double depth_usdt(const market::OrderBook& book, std::size_t levels) {
    return side_usdt(book.bids, levels) + side_usdt(book.asks, levels);
}

double book_imbalance(const market::OrderBook& book, std::size_t levels) {
    const double bids = side_usdt(book.bids, levels);
    const double asks = side_usdt(book.asks, levels);
    return bids + asks > 0.0 ? std::clamp(bounded((bids - asks) / (bids + asks)), -1.0, 1.0) : 0.0;
}

double atr_pct(std::span<const market::Candle> candles) {
    if (candles.empty() || !(candles.back().close > 0.0)) return 0.0;
    const std::size_t first = candles.size() - std::min(candles.size(), kAtrCandles);
    double sum = 0.0;
    for (std::size_t i = first; i < candles.size(); ++i) {
        sum += true_range(candles[i], i == 0 ? candles[i].close : candles[i - 1].close);
    }
    return bounded(sum / static_cast<double>(candles.size() - first) / candles.back().close * 100.0);
}

double return_pct(std::span<const double> closes, std::size_t back) {
    if (closes.size() <= back) return 0.0;
    return bounded((closes.back() / closes[closes.size() - 1 - back] - 1.0) * 100.0);
}

double price_velocity(std::span<const double> closes) {
    return std::clamp(return_pct(closes, 5) / 5.0, -10.0, 10.0);
}

double volume_zscore(std::span<const double> volumes) {
    const auto recent = volumes.last(std::min<std::size_t>(volumes.size(), 60));
    if (recent.size() < 10) return 0.0;
    const double deviation = spread_of(recent).deviation;
    if (!(deviation > kNoVolumeSpread)) return 0.0;
    return std::clamp(bounded((recent.back() - median(recent)) / deviation), -10.0, 10.0);
}

double volatility_regime(std::span<const double> closes) {
    constexpr std::size_t kLong = 60;
    constexpr std::size_t kShort = 20;
    if (closes.size() <= kLong) return 0.0;
    const auto window = closes.last(kLong + 1);
    std::array<double, kLong> returns;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the loop
    for (std::size_t i = 0; i < kLong; ++i) returns[i] = bounded(std::log(window[i + 1] / window[i]));
    const double slow = spread_of(returns).deviation;
    if (!(slow > kNoPriceSpread)) return 0.0;
    return std::clamp(bounded(spread_of(std::span(returns).last(kShort)).deviation / slow - 1.0), -1.0, 5.0);
}

double anomaly_score(double ret_1, double ret_15, double volume_zscore, double volatility_regime) {
    const double sum = 1.2 * std::max(0.0, ret_15) + 1.6 * std::max(0.0, -ret_1) +
                       6.0 * std::max(0.0, std::fabs(volume_zscore) - 1.5) + 8.0 * std::max(0.0, volatility_regime);
    return std::clamp(bounded(sum), 0.0, 100.0);
}

double price_zscore(std::span<const double> closes, std::size_t window) {
    if (closes.size() < window || window == 0) return 0.0;
    const auto [mean, deviation] = spread_of(closes.last(window));
    return deviation > kNoPriceSpread ? bounded((closes.back() - mean) / deviation) : 0.0;
}

double rsi14(std::span<const double> closes) {
    constexpr std::size_t kChanges = 14;
    if (closes.size() <= kChanges) return 50.0;
    const auto window = closes.last(kChanges + 1);
    double gains = 0.0;
    double losses = 0.0;
    for (std::size_t i = 0; i < kChanges; ++i) {
        const double change = window[i + 1] - window[i];
        (change > 0.0 ? gains : losses) += std::fabs(change) / static_cast<double>(kChanges);
    }
    if (!(losses > 0.0)) return 100.0;
    return std::clamp(bounded(100.0 - 100.0 / (1.0 + gains / losses)), 0.0, 100.0);
}

std::optional<double> volume_weighted_price(std::span<const market::Candle> candles) {
    double paid = 0.0;
    double volume = 0.0;
    for (const market::Candle& candle : candles) {
        paid += candle.close * candle.base_volume;
        volume += candle.base_volume;
    }
    if (!(volume > 0.0) || !(paid > 0.0) || !std::isfinite(paid) || !std::isfinite(volume)) return std::nullopt;
    return paid / volume;
}

ContractViews::ContractViews(const market::MarketData& data)
    : candles(candle_views(data)),
      closes(candles.all, &market::Candle::close),
      closed_closes(candles.closed, &market::Candle::close),
      closed_volumes(candles.closed, &market::Candle::base_volume) {}

Metrics compute_metrics(const market::MarketData& data, const market::OrderBook& book, const ContractViews& views,
                        double notional_usdt) {
    const auto closes = views.closes.values();
    Metrics metrics;
    metrics.qvol_usdt = bounded(data.ticker.turnover_24h);
    metrics.spread_bps = spread_bps(data.ticker.bid, data.ticker.ask);
    metrics.top5_depth_usdt = depth_usdt(book, 5);
    metrics.atr_pct = atr_pct(views.candles.closed);
    metrics.ret_1 = return_pct(closes, 1);
    metrics.ret_15 = closes.size() > 15 ? return_pct(closes, 15) : metrics.ret_1;
    metrics.slip_bps = slippage_bps(book, notional_usdt);
    if (data.funding_rate) metrics.funding_8h_pct = funding_8h_pct(*data.funding_rate, funding_hours(data));
    if (data.open_interest) metrics.open_interest = bounded(in_contracts(*data.open_interest, data));
    metrics.basis_bps = basis_bps(data.ticker.last, data.index_price);
    metrics.volume_zscore = volume_zscore(views.closed_volumes.values());
    metrics.order_flow_imbalance = book_imbalance(book, 10);
    metrics.volatility_regime = volatility_regime(views.closed_closes.values());
    metrics.price_velocity = price_velocity(closes);
    metrics.anomaly_score =
        anomaly_score(metrics.ret_1, metrics.ret_15, metrics.volume_zscore, metrics.volatility_regime);
    metrics.depth_to_volume_ratio = depth_to_volume(metrics.top5_depth_usdt, views.candles.closed);
    return metrics;
}

Momentum compute_momentum(const ContractViews& views) {
    const auto closes = views.closes.values();
    Momentum momentum;
    momentum.z_15s = price_zscore(closes, 4);
    if (momentum.z_15s == 0.0) momentum.z_15s = price_velocity(closes) / 3.0;
    momentum.z_1m = price_zscore(closes, 20);
    momentum.z_5m = price_zscore(closes, 60);
    const auto vwap = volume_weighted_price(views.candles.closed);
    if (vwap && !closes.empty()) momentum.vwap_distance = bounded((closes.back() / *vwap - 1.0) * 100.0);
    momentum.rsi14 = rsi14(closes);
    return momentum;
}

Metrics compute_metrics(const market::MarketData& data, double notional_usdt) {
    return compute_metrics(data, book_of(data), ContractViews(data), notional_usdt);
}

Momentum compute_momentum(const market::MarketData& data) {
    return compute_momentum(ContractViews(data));
}

Execution compute_execution(const market::OrderBook& book, double notional_usdt) {
    Execution execution;
    if (!book.bids.empty()) {
        const double best = bounded(book.bids.front().price * book.bids.front().size);
        execution.queue_position = best > 0.0 ? std::clamp(bounded(notional_usdt / best), 0.0, 1.0) : 1.0;
    }
    execution.simulated_impact_bps = buy_slippage_bps(book, notional_usdt);
    return execution;
}

const market::OrderBook& book_of(const market::MarketData& data) {
    static const market::OrderBook kEmpty;
    return data.order_book ? *data.order_book : kEmpty;
}

}  // namespace scanner::signals
