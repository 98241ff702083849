#pragma once

#include "exchange/htx/decode_contract.hpp"
#include "exchange/htx/decode_contracts.hpp"

#include "scanner/market/market.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

/// Whether decoded values keep the promises of the market types, whatever the answer was.
namespace scanner::exchange::test {

inline bool is_positive(double value) {
    return std::isfinite(value) && value > 0.0;
}
inline bool is_not_negative(double value) {
    return std::isfinite(value) && value >= 0.0;
}
inline bool is_sound(const market::Level& level) {
    return is_positive(level.price) && is_positive(level.size);
}

inline bool sound_contracts(const htx::ContractsAnswer& answer) {
    for (const auto& contract : answer.list.contracts) {
        if (!contract.unreadable.empty() && !contract.contract_code.empty()) continue;
        if (contract.contract_code.empty() || !is_positive(contract.contract_size) ||
            !is_positive(contract.price_tick) || contract.funding_interval_hours < 1) {
            return false;
        }
    }
    return !answer.list.contracts.empty();
}

inline bool sound_ticker(const market::Ticker& ticker) {
    return is_positive(ticker.last) && is_not_negative(ticker.base_volume_24h) &&
           is_not_negative(ticker.contract_volume_24h) && is_not_negative(ticker.turnover_24h) &&
           (!ticker.bid || is_sound(*ticker.bid)) && (!ticker.ask || is_sound(*ticker.ask));
}

inline bool sound_book(const BookAnswer& answer) {
    const auto& [bids, asks, time, id] = answer.book;
    for (std::size_t i = 0; i < bids.size(); ++i) {
        if (!is_sound(bids[i]) || (i > 0 && bids[i].price >= bids[i - 1].price)) return false;
    }
    for (std::size_t i = 0; i < asks.size(); ++i) {
        if (!is_sound(asks[i]) || (i > 0 && asks[i].price <= asks[i - 1].price)) return false;
    }
    return true;
}

inline bool sound_candles(const CandleBatch& batch) {
    for (std::size_t i = 0; i < batch.candles.size(); ++i) {
        const auto& candle = batch.candles[i];
        const bool shaped = candle.high >= std::max(candle.open, candle.close) &&
                            candle.low <= std::min(candle.open, candle.close) && is_positive(candle.low) &&
                            std::isfinite(candle.high) && is_not_negative(candle.base_volume);
        if (!shaped || candle.open_time_ms % 60'000 != 0) return false;
        if (i > 0 && candle.open_time_ms <= batch.candles[i - 1].open_time_ms) return false;
    }
    return true;
}

inline bool sound_trades(const std::vector<market::Trade>& trades) {
    for (std::size_t i = 0; i < trades.size(); ++i) {
        if (!is_positive(trades[i].price) || !is_positive(trades[i].size)) return false;
        if (i > 0 && trades[i].time < trades[i - 1].time) return false;
    }
    return true;
}

inline bool sound_funding(const market::FundingRate& funding) {
    return !funding.rate || std::abs(*funding.rate) < 1.0;
}

inline bool sound_interest(const market::OpenInterest& interest) {
    return is_not_negative(interest.base_amount) && is_not_negative(interest.value_usdt);
}

inline bool sound_index(const market::IndexPrice& index) {
    return is_positive(index.price);
}

}  // namespace scanner::exchange::test
