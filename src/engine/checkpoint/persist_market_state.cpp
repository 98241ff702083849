#include "engine/checkpoint/values.hpp"
#include "engine/market_state.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace scanner::engine {
namespace {

void persist_contract(auto& state, auto& archive) {
    auto& [contract, ticker, book, candles, follow, ahead, latency, book_followed, book_subscription, tape, flow, index,
           reading] = state;
    archive(ticker, book, candles, follow, ahead, latency, book_followed, tape, flow, index, reading);
    archive.literal(book_subscription, market::kSubscriptions);
    archive.require(book.state != SlotState::live || book.value != nullptr);
}

}  // namespace

void MarketState::persist_rest(auto& self, auto& archive) {
    archive(self.left_out_, self.tickers_, self.lists_.funding, self.lists_.open_interest, self.lists_.index,
            self.versions_.funding, self.versions_.open_interest, self.versions_.index, self.limits_, self.listing_,
            self.candles_checked_, self.exchange_clock_);
}

void MarketState::save(core::CheckpointWriter& archive) {
    forget_readings();
    archive(candle_interval_minutes_, static_cast<std::uint64_t>(candle_count_), contracts_);
    std::map<std::string, const ContractState*> sorted;
    for (const auto& [code, state] : states_) sorted.emplace(code, state.get());
    archive(static_cast<std::uint64_t>(sorted.size()));
    for (const auto& [code, state] : sorted) {
        archive(state->contract);
        persist_contract(*state, archive);
    }
    std::vector<std::string> universe;
    for (const ContractStatePtr& state : universe_) universe.push_back(state->contract->contract_code);
    archive(universe, places_);
    persist_rest(*this, archive);
}

void MarketState::load(core::CheckpointReader& archive) {
    std::uint64_t count = 0;
    int interval = 0;
    archive(interval, count);
    archive.require(interval == candle_interval_minutes_ && count == candle_count_);
    archive(contracts_);
    for (const auto& contract : contracts_) archive.require(contract != nullptr);
    states_.clear();
    const std::size_t states = archive.count();
    for (std::size_t i = 0; i < states && archive.ok(); ++i) {
        std::shared_ptr<const market::Contract> contract;
        archive(contract);
        archive.require(contract != nullptr);
        if (!archive.ok()) return;
        const auto state = std::make_shared<ContractState>(contract, candle_interval_minutes_, candle_count_);
        persist_contract(*state, archive);
        archive.require(states_.emplace(contract->contract_code, state).second);
    }
    std::vector<std::string> universe;
    archive(universe, places_);
    universe_.clear();
    for (const std::string& code : universe) {
        const auto known = states_.find(code);
        archive.require(known != states_.end());
        if (!archive.ok()) return;
        universe_.push_back(known->second);
    }
    std::vector<std::size_t> places = places_;
    std::ranges::sort(places);
    archive.require(places.size() == universe_.size());
    for (std::size_t i = 0; i < places.size(); ++i) archive.require(places[i] == i);
    persist_rest(*this, archive);
}

}  // namespace scanner::engine
