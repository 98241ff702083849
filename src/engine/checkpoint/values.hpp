#pragma once

#include "engine/market_state.hpp"

#include "scanner/core/checkpoint.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/market/checkpoint.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/signals/flow/flow_numbers.hpp"

/// Values of other rooms and of this one as checkpoints hold them (core/checkpoint.hpp).
namespace scanner::ranking {

void persist(core::ConstOr<Exclusion> auto& self, auto& archive) {
    auto& [code, reason, detail] = self;
    archive(code, reason, detail);
}

}  // namespace scanner::ranking

namespace scanner::signals {

void persist(core::ConstOr<FlowNumbers> auto& self, auto& archive) {
    auto& [micro, bid10, ask10, bid25, ask25, bid50, ask50, firm_bid, firm_ask, firmness, ofi, tfi, trades, turnover,
           impact, longs, shorts, recovery] = self;
    archive(micro, bid10, ask10, bid25, ask25, bid50, ask50, firm_bid, firm_ask, firmness, ofi, tfi, trades, turnover,
            impact, longs, shorts, recovery);
}

}  // namespace scanner::signals

namespace scanner::exchange {

template <class T>
void persist(const Bulk<T>& self, auto& archive) {
    archive(self.by_contract, self.exchange_time);
}
template <class T>
void persist(Bulk<T>& self, auto& archive) {
    archive(self.by_contract, self.exchange_time);
}

}  // namespace scanner::exchange

namespace scanner::engine {

void persist(core::ConstOr<Receipt> auto& self, auto& archive) {
    auto& [source, wall, steady] = self;
    archive(source, wall, steady);
    archive.require(source <= InputSource::feed);
}
void persist(core::ConstOr<InputLimits> auto& self, auto& archive) {
    auto& [price, interval, gap] = self;
    archive(price, interval, gap);
}
void persist(core::ConstOr<TapePrice> auto& self, auto& archive) {
    auto& [time, last, complete, subscription] = self;
    archive(time, last, complete);
    archive.literal(subscription, market::kSubscriptions);
}
void persist(core::ConstOr<CandleSeries::Checked> auto& self, auto& archive) {
    auto& [candles, mismatches] = self;
    archive(candles, mismatches);
}

/// An input of one contract, or a list of one kind.
template <class Slot>
void persist_slot(Slot& self, auto& archive) {
    auto& [value, time, received, state, error, problem, version] = self;
    archive(value, time, received, state, error, problem, version);
    archive.require(state <= SlotState::failed);
}
template <class T>
void persist(const InputSlot<T>& self, auto& archive) {
    persist_slot(self, archive);
}
template <class T>
void persist(InputSlot<T>& self, auto& archive) {
    persist_slot(self, archive);
}
template <class T>
void persist(const OptionalList<T>& self, auto& archive) {
    archive(self.bulk, self.problem);
}
template <class T>
void persist(OptionalList<T>& self, auto& archive) {
    archive(self.bulk, self.problem);
}

}  // namespace scanner::engine
