#pragma once

#include "scanner/core/checkpoint.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"

#include <array>
#include <string_view>

/// The values of a market as checkpoints hold them (core/checkpoint.hpp). A value that gains a member does not compile
/// here until it is kept as well.
namespace scanner::market {

/// The literals that an InputReading's subscription is one of.
inline constexpr std::array<std::string_view, 11> kSubscriptions{
    "",    "late",   "incomplete", "live",         "not_wanted",  "awaiting_snapshot",
    "gap", "silent", "crossed",    "audit_failed", "disconnected"};

void persist(core::ConstOr<Level> auto& self, auto& archive) {
    auto& [price, size] = self;
    archive(price, size);
}
void persist(core::ConstOr<Candle> auto& self, auto& archive) {
    auto& [open_time, open, high, low, close, volume] = self;
    archive(open_time, open, high, low, close, volume);
}
void persist(core::ConstOr<Trade> auto& self, auto& archive) {
    auto& [id, price, size, taker, time] = self;
    archive(id, price, size, taker, time);
    archive.require(taker >= Side::buy && taker <= Side::unknown);
}
void persist(core::ConstOr<FundingRate> auto& self, auto& archive) {
    auto& [rate, time] = self;
    archive(rate, time);
}
void persist(core::ConstOr<OpenInterest> auto& self, auto& archive) {
    auto& [base, value] = self;
    archive(base, value);
}
void persist(core::ConstOr<IndexPrice> auto& self, auto& archive) {
    auto& [price, time] = self;
    archive(price, time);
}
void persist(core::ConstOr<Contract> auto& self, auto& archive) {
    auto& [code, symbol, size, tick, status, asset_class, interval, next_funding, listed, unreadable] = self;
    archive(code, symbol, size, tick, status, asset_class, interval, next_funding, listed, unreadable);
    archive.require(status >= ContractStatus::delisting && status <= ContractStatus::unknown);
    archive.require(asset_class == AssetClass::crypto || asset_class == AssetClass::tradfi);
}
void persist(core::ConstOr<Ticker> auto& self, auto& archive) {
    auto& [code, bid, ask, last, time, base, contracts, turnover] = self;
    archive(code, bid, ask, last, time, base, contracts, turnover);
}
void persist(core::ConstOr<OrderBook> auto& self, auto& archive) {
    auto& [bids, asks, time, matching_id] = self;
    archive(bids, asks, time, matching_id);
}
void persist(core::ConstOr<InputReading> auto& self, auto& archive) {
    auto& [state, time, true_at, limit, note, source, subscription] = self;
    archive(state, time, true_at, limit, note, source);
    archive.literal(subscription, kSubscriptions);
    archive.require(state >= InputState::live && state <= InputState::missing && source <= InputSource::feed);
}
void persist(core::ConstOr<Inputs> auto& self, auto& archive) {
    for (const Input input : kInputs) archive(self[input]);
    archive(self.tape());
}
void persist(core::ConstOr<MarketData> auto& self, auto& archive) {
    auto& [contract, ticker, book, candles, closed, funding, interest, index, inputs, time, latency] = self;
    archive(contract, ticker, book, candles, closed, funding, interest, index, inputs, time, latency);
    archive.require(contract != nullptr && book != nullptr && candles != nullptr && closed <= candles->size());
}
/// Its levels are in order already.
template <core::ConstOr<LiveBook> Book, class Archive>
void persist(Book& self, Archive& archive) {
    if constexpr (Archive::kReads) {
        OrderBook book;
        archive(book);
        self.clear();
        if (!archive.ok()) return;
        self.reset({.bids = book.bids,
                    .asks = book.asks,
                    .exchange_time = book.exchange_time,
                    .matching_id = book.matching_id});
    } else {
        const OrderBook book{.bids = {self.bids().begin(), self.bids().end()},
                             .asks = {self.asks().begin(), self.asks().end()},
                             .exchange_time = self.exchange_time(),
                             .matching_id = self.matching_id()};
        archive(book);
    }
}

}  // namespace scanner::market
