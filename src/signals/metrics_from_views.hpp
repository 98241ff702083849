#pragma once

#include "signals/recent.hpp"

#include "scanner/market/market.hpp"
#include "scanner/signals/snapshot.hpp"

/// The blocks of one contract from windows that were cut once: compute_contract needs each window several times.
namespace scanner::signals {

struct ContractState;

struct ContractViews {
    explicit ContractViews(const market::MarketData& data);

    CandleViews candles;
    RecentCloses closes;         ///< live: the running candle's close last
    RecentCloses closed_closes;  ///< finished candles only
    RecentVolumes closed_volumes;
};

/// The book of `data`, an empty one where there is none.
[[nodiscard]] const market::OrderBook& book_of(const market::MarketData& data);

[[nodiscard]] Metrics compute_metrics(const market::MarketData& data, const market::OrderBook& book,
                                      const ContractViews& views, double notional_usdt);
[[nodiscard]] Momentum compute_momentum(const ContractViews& views);
/// Which numbers `data` cannot tell: for want of closed candles, of candles that traded, of a side of the book, of an
/// input, or of a previous cycle. Pure; no allocation.
[[nodiscard]] NumberSet unknown_numbers(const market::MarketData& data, const ContractViews& views,
                                        const ContractState& previous);

}  // namespace scanner::signals
