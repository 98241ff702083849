#include "engine/feed/feed_source.hpp"

#include "engine/feed/live_book_copy.hpp"
#include "engine/input_ages.hpp"

#include "scanner/core/log.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace scanner::engine {
namespace {

using exchange::BookState;
using exchange::FeedTime;

/// An answer that is older when it comes was kept somewhere, and says nothing of now.
constexpr std::chrono::seconds kMaxAuditAge{10};
/// So long the number of a lost live book decides which of two is newer. Later the exchange may count anew.
constexpr std::chrono::seconds kNumbersHold{30};
/// A frame that comes later after it was sent says what was, not what is.
constexpr std::chrono::milliseconds kLate{1'500};

/// Whether what such a subscription left behind was right as long as it lasted: what is lost is old, not wrong.
bool was_right(BookState state) {
    return state != BookState::crossed && state != BookState::audit_failed;
}

}  // namespace

std::string_view subscription_of(const FollowedContract& contract) {
    return contract.late_since ? std::string_view("late") : exchange::to_string(contract.book);
}

FeedSource::FeedSource(MarketState& state, const core::Clock& clock, Events events,
                       std::chrono::milliseconds look_lease)
    : state_(state), clock_(clock), events_(std::move(events)), looks_(look_lease, kMaxLooks) {}

void FeedSource::want_universe() {
    if (feed_ == nullptr) return;
    std::vector<std::shared_ptr<const market::Contract>> wanted;
    FollowedContracts followed;
    AllFollowing following;
    const core::WallTime now = exchange_now();
    const auto follow = [&](const std::shared_ptr<const market::Contract>& contract, bool on_demand) {
        const std::string& code = contract->contract_code;
        if (followed.contains(code)) return;
        FollowedContract entry{.contract = contract};
        const auto known = followed_.find(code);
        // Another contract size is another contract: what was counted with the old one is wrong by that factor.
        if (known != followed_.end() && known->second.contract->contract_size == contract->contract_size) {
            entry = std::move(known->second);
            entry.contract = contract;
            // The state may be a new one at the address of one that is gone.
            following.emplace(code, std::move(following_.at(code))).first->second.written_to = nullptr;
        } else if (liquidations_followed_) {
            following[code].flow.on_liquidations_known(now);
        } else {
            following[code].flow.on_liquidations_unknown(now);
        }
        entry.on_demand = on_demand;
        // No ranking shows it, so none brings the next moment forward.
        if (on_demand) following.at(code).flow_changes_at.reset();
        followed.emplace(code, std::move(entry));
        wanted.push_back(contract);
    };
    wanted.reserve(state_.universe().size());
    for (const ContractStatePtr& state : state_.universe()) follow(state->contract, false);
    for (const auto& contract : looks_.contracts()) follow(contract, true);
    followed_ = std::move(followed);
    following_ = std::move(following);
    feed_->want(std::move(wanted));
}

void FeedSource::bring() {
    changed_ = false;
    brought_since_ = std::exchange(frames_since_, std::nullopt);
    const core::WallTime now = exchange_now();
    const bool there = is_there();
    for (const ContractStatePtr& state : state_.universe()) {
        const std::string& code = state->contract->contract_code;
        const auto contract = followed_.find(code);
        if (contract == followed_.end()) continue;
        Following& following = following_.at(code);
        bring(code, contract->second, following, *state, now);
        if (there) continue;
        // Numbers that only a feed has are not part of a ranking without one.
        state->flow = nullptr;
        following.flow_changed = true;
    }
}

void FeedSource::bring(const std::string& code, const FollowedContract& contract, Following& following,
                       ContractState& state, core::WallTime exchange_now) {
    const bool fresh = std::exchange(following.written_to, &state) != &state;
    const market::LiveBook* const live = contract.is_current() ? book(code) : nullptr;
    state.book_followed = live != nullptr;
    state.book_subscription = subscription_of(contract);
    if (live != nullptr && (following.book_changed || fresh)) {
        const Receipt receipt{.source = InputSource::feed, .wall = clock_.now(), .steady = contract.confirmed};
        state.book.take(copy_of(*live, contract.confirmed_at), contract.confirmed_at, receipt);
        following.book_changed = false;
    }
    if (following.flow_changed || fresh || (following.flow_changes_at && *following.flow_changes_at <= exchange_now)) {
        const signals::FlowNumbers numbers = following.flow.numbers(exchange_now);
        if (!state.flow || *state.flow != numbers) state.flow = std::make_shared<const signals::FlowNumbers>(numbers);
        following.flow_changes_at = following.flow.next_change_at(exchange_now);
        following.flow_changed = false;
    }
    following.looked.reset();  // one that is shared must not know less than the ranking beside it
    state.tape = following.price;
    state.tape.complete = !contract.tape_has_hole;
    state.tape.subscription = contract.tape_has_hole ? "incomplete" : "live";
    bring_candle(contract, following, state);
}

/// The running candle is the tape's own while that has every trade of it; else the exchange's, which trades move on.
void FeedSource::bring_candle(const FollowedContract& contract, Following& following, ContractState& state) {
    CandleSeries& series = state.candles.value;
    following.candle.set_interval(series.interval());
    if (const TapeCandle::Told told = following.candle.told(); told.running && !contract.tape_has_hole) {
        following.move.reset();
        if (series.follow_tape(*told.running, told.finished)) {
            const core::WallTime began = core::from_unix_ms(told.running->open_time_ms);
            state.candles.exchange_time = std::max(state.candles.exchange_time, began);
        }
        return;
    }
    series.leave_tape();
    if (!following.move) return;
    const Move move = *following.move;
    following.move.reset();
    // What the exchange had counted already when it gave the candles is in them.
    if (move.last_time <= state.candles.exchange_time) return;
    series.follow_trades(move.low, move.high, following.price.last, move.last_time);
}

std::optional<core::WallTime> FeedSource::next_change() const {
    std::optional<core::WallTime> first;
    for (const auto& [code, following] : following_) {
        if (following.flow_changes_at && (!first || *following.flow_changes_at < *first)) {
            first = following.flow_changes_at;
        }
    }
    return first;
}

void FeedSource::note_change() {
    changed_ = true;
    if (events_.on_change) events_.on_change();
}

/// No ranking shows what is outside of the scan.
void FeedSource::note_change(const FollowedContract& contract) {
    if (!contract.on_demand) note_change();
}

void FeedSource::confirm(const std::string& contract_code, core::WallTime exchange_time) {
    FollowedContract* const contract = find(contract_code);
    if (contract == nullptr || contract->book != BookState::live) return;
    if (exchange_now() - exchange_time > kMaxAuditAge) return;
    contract->confirmed_at = std::max(contract->confirmed_at, bounded(exchange_time));
    // It was right then, not now: trades that were sent since have still to be seen in it.
    const auto age = std::max(exchange_now() - exchange_time, std::chrono::milliseconds(0));
    contract->confirmed = std::max(contract->confirmed, clock_.steady_now() - age);
    Following& following = following_.at(contract_code);
    following.book_changed = true;
    if (const market::LiveBook* const live = book(contract_code); live != nullptr) {
        following.flow.on_book(*live, exchange_now());
        if (detectors_ != nullptr) detectors_->on_book(*contract->contract, *live, exchange_now());
        following.flow_changed = true;
    }
    note_change(*contract);
}

void FeedSource::keep_books(const std::string& contract_code) {
    const auto following = following_.find(contract_code);
    const market::LiveBook* const live = book(contract_code);
    if (following == following_.end() || live == nullptr) return;
    following->second.keeps_books = true;
    following->second.kept = {copy_of(*live, core::WallTime())};
}

std::shared_ptr<const market::OrderBook> FeedSource::kept_book(const std::string& contract_code,
                                                               std::int64_t matching_id) const {
    const auto following = following_.find(contract_code);
    if (following == following_.end() || matching_id <= 0) return nullptr;
    // Two frames may have one number, where what was matched changed nothing: the last of them is what it came to.
    for (const auto& kept : std::views::reverse(following->second.kept)) {
        if (kept->matching_id == matching_id) return kept;
    }
    return nullptr;
}

void FeedSource::drop_books(const std::string& contract_code) {
    const auto following = following_.find(contract_code);
    if (following == following_.end()) return;
    following->second.keeps_books = false;
    following->second.kept.clear();
}

void FeedSource::take_book(const std::string& contract_code, market::OrderBook book) {
    const FollowedContract* const contract = find(contract_code);
    const ContractStatePtr state = state_.find(contract_code);
    if (contract == nullptr || state == nullptr || contract->is_current()) return;
    // What the feed told last may be newer than what an answer out of a cache says.
    const auto& held = state->book;
    const bool older = held.state == SlotState::live && book.exchange_time < held.exchange_time;
    const bool counted_before = held.state == SlotState::live && held.received.source == InputSource::feed &&
                                book.matching_id > 0 && book.matching_id < held.value->matching_id &&
                                book.exchange_time - held.exchange_time < kNumbersHold;
    if (older || counted_before) return;
    const core::WallTime time = book.exchange_time;
    state->book.take(std::make_shared<const market::OrderBook>(std::move(book)), time,
                     {.source = InputSource::rest, .wall = clock_.now(), .steady = clock_.steady_now()});
    note_change();
}

const market::LiveBook* FeedSource::book(const std::string& contract_code) const {
    return feed_ == nullptr ? nullptr : feed_->book(contract_code);
}

bool FeedSource::is_there() {
    const core::SteadyTime now = clock_.steady_now();
    const auto is_live = [](const auto& entry) {
        return entry.second.book == BookState::live || entry.second.tape_followed;
    };
    if (std::ranges::any_of(followed_, is_live)) last_live_ = now;
    return last_live_ && now - *last_live_ < kInterruption;
}

core::WallTime FeedSource::exchange_now() const {
    return state_.exchange_clock().between_passes(clock_.now(), clock_.steady_now()).value_or(clock_.now());
}

core::WallTime FeedSource::bounded(core::WallTime told) const {
    return std::min(told, exchange_now() + kAheadTolerance);
}

std::chrono::milliseconds FeedSource::lateness(const FeedTime& time) const {
    return std::max(exchange_now() - time.exchange, std::chrono::milliseconds(0));
}

FollowedContract* FeedSource::find(std::string_view contract_code) {
    const auto found = followed_.find(contract_code);
    return found == followed_.end() ? nullptr : &found->second;
}

void FeedSource::on_book(const market::Contract& contract, const market::LiveBook& book, const FeedTime& time) {
    FollowedContract* const followed = find(contract.contract_code);
    if (followed == nullptr) return;
    if (!frames_since_ && !followed->on_demand) frames_since_ = time.received_steady;
    const core::WallTime at = bounded(time.exchange);
    followed->book = BookState::live;
    followed->confirmed_at = at;
    const auto late = lateness(time);
    followed->confirmed = time.received_steady - late;
    followed->book_frame = time.received_steady;
    if (late <= kLate) {
        followed->late_since.reset();
    } else if (!followed->late_since) {
        followed->late_since = time.received_steady;
    }
    Following& following = following_.at(contract.contract_code);
    following.book_changed = true;
    if (following.keeps_books) {
        if (following.kept.size() >= kMaxKeptBooks) following.kept.pop_front();
        following.kept.push_back(copy_of(book, at));
    }
    following.flow.on_book(book, at);
    if (detectors_ != nullptr) detectors_->on_book(contract, book, at);
    following.flow_changed = true;
    note_change(*followed);
}

void FeedSource::on_book_state(const market::Contract& contract, BookState state, std::string_view why) {
    FollowedContract* const followed = find(contract.contract_code);
    if (followed == nullptr || state == BookState::live) return;  // a live one is told with its content
    const bool was_live = std::exchange(followed->book, state) == BookState::live;
    followed->late_since.reset();
    if (const ContractStatePtr held = state_.find(contract.contract_code); held != nullptr) {
        held->book_followed = false;
        held->book_subscription = exchange::to_string(state);
        if (!was_right(state) && held->book.received.source == InputSource::feed) {
            held->book.fail(core::Error(core::ErrorCode::unavailable, std::string(why)),
                            {.source = InputSource::feed, .wall = clock_.now(), .steady = clock_.steady_now()});
        }
    }
    core::log(core::LogLevel::debug, was_live ? "book_lost" : "book_not_regained",
              {{"contract_code", contract.contract_code}, {"state", exchange::to_string(state)}, {"why", why}});
    if (!was_live) return;
    Following& following = following_.at(contract.contract_code);
    following.flow.on_book_lost(exchange_now());
    if (detectors_ != nullptr) detectors_->on_book_lost(contract, exchange_now());
    following.flow_changed = true;
    note_change(*followed);
}

void FeedSource::on_resubscription(std::string_view topic, std::string_view contract_code, std::string_view cause,
                                   std::string_view why) {
    core::log(core::LogLevel::debug, "feed_resubscribed",
              {{"topic", topic}, {"contract_code", contract_code}, {"cause", cause}, {"why", why}});
}

void FeedSource::on_liquidation(std::string_view contract_code, const exchange::Liquidation& liquidation,
                                const FeedTime& time) {
    const auto found = following_.find(contract_code);
    if (found == following_.end()) return;
    if (detectors_ != nullptr) {
        detectors_->on_liquidation(contract_code, liquidation.taker_side, liquidation.price * liquidation.size,
                                   bounded(time.exchange));
    }
    found->second.flow.on_liquidation(liquidation.taker_side, liquidation.price * liquidation.size,
                                      bounded(time.exchange));
    found->second.flow_changed = true;
    note_change();
}

void FeedSource::on_liquidations_followed(bool followed) {
    liquidations_followed_ = followed;
    const core::WallTime now = exchange_now();
    for (auto& [code, following] : following_) {
        if (followed) {
            following.flow.on_liquidations_known(now);
        } else {
            following.flow.on_liquidations_unknown(now);
        }
        following.flow_changed = true;
    }
    note_change();
}

void FeedSource::on_funding_rate(std::string_view contract_code, const market::FundingRate& rate,
                                 const FeedTime& /*time*/) {
    const bool changed = state_.change_funding(std::string(contract_code), rate);
    if (changed && find(contract_code) != nullptr) note_change();
}

void FeedSource::on_contract_change(std::string_view /*contract_code*/, const FeedTime& /*time*/) {
    if (events_.on_contract_change) events_.on_contract_change();
}

}  // namespace scanner::engine
