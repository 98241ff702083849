#include "scanner/signals/flow/contract_flow.hpp"

#include "signals/flow/book_watch.hpp"
#include "signals/flow/impact.hpp"
#include "signals/flow/liquidations.hpp"
#include "signals/flow/quarters.hpp"
#include "signals/flow/recovery.hpp"
#include "signals/flow/trade_window.hpp"

#include "scanner/core/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace scanner::signals {
namespace {

using flow::Quarter;

/// Trades may be told so much later than the book of their moment: what compares the two looks at a quarter second only
/// when it has been over for so long.
constexpr std::int64_t kGraceQuarters = 4;
/// When nothing has happened for so many quarters, every following one is the same: no window of quarters is longer,
/// and no shock is waited for.
constexpr std::int64_t kMaxQuartersInARow = 320;

}  // namespace

struct ContractFlow::State {
    /// Brings everything to `at`; returns the time in milliseconds.
    std::int64_t advance(core::WallTime at);
    void begin_quarter();
    [[nodiscard]] bool is_comparing() const;

    bool has_begun = false;
    std::int64_t now_ms = 0;
    Quarter quarter = 0;
    flow::BookWatch book;
    flow::TradeWindow tape;
    flow::Impact impact;
    flow::Recovery recovery;
    flow::Liquidations liquidations;

    static void persist(auto& self, auto& archive) {
        archive(self.has_begun, self.now_ms, self.quarter, self.book, self.tape, self.impact, self.recovery,
                self.liquidations);
        // Quarters are places in rings.
        archive.require(self.now_ms >= 0 && self.now_ms <= core::kMaxUnixMs &&
                        self.quarter == flow::quarter_of(self.now_ms));
    }
};

std::int64_t ContractFlow::State::advance(core::WallTime at) {
    const std::int64_t at_ms = std::max<std::int64_t>(core::to_unix_ms(at), 0);
    if (!has_begun) {
        has_begun = true;
        now_ms = at_ms;
        quarter = flow::quarter_of(at_ms);
        return now_ms;
    }
    if (at_ms <= now_ms) return now_ms;
    const Quarter target = flow::quarter_of(at_ms);
    for (int i = 0; i < kMaxQuartersInARow && quarter < target; ++i) begin_quarter();
    if (quarter < target) {
        book.skip(quarter, target);
        quarter = target;
    }
    now_ms = at_ms;
    return now_ms;
}

void ContractFlow::State::begin_quarter() {
    ++quarter;
    book.begin_quarter(quarter);
    tape.begin_quarter(quarter);
    const Quarter settled = quarter - 1 - kGraceQuarters;
    recovery.end_quarter(book, tape, settled);
    constexpr std::int64_t kQuartersASecond = 4;
    if (settled % kQuartersASecond == kQuartersASecond - 1) impact.end_second(book, tape, settled);
}

/// Whether a quarter that is not settled yet has something to compare.
bool ContractFlow::State::is_comparing() const {
    if (recovery.is_waiting()) return true;
    constexpr std::int64_t kNotSettled = kGraceQuarters + 4;
    for (Quarter each = quarter - kNotSettled; each <= quarter; ++each) {
        if (each >= 0 && tape.of(each).trades > 0.0) return true;
    }
    return false;
}

std::size_t ContractFlow::memory() noexcept {
    static_assert(sizeof(State) <= 56UL * 1024UL);
    return sizeof(State) + sizeof(ContractFlow);
}

ContractFlow::ContractFlow() : state_(std::make_unique<State>()) {}
ContractFlow::~ContractFlow() = default;
ContractFlow::ContractFlow(ContractFlow&& other) noexcept = default;
ContractFlow& ContractFlow::operator=(ContractFlow&& other) noexcept = default;

void ContractFlow::on_book(const market::LiveBook& book, core::WallTime at) {
    const std::int64_t now_ms = state_->advance(at);
    if (book.bids().empty() || book.asks().empty() || book.is_crossed()) {
        state_->book.lose(now_ms);
    } else {
        state_->book.take(book, now_ms);
    }
}

void ContractFlow::on_book_lost(core::WallTime at) {
    state_->book.lose(state_->advance(at));
}

void ContractFlow::on_trades(std::span<const market::Trade> trades, core::WallTime at) {
    const std::int64_t now_ms = state_->advance(at);
    state_->tape.add(trades, now_ms);
}

void ContractFlow::on_tape_hole(core::WallTime at) {
    state_->advance(at);
    state_->tape.interrupt();
}

void ContractFlow::on_tape_filled(std::span<const market::Trade> trades, core::WallTime at) {
    const std::int64_t now_ms = state_->advance(at);
    state_->tape.fill(trades, now_ms);
}

void ContractFlow::on_liquidation(market::Side taker_side, double notional, core::WallTime at) {
    const std::int64_t now_ms = state_->advance(at);
    state_->liquidations.add(taker_side, notional, now_ms);
}

void ContractFlow::on_liquidations_unknown(core::WallTime at) {
    state_->advance(at);
    state_->liquidations.lose();
}

void ContractFlow::on_liquidations_known(core::WallTime at) {
    state_->liquidations.follow(state_->advance(at));
}

FlowNumbers ContractFlow::numbers(core::WallTime at) {
    state_->advance(at);
    const Quarter now = state_->quarter;
    FlowNumbers numbers;
    state_->book.fill(numbers, now);
    state_->tape.fill(numbers, now);
    state_->liquidations.fill(numbers, now);
    if (state_->book.is_live() && !state_->tape.is_interrupted()) {
        state_->impact.fill(numbers, now);
        state_->recovery.fill(numbers, now);
    }
    return numbers;
}

std::optional<BookLadder> ContractFlow::ladder(core::WallTime at) {
    state_->advance(at);
    return state_->book.ladder(state_->quarter);
}

std::optional<core::WallTime> ContractFlow::next_change_at(core::WallTime at) {
    state_->advance(at);
    const Quarter now = state_->quarter;
    std::optional<Quarter> next;
    for (const std::optional<Quarter>& each :
         {state_->book.next_change(now), state_->tape.next_change(now), state_->impact.next_change(now),
          state_->recovery.next_change(now), state_->liquidations.next_change(now),
          state_->is_comparing() ? std::optional(now + 1) : std::nullopt}) {
        if (each) next = std::min(next.value_or(*each), *each);
    }
    if (!next) return std::nullopt;
    return core::from_unix_ms(flow::start_of(std::max(*next, now + 1)));
}

void ContractFlow::save(core::CheckpointWriter& archive) const {
    archive(*state_);
}

void ContractFlow::load(core::CheckpointReader& archive) {
    State read;
    archive(read);
    if (archive.ok()) *state_ = read;
}

}  // namespace scanner::signals
