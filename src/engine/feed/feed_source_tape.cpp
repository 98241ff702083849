#include "engine/feed/feed_source.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What the feed tells of trades, and what fills the holes between them.
namespace scanner::engine {
namespace {

using exchange::FeedTime;

/// No number looks further back on a tape: the longest window, and what two clocks may be apart.
constexpr std::chrono::milliseconds kTapeReach = std::chrono::seconds(60) + kAheadTolerance;

std::int64_t minute_of(core::WallTime time) {
    return core::to_unix_ms(time) / 60'000;
}

}  // namespace

bool FeedSource::fill_tape(const std::string& contract_code, std::span<const market::Trade> trades,
                           std::uint64_t tape_life) {
    FollowedContract* const contract = find(contract_code);
    if (contract == nullptr) return true;
    Following& following = following_.at(contract_code);
    const core::WallTime now = exchange_now();
    const bool followed = contract->tape_followed && contract->tape_life == tape_life;
    const market::Tape::Filled filled = following.tape.fill(trades, followed, now - kTapeReach);
    if (filled.complete && !contract->tape_has_hole && filled.fresh.empty()) return true;  // it was whole, and is
    following.candle.on_trades(filled.fresh, now + kAheadTolerance);
    if (filled.complete) {
        following.candle.on_complete(now);
        following.flow.on_tape_filled(filled.fresh, now);
        if (detectors_ != nullptr) detectors_->on_tape_filled(*contract->contract, filled.fresh, now);
    } else {
        // It goes on from there; what is still missing lies before, or follows while nothing is subscribed.
        if (!filled.fresh.empty()) following.flow.on_trades(filled.fresh, now);
        if (!contract->tape_followed) following.flow.on_tape_hole(now);
    }
    following.newest.add(filled.fresh);
    if (!filled.fresh.empty()) {
        // Trades that the stream has not told go by the book as well.
        const core::SteadyTime read = clock_.steady_now();
        const core::SteadyTime sent = read - std::max(now - filled.fresh.back().time, std::chrono::milliseconds(0));
        if (sent > contract->confirmed && (!contract->traded || *contract->traded <= contract->confirmed)) {
            contract->traded = sent;
            contract->traded_read = read;
        }
    }
    for (const market::Trade& trade : trades) tell_price(following, trade);
    following.flow_changed = true;
    contract->newest_trade = following.tape.newest_id();
    contract->tape_has_hole = !following.tape.is_complete();
    note_change(*contract);
    return !contract->tape_has_hole;
}

void FeedSource::on_trades(const market::Contract& contract, std::span<const market::Trade> trades,
                           const FeedTime& time) {
    FollowedContract* const followed = find(contract.contract_code);
    if (followed == nullptr || trades.empty()) return;
    last_live_ = clock_.steady_now();
    if (!frames_since_ && !followed->on_demand) frames_since_ = time.received_steady;
    Following& following = following_.at(contract.contract_code);
    const core::WallTime at = bounded(time.exchange);
    const bool had_hole = !following.tape.is_complete();
    const std::span<const market::Trade> fresh = following.tape.add(trades);
    followed->tape_frame = time.received_steady;
    followed->newest_trade = following.tape.newest_id();
    followed->tape_has_hole = !following.tape.is_complete();
    following.candle.on_trades(fresh, exchange_now() + kAheadTolerance);
    if (!followed->tape_has_hole) following.candle.on_complete(at);
    if (fresh.empty()) {
        // A subscription that begins with the last trade from before: nothing was missed.
        if (had_hole && !followed->tape_has_hole) {
            following.flow.on_tape_filled({}, at);
            following.flow_changed = true;
            note_change(*followed);
        }
        return;
    }
    // The first one since the book was confirmed: while trades go on, the last one is always a moment ago.
    if (!followed->traded || *followed->traded <= followed->confirmed) {
        followed->traded = time.received_steady - lateness(time);
        followed->traded_read = time.received_steady;
    }
    following.flow.on_trades(fresh, at);
    if (detectors_ != nullptr) detectors_->on_trades(contract, fresh, at);
    following.flow_changed = true;
    following.newest.add(fresh);
    for (const market::Trade& trade : fresh) tell_price(following, trade);
    note_change(*followed);
}

void FeedSource::tell_price(Following& following, const market::Trade& trade) {
    const core::WallTime at = bounded(trade.time);
    if (following.price.time && at < *following.price.time) return;  // an old one that answers a subscription
    following.price.time = at;
    following.price.last = trade.price;
    std::optional<Move>& move = following.move;
    if (move && minute_of(move->last_time) == minute_of(at)) {
        move->low = std::min(move->low, trade.price);
        move->high = std::max(move->high, trade.price);
        move->last_time = at;
    } else {
        move = Move{.low = trade.price, .high = trade.price, .last_time = at};
    }
}

void FeedSource::on_tape_hole(const market::Contract& contract, std::string_view why) {
    FollowedContract* const followed = find(contract.contract_code);
    if (followed == nullptr) return;
    Following& following = following_.at(contract.contract_code);
    following.tape.interrupted();
    following.candle.on_hole();
    following.flow.on_tape_hole(exchange_now());
    if (detectors_ != nullptr) detectors_->on_tape_hole(contract, exchange_now());
    following.flow_changed = true;
    followed->tape_has_hole = true;
    followed->tape_followed = why == exchange::kTapeBegins;
    followed->tape_life = ++tape_lives_;
    followed->tape_frame = clock_.steady_now();
    if (events_.on_tape_hole) events_.on_tape_hole(contract.contract_code);
    note_change(*followed);
}

}  // namespace scanner::engine
