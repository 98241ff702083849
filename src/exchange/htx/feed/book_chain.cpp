#include "exchange/htx/feed/book_chain.hpp"

#include <cmath>

namespace scanner::exchange::htx::feed {

namespace {

constexpr double kWholeLimit = 9'007'199'254'740'992.0;  // 2^53: from here on not every integer is a double
constexpr int kMaxDecimals = 15;

}  // namespace

BookChain::BookChain(double contract_size) : contract_(contract_size) {
    const int decimals = contract_.decimals();
    if (decimals > kMaxDecimals || !(contract_size > 0.0)) return;
    for (int i = 0; i < decimals; ++i) divisor_ *= 10.0;
    const double whole = std::nearbyint(contract_size * divisor_);
    if (whole < kWholeLimit && whole / divisor_ == contract_size) whole_ = whole;
}

bool BookChain::to_base_units(std::span<market::Level> levels) const {
    for (market::Level& level : levels) {
        // What DecimalUnit::times does, without a call a level. Adding 2^52 rounds what is no whole number.
        const double product = level.size * whole_;
        const double rounded = (level.size + kWholeLimit / 2) - kWholeLimit / 2;
        if (rounded == level.size && whole_ > 0.0 && product < kWholeLimit) {
            level.size = product / divisor_;
            continue;
        }
        if (level.size == 0.0) continue;
        level.size = contract_.times(level.size);
        if (!std::isfinite(level.size) || !(level.size > 0.0)) return false;
    }
    return true;
}

void BookChain::end(BookState state) {
    book_.clear();
    version_ = 0;
    state_ = state;
}

BookChain::Step BookChain::on_tick(const BookTick& tick) {
    if (!tick.whole) {
        if (state_ != BookState::live) return fail(BookState::gap, "a change before a snapshot");
        if (tick.version - 1 != version_) return fail(BookState::gap, "a change was missing or came twice");
    }
    if (!to_base_units(tick.bids) || !to_base_units(tick.asks)) {
        return fail(BookState::gap, "a size that cannot be counted in base units");
    }
    const market::BookChange change{
        .bids = tick.bids, .asks = tick.asks, .exchange_time = tick.time, .matching_id = tick.matching_id};
    if (tick.whole) {
        book_.reset(change);
    } else {
        book_.apply(change);
    }
    if (book_.bids().size() > kMaxLevels || book_.asks().size() > kMaxLevels) {
        return fail(BookState::gap, "more levels than the topic has");
    }
    if (book_.is_crossed()) return fail(BookState::crossed, "the best bid reached the best ask");
    version_ = tick.version;
    state_ = BookState::live;
    if (tick.whole) return Step::started;
    return tick.bids.empty() && tick.asks.empty() ? Step::confirmed : Step::changed;
}

}  // namespace scanner::exchange::htx::feed
