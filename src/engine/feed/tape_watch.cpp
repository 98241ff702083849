#include "engine/feed/tape_watch.hpp"

#include <algorithm>

namespace scanner::engine {
namespace {

/// Between two questions about one tape: an answer takes a while, and so does what is on its way.
constexpr std::chrono::seconds kAskAgain{2};

}  // namespace

void TapeWatch::note(const Tickers& tickers, const Followed& followed, core::SteadyTime now) {
    std::erase_if(records_, [&](const auto& entry) { return !followed.contains(entry.first); });
    for (const auto& [code, contract] : followed) {
        const auto found = tickers.find(code);
        if (found == tickers.end()) continue;
        const market::Ticker& ticker = found->second;
        Record& record = records_[code];
        if (ticker.last == record.last && ticker.base_volume_24h == record.volume) continue;
        const bool traded = ticker.last != record.last || ticker.base_volume_24h > record.volume;
        // What was traded between two tickers may have been told before the second was read, but not before the first.
        if (record.noted && traded && contract.tape_frame < *record.noted) record.trades = true;
        record.last = ticker.last;
        record.volume = ticker.base_volume_24h;
        record.noted = now;
    }
}

std::shared_ptr<const market::Contract> TapeWatch::next(const Followed& followed, core::SteadyTime now) {
    const FollowedContract* best = nullptr;
    Record* best_record = nullptr;
    for (const auto& [code, contract] : followed) {
        const auto found = records_.find(code);
        if (found == records_.end() || contract.tape_has_hole || !contract.tape_followed) continue;
        Record& record = found->second;
        if (record.behind && contract.tape_frame > *record.behind) record.behind.reset();
        if (record.noted && contract.tape_frame > *record.noted) record.trades = false;
        if (record.asked && now - *record.asked < kAskAgain) continue;
        const bool doubted = record.behind || (record.trades && now - contract.tape_frame >= kSilent);
        if (!doubted || (best != nullptr && contract.tape_frame >= best->tape_frame)) continue;
        best = &contract;
        best_record = &record;
    }
    if (best == nullptr) return nullptr;
    best_record->asked = now;
    return best->contract;
}

TapeFinding TapeWatch::judge(const FollowedContract& contract, std::span<const market::Trade> trades,
                             const Asked& asked, core::SteadyTime now) {
    Record& record = records_[contract.contract->contract_code];
    record.asked = asked.steady;
    if (contract.tape_has_hole || !contract.tape_followed || contract.tape_frame > asked.steady) {
        record.behind.reset();
        return TapeFinding::moved;
    }
    const bool lacks = std::ranges::any_of(trades, [&](const market::Trade& trade) {
        return trade.trade_id > contract.newest_trade && trade.time + kOnTheWay <= asked.exchange;
    });
    if (!lacks) {
        record.behind.reset();
        record.trades = false;
        return TapeFinding::agrees;
    }
    if (!record.behind) {
        record.behind = now;
        return TapeFinding::behind;
    }
    record.behind.reset();
    record.trades = false;
    return TapeFinding::stalled;
}

}  // namespace scanner::engine
