#include "exchange/htx/feed/book_chain.hpp"

#include <cmath>

namespace scanner::exchange::htx::feed {

bool BookChain::to_base_units(std::span<market::Level> levels) const {
    for (market::Level& level : levels) {
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
