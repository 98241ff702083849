#pragma once

#include "scanner/market/market.hpp"
#include "scanner/ranking/pack.hpp"

/// What a contract's market data is made of, for packing. A member that is missing here is missing on replicas: the
/// test of the ranking stream fills every member of these structs and compares.
namespace scanner::ranking {

template <>
struct Fields<market::Contract> {
    static void visit(auto& self, auto& pack) {
        pack(self.contract_code, self.symbol, self.contract_size, self.price_tick);
        pack.choice(self.status, static_cast<unsigned>(market::ContractStatus::unknown) + 1U);
        pack.choice(self.asset_class, static_cast<unsigned>(market::AssetClass::tradfi) + 1U);
        pack(self.funding_interval_hours, self.next_funding_time, self.listed_at, self.unreadable);
        if constexpr (std::remove_cvref_t<decltype(pack)>::kReads) {
            pack.require(!self.contract_code.empty() && self.contract_code.size() <= 80 && self.symbol.size() <= 80,
                         "a contract without a name, or with a long one");
            const bool known = self.contract_size > 0 && self.price_tick > 0;
            pack.require(known || !self.unreadable.empty(), "a contract without size or tick");
        }
    }
};

template <>
struct Fields<market::Level> {
    static constexpr bool kDoubles = true;
    static_assert(sizeof(market::Level) == 2 * sizeof(double));
    static bool sound(const market::Level& level) {
        return level.price > 0 && level.price <= kMaxPacked && level.size > 0 && level.size <= kMaxPacked;
    }
    static void visit(auto& self, auto& pack) {
        pack(self.price, self.size);
        if constexpr (std::remove_cvref_t<decltype(pack)>::kReads)
            pack.require(sound(self), "a level that is not above 0");
    }
};

template <>
struct Fields<market::Ticker> {
    static void visit(auto& self, auto& pack) {
        pack(self.contract_code, self.bid, self.ask, self.last, self.time, self.base_volume_24h,
             self.contract_volume_24h, self.turnover_24h);
    }
};

template <>
struct Fields<market::OrderBook> {
    static void visit(auto& self, auto& pack) { pack(self.exchange_time, self.matching_id, self.bids, self.asks); }
};

template <>
struct Fields<market::Candle> {
    static void visit(auto& self, auto& pack) {
        pack(self.open_time_ms, self.open, self.high, self.low, self.close, self.base_volume);
        if constexpr (std::remove_cvref_t<decltype(pack)>::kReads) {
            pack.require(core::is_unix_ms(self.open_time_ms), "a time out of range");
        }
    }
};

template <>
struct Fields<market::InputReading> {
    static void visit(auto& self, auto& pack) {
        pack.choice(self.state, static_cast<unsigned>(market::InputState::missing) + 1U);
        pack(self.time, self.true_at, self.limit, self.note);
        pack.choice(self.source, static_cast<unsigned>(market::InputSource::feed) + 1U);
        pack.literal(self.subscription);
    }
};

template <>
struct Fields<market::Inputs> {
    static void visit(auto& self, auto& pack) {
        for (const market::Input input : market::kInputs) pack(self[input]);
        pack(self.tape());
    }
};

}  // namespace scanner::ranking
