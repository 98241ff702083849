#include "signals/metrics_from_views.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/signals/contract_numbers.hpp"
#include "scanner/signals/metrics.hpp"
#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::signals {
namespace {

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
    lacks.lack(candles.empty() || !(candles.back().close > 0.0), {"atr_pct"_number});
    lacks.lack(closes < 2, {"ret_1"_number});
    lacks.lack(closes < 16, {"ret_15"_number});
    lacks.lack(closes < 6, {"price_velocity"_number, "feature_velocity"_number});
    lacks.lack(closes < 4, {"z_15s"_number});
    lacks.lack(closes < 20, {"z_1m"_number});
    lacks.lack(closes < 60, {"z_5m"_number});
    lacks.lack(closes < 15, {"rsi14"_number});
    lacks.lack(closed < 61, {"volatility_regime"_number, "feature_vol_regime"_number, "volatility_bucket"_number});
    lacks.lack(traded < 10, {"volume_zscore"_number, "feature_volume_zscore"_number});
    lacks.lack(traded == 0, {"depth_to_volume_ratio"_number});
    lacks.lack(traded == 0 || closes == 0, {"vwap_distance"_number});
}

void lack_book(Collector& lacks, const market::MarketData& data) {
    const market::OrderBook& book = book_of(data);
    lacks.lack(data.order_book == nullptr, {"top5_depth_usdt"_number, "feature_total_depth"_number});
    lacks.lack(book.bids.empty() && book.asks.empty(),
               {"order_flow_imbalance"_number, "feature_imbalance"_number, "feature_order_flow_imbalance"_number,
                "feature_wall_ratio"_number});
    lacks.lack(book.bids.empty(), {"queue_position"_number});
}

void lack_previous_cycle(Collector& lacks, const market::MarketData& data, const ContractState& previous) {
    const bool first = !previous.manipulation.seen;
    lacks.lack(!(previous.microstructure.top5_depth_usdt > 0.0) || lacks.any({"top5_depth_usdt"_number}),
               {"depth_decay"_number});
    lacks.lack(first || lacks.any({"feature_imbalance"_number}) || previous.unknown.has("feature_imbalance"_number),
               {"feature_imbalance_delta"_number});
    lacks.lack(first || lacks.any({"volume_zscore"_number}) || previous.unknown.has("volume_zscore"_number),
               {"feature_volume_z_trend"_number});
    lacks.lack(first || lacks.any({"price_velocity"_number}) || previous.unknown.has("price_velocity"_number),
               {"feature_velocity_trend"_number});
    lacks.lack(first || !data.open_interest || !(previous.manipulation.open_interest.value_or(0.0) > 0.0),
               {"feature_oi_delta"_number});
}

/// Numbers made of others are as unknown as those.
void lack_parts(Collector& lacks, const ContractViews& views) {
    const bool no_wick = views.candles.all.empty() || !(views.candles.all.back().close > 0.0);
    lacks.lack(no_wick || lacks.any({"atr_pct"_number}), {"feature_wick_ratio"_number});
    lacks.lack(lacks.any({"top5_depth_usdt"_number}), {"depth_to_volume_ratio"_number});
    lacks.lack(lacks.any({"ret_1"_number, "ret_15"_number, "volume_zscore"_number, "volatility_regime"_number}),
               {"anomaly_score"_number, "feature_pump_dump_score"_number});
    lacks.lack(lacks.any({"order_flow_imbalance"_number, "volume_zscore"_number}), {"trade_imbalance"_number});
}

void append_unknown(std::vector<std::string_view>& names, FieldGroup group, const NumberSet& unknown) {
    for (const NumberField& field : numbers_of(group)) {
        if (unknown.has(field.number)) names.push_back(field.name);
    }
}

void note_history(std::vector<std::string>& notes, const market::MarketData& data, const NumberSet& unknown) {
    if (unknown.empty()) return;
    std::vector<std::string_view> names;
    append_unknown(names, FieldGroup::metrics, unknown);
    append_unknown(names, FieldGroup::edges, unknown_edges(unknown));
    if (names.empty()) return;
    const auto closed = candle_views(data).closed;
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

NumberSet unknown_numbers(const market::MarketData& data, const ContractViews& views, const ContractState& previous) {
    Collector lacks;
    lack_history(lacks, views);
    lack_book(lacks, data);
    lacks.lack(!data.funding_rate, {"feature_funding"_number});
    lack_previous_cycle(lacks, data, previous);
    lack_parts(lacks, views);
    return lacks.result();
}

NumberSet unknown_edges(const NumberSet& unknown) noexcept {
    NumberSet edges;
    const auto lack = [&](Number edge, std::initializer_list<Number> parts) {
        if (std::ranges::any_of(parts, [&](Number part) { return unknown.has(part); })) edges.add(edge);
    };
    lack("liquidity_edge"_number, {"top5_depth_usdt"_number, "depth_to_volume_ratio"_number});
    lack("momentum_edge"_number, {"ret_1"_number, "ret_15"_number});
    lack("volatility_edge"_number, {"atr_pct"_number, "volatility_regime"_number});
    lack("microstructure_edge"_number,
         {"order_flow_imbalance"_number, "anomaly_score"_number, "price_velocity"_number, "volume_zscore"_number});
    lack("anomaly_residual"_number, {"anomaly_score"_number});
    return edges;
}

std::vector<std::string> notes_on(const market::MarketData& data, const ContractNumbers& numbers,
                                  double notional_usdt) {
    std::vector<std::string> notes;
    note_history(notes, data, numbers.unknown);
    note_book(notes, data, numbers.metrics, notional_usdt);
    return notes;
}

}  // namespace scanner::signals
