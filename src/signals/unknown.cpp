#include "signals/metrics_from_views.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/signals/contract_numbers.hpp"
#include "scanner/signals/metrics.hpp"
#include "scanner/signals/number_fields.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::signals {
namespace {

using enum Number;

class Collector {
public:
    /// Adds `numbers` where what they need is `missing`.
    void lack(bool missing, std::initializer_list<Number> numbers) {
        if (!missing) return;
        for (const Number number : numbers) unknown_.add(number);
    }
    [[nodiscard]] bool any(std::initializer_list<Number> numbers) const {
        return std::ranges::any_of(numbers, [this](Number number) { return unknown_.has(number); });
    }
    [[nodiscard]] NumberSet result() const { return unknown_; }

private:
    NumberSet unknown_;
};

/// The shortest history with which each formula gives a measurement and not its neutral value.
void lack_history(Collector& lacks, const ContractViews& views) {
    const std::size_t closes = views.closes.values().size();
    const std::size_t closed = views.closed_closes.values().size();
    const std::size_t traded = views.closed_volumes.values().size();
    const auto candles = views.candles.closed;
    lacks.lack(candles.empty() || !(candles.back().close > 0.0), {atr_pct});
    lacks.lack(closes < 2, {ret_1});
    lacks.lack(closes < 16, {ret_15});
    lacks.lack(closes < 6, {price_velocity, feature_velocity});
    lacks.lack(closes < 4, {z_15s});
    lacks.lack(closes < 20, {z_1m});
    lacks.lack(closes < 60, {z_5m});
    lacks.lack(closes < 15, {rsi14});
    lacks.lack(closed < 61, {volatility_regime, feature_vol_regime, volatility_bucket});
    lacks.lack(traded < 10, {volume_zscore, feature_volume_zscore});
    lacks.lack(traded == 0, {depth_to_volume_ratio});
    lacks.lack(traded == 0 || closes == 0, {vwap_distance});
}

void lack_book(Collector& lacks, const market::MarketData& data) {
    const market::OrderBook& book = book_of(data);
    lacks.lack(data.order_book == nullptr, {top5_depth_usdt, feature_total_depth});
    lacks.lack(book.bids.empty() && book.asks.empty(),
               {order_flow_imbalance, feature_imbalance, feature_order_flow_imbalance, feature_wall_ratio});
    lacks.lack(book.bids.empty(), {queue_position});
}

void lack_previous_cycle(Collector& lacks, const market::MarketData& data, const ContractState& previous) {
    const bool first = !previous.manipulation.seen;
    lacks.lack(!(previous.microstructure.top5_depth_usdt > 0.0) || lacks.any({top5_depth_usdt}), {depth_decay});
    lacks.lack(first || lacks.any({feature_imbalance}) || previous.unknown.has(feature_imbalance),
               {feature_imbalance_delta});
    lacks.lack(first || lacks.any({volume_zscore}) || previous.unknown.has(volume_zscore), {feature_volume_z_trend});
    lacks.lack(first || lacks.any({price_velocity}) || previous.unknown.has(price_velocity), {feature_velocity_trend});
    lacks.lack(first || !data.open_interest || !(previous.manipulation.open_interest.value_or(0.0) > 0.0),
               {feature_oi_delta});
}

/// Numbers made of others are as unknown as those.
void lack_parts(Collector& lacks, const ContractViews& views) {
    const bool no_wick = views.candles.all.empty() || !(views.candles.all.back().close > 0.0);
    lacks.lack(no_wick || lacks.any({atr_pct}), {feature_wick_ratio});
    lacks.lack(lacks.any({top5_depth_usdt}), {depth_to_volume_ratio});
    lacks.lack(lacks.any({ret_1, ret_15, volume_zscore, volatility_regime}), {anomaly_score, feature_pump_dump_score});
    lacks.lack(lacks.any({order_flow_imbalance, volume_zscore}), {trade_imbalance});
}

template <class Owner>
void append_unknown(std::vector<std::string_view>& names, const NumberSet& unknown) {
    for (const auto& field : number_fields<Owner>()) {
        if (unknown.has(field.number)) names.push_back(field.name);
    }
}

void note_history(std::vector<std::string>& notes, const ContractViews& views, const NumberSet& unknown) {
    std::vector<std::string_view> names;
    append_unknown<Metrics>(names, unknown);
    append_unknown<Edges>(names, unknown_edges(unknown));
    if (names.empty()) return;
    const auto closed = views.candles.closed;
    const auto traded = std::ranges::count_if(closed, [](const auto& candle) { return candle.base_volume > 0.0; });
    std::string note = "unknown after " + std::to_string(closed.size()) +
                       (closed.size() == 1 ? " closed candle, " : " closed candles, ") + std::to_string(traded) +
                       " with trades: ";
    for (const std::string_view name : names) note.append(name).append(name == names.back() ? "" : ", ");
    notes.push_back(std::move(note));
}

/// Whole amounts without an exponent.
std::string usdt_text(double usdt) {
    const bool whole = usdt == std::trunc(usdt) && std::fabs(usdt) < 9e15;
    return whole ? std::to_string(static_cast<long long>(usdt)) : core::format_double(usdt);
}

void note_book(std::vector<std::string>& notes, const market::MarketData& data, const Metrics& metrics,
               double notional_usdt) {
    const market::OrderBook& book = book_of(data);
    if (book.bids.empty() || book.asks.empty()) {
        const std::string_view what = !book.bids.empty()   ? "no asks in the order book"
                                      : !book.asks.empty() ? "no bids in the order book"
                                                           : "the order book is empty";
        notes.push_back(std::string(what) + ": spread_bps and slip_bps stand at 10000, nothing was measured");
        return;
    }
    if (metrics.spread_bps >= kUnknownBps) {
        notes.emplace_back("the best bid is not below the best ask: spread_bps stands at 10000");
    }
    if (metrics.slip_bps >= kUnknownBps) {
        notes.push_back("the order book cannot fill " + usdt_text(notional_usdt) + " USDT: slip_bps stands at 10000");
    }
}

}  // namespace

NumberSet unknown_numbers(const market::MarketData& data, const ContractState& previous) {
    const ContractViews views(data);
    Collector lacks;
    lack_history(lacks, views);
    lack_book(lacks, data);
    lacks.lack(!data.funding_rate, {feature_funding});
    lack_previous_cycle(lacks, data, previous);
    lack_parts(lacks, views);
    return lacks.result();
}

NumberSet unknown_edges(const NumberSet& unknown) noexcept {
    using enum Number;
    NumberSet edges;
    const auto lack = [&](Number edge, std::initializer_list<Number> parts) {
        if (std::ranges::any_of(parts, [&](Number part) { return unknown.has(part); })) edges.add(edge);
    };
    lack(liquidity_edge, {top5_depth_usdt, depth_to_volume_ratio});
    lack(momentum_edge, {ret_1, ret_15});
    lack(volatility_edge, {atr_pct, volatility_regime});
    lack(microstructure_edge, {order_flow_imbalance, anomaly_score, price_velocity, volume_zscore});
    lack(anomaly_residual, {anomaly_score});
    return edges;
}

std::vector<std::string> notes_on(const market::MarketData& data, const ContractNumbers& numbers,
                                  double notional_usdt) {
    std::vector<std::string> notes;
    note_history(notes, ContractViews(data), numbers.unknown);
    note_book(notes, data, numbers.metrics, notional_usdt);
    return notes;
}

}  // namespace scanner::signals
