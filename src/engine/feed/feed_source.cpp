#include "engine/feed/feed_source.hpp"

#include "scanner/core/log.hpp"

#include <algorithm>
#include <utility>

namespace scanner::engine {
namespace {

using exchange::BookState;
using exchange::FeedTime;

/// Whether what such a subscription left behind was right as long as it lasted: what is lost is old, not wrong.
bool was_right(BookState state) {
    return state != BookState::crossed && state != BookState::audit_failed;
}

std::int64_t minute_of(core::WallTime time) {
    return core::to_unix_ms(time) / 60'000;
}

std::shared_ptr<const market::OrderBook> copy_of(const market::LiveBook& book, core::WallTime confirmed_at) {
    auto copy = std::make_shared<market::OrderBook>();
    copy->bids.assign(book.bids().begin(), book.bids().end());
    copy->asks.assign(book.asks().begin(), book.asks().end());
    copy->exchange_time = confirmed_at;
    copy->matching_id = book.matching_id();
    return copy;
}

}  // namespace

FeedSource::FeedSource(MarketState& state, const core::Clock& clock, Events events)
    : state_(state), clock_(clock), events_(std::move(events)) {}

void FeedSource::want_universe() {
    if (feed_ == nullptr) return;
    std::vector<std::shared_ptr<const market::Contract>> wanted;
    std::unordered_map<std::string, FollowedContract> followed;
    std::unordered_map<std::string, Pending> pending;
    wanted.reserve(state_.universe().size());
    for (const ContractStatePtr& state : state_.universe()) {
        const std::string& code = state->contract->contract_code;
        FollowedContract entry{.contract = state->contract};
        Pending entry_pending;
        const auto known = followed_.find(code);
        // Another contract size is another contract: what was counted with the old one is wrong by that factor.
        if (known != followed_.end() && known->second.contract->contract_size == state->contract->contract_size) {
            entry = std::move(known->second);
            entry.contract = state->contract;
            entry_pending = std::move(pending_[code]);
        }
        followed.emplace(code, std::move(entry));
        pending.emplace(code, std::move(entry_pending));
        wanted.push_back(state->contract);
    }
    followed_ = std::move(followed);
    pending_ = std::move(pending);
    feed_->want(std::move(wanted));
}

void FeedSource::bring() {
    changed_ = false;
    for (const ContractStatePtr& state : state_.universe()) {
        const std::string& code = state->contract->contract_code;
        const auto contract = followed_.find(code);
        if (contract != followed_.end()) bring(code, contract->second, pending_[code], *state);
    }
}

void FeedSource::bring(const std::string& code, const FollowedContract& contract, Pending& pending,
                       ContractState& state) {
    const bool fresh = std::exchange(pending.written_to, &state) != &state;
    const market::LiveBook* const live = contract.book == BookState::live ? book(code) : nullptr;
    state.book_followed = live != nullptr;
    state.book_subscription = exchange::to_string(contract.book);
    if (live != nullptr && (pending.book || fresh)) {
        const Receipt receipt{.source = InputSource::feed, .wall = clock_.now(), .steady = contract.confirmed};
        state.book.take(copy_of(*live, contract.confirmed_at), contract.confirmed_at, receipt);
        pending.book = false;
    }
    state.tape = pending.tape;
    state.tape.complete = !contract.tape_has_hole;
    state.tape.subscription = contract.tape_has_hole ? "incomplete" : "live";
    if (!pending.move) return;
    const Move move = *std::exchange(pending.move, std::nullopt);
    // What the exchange had counted already when it gave the candles is in them.
    if (move.last_time <= state.candles.exchange_time) return;
    state.candles.value.follow_trades(move.low, move.high, pending.tape.last, move.last_time);
}

void FeedSource::note_change() {
    changed_ = true;
    if (events_.on_change) events_.on_change();
}

void FeedSource::confirm(const std::string& contract_code, core::WallTime exchange_time) {
    FollowedContract* const contract = find(contract_code);
    if (contract == nullptr || contract->book != BookState::live) return;
    contract->confirmed_at = std::max(contract->confirmed_at, exchange_time);
    contract->confirmed = clock_.steady_now();
    pending_[contract_code].book = true;
    note_change();
}

void FeedSource::take_book(const std::string& contract_code, market::OrderBook book) {
    const FollowedContract* const contract = find(contract_code);
    const ContractStatePtr state = state_.find(contract_code);
    if (contract == nullptr || state == nullptr || contract->book == BookState::live) return;
    // What the feed told last may be newer than what an answer out of a cache says.
    const bool older = state->book.state == SlotState::live && book.exchange_time < state->book.exchange_time;
    if (older) return;
    const core::WallTime time = book.exchange_time;
    state->book.take(std::make_shared<const market::OrderBook>(std::move(book)), time,
                     {.source = InputSource::rest, .wall = clock_.now(), .steady = clock_.steady_now()});
    note_change();
}

void FeedSource::fill_tape(const std::string& contract_code, std::span<const market::Trade> trades) {
    FollowedContract* const contract = find(contract_code);
    if (contract == nullptr) return;
    contract->tape_has_hole = false;
    TapePrice& tape = pending_[contract_code].tape;
    if (!trades.empty() && (!tape.time || trades.back().time > *tape.time)) {
        tape.time = trades.back().time;
        tape.last = trades.back().price;
    }
    note_change();
}

const market::LiveBook* FeedSource::book(const std::string& contract_code) const {
    return feed_ == nullptr ? nullptr : feed_->book(contract_code);
}

core::WallTime FeedSource::exchange_now() const {
    return state_.exchange_clock().provisional(clock_.now(), clock_.steady_now()).value_or(clock_.now());
}

FollowedContract* FeedSource::find(std::string_view contract_code) {
    const auto found = followed_.find(std::string(contract_code));
    return found == followed_.end() ? nullptr : &found->second;
}

void FeedSource::on_book(const market::Contract& contract, const market::LiveBook& /*book*/, const FeedTime& time) {
    FollowedContract* const followed = find(contract.contract_code);
    if (followed == nullptr) return;
    followed->book = BookState::live;
    followed->confirmed_at = time.exchange;
    followed->confirmed = time.received_steady;
    followed->book_frame = time.received_steady;
    pending_[contract.contract_code].book = true;
    note_change();
}

void FeedSource::on_book_state(const market::Contract& contract, BookState state, std::string_view why) {
    FollowedContract* const followed = find(contract.contract_code);
    if (followed == nullptr || state == BookState::live) return;  // a live one is told with its content
    const bool was_live = std::exchange(followed->book, state) == BookState::live;
    if (const ContractStatePtr held = state_.find(contract.contract_code); held != nullptr) {
        held->book_followed = false;
        held->book_subscription = exchange::to_string(state);
        if (!was_right(state) && held->book.received.source == InputSource::feed) {
            held->book.fail(core::Error(core::ErrorCode::unavailable, std::string(why)),
                            {.source = InputSource::feed, .wall = clock_.now(), .steady = clock_.steady_now()});
        }
    }
    if (!was_live) return;
    core::log(core::LogLevel::info, "book_lost",
              {{"contract_code", contract.contract_code}, {"state", exchange::to_string(state)}, {"why", why}});
    note_change();
}

void FeedSource::on_trades(const market::Contract& contract, std::span<const market::Trade> trades,
                           const FeedTime& time) {
    FollowedContract* const followed = find(contract.contract_code);
    if (followed == nullptr || trades.empty()) return;
    followed->traded = time.received_steady;
    Pending& pending = pending_[contract.contract_code];
    for (const market::Trade& trade : trades) {
        if (pending.tape.time && trade.time < *pending.tape.time) continue;  // an old one answers a subscription
        pending.tape.time = trade.time;
        pending.tape.last = trade.price;
        if (pending.move && minute_of(pending.move->last_time) == minute_of(trade.time)) {
            pending.move->low = std::min(pending.move->low, trade.price);
            pending.move->high = std::max(pending.move->high, trade.price);
            pending.move->last_time = trade.time;
        } else {
            pending.move = Move{.low = trade.price, .high = trade.price, .last_time = trade.time};
        }
    }
    note_change();
}

void FeedSource::on_tape_hole(const market::Contract& contract, std::string_view /*why*/) {
    FollowedContract* const followed = find(contract.contract_code);
    if (followed == nullptr) return;
    followed->tape_has_hole = true;
    if (events_.on_tape_hole) events_.on_tape_hole(contract.contract_code);
    note_change();
}

void FeedSource::on_liquidation(std::string_view /*contract_code*/, const exchange::Liquidation& /*liquidation*/,
                                const FeedTime& /*time*/) {}

void FeedSource::on_funding_rate(std::string_view contract_code, const market::FundingRate& rate,
                                 const FeedTime& /*time*/) {
    OptionalList<market::FundingRate>& list = state_.lists().funding;
    const auto row = list.bulk.by_contract.find(std::string(contract_code));
    // Only over a row that a scan has read: it is the list's time that says how old the rates are.
    if (row == list.bulk.by_contract.end()) return;
    const bool same = row->second.rate == rate.rate && row->second.funding_time == rate.funding_time;
    if (same) return;
    row->second = rate;
    if (find(contract_code) != nullptr) note_change();
}

void FeedSource::on_contract_change(std::string_view /*contract_code*/, const FeedTime& /*time*/) {
    if (events_.on_contract_change) events_.on_contract_change();
}

}  // namespace scanner::engine
