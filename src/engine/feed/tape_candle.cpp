#include "engine/feed/tape_candle.hpp"

#include <algorithm>

namespace scanner::engine {

void TapeCandle::set_interval(std::chrono::milliseconds interval) {
    if (interval == interval_) return;
    interval_ = interval;
    // Of the interval that is under way under the new length nothing is known to be whole.
    complete_since_.reset();
    running_.reset();
    finished_.reset();
}

void TapeCandle::on_trades(std::span<const market::Trade> trades, core::WallTime latest) {
    for (const market::Trade& trade : trades) {
        if (trade.time > latest) {
            complete_since_.reset();
        } else {
            add(trade);
        }
    }
}

void TapeCandle::on_complete(core::WallTime at) {
    if (!complete_since_) complete_since_ = at;
}

void TapeCandle::add(const market::Trade& trade) {
    const std::int64_t open = core::to_unix_ms(trade.time) / interval_.count() * interval_.count();
    if (!running_ || open > running_->candle.open_time_ms) {
        finished_ = running_;
        running_ = Bar{.candle = {open, trade.price, trade.price, trade.price, trade.price, trade.size},
                       .first_id = trade.trade_id,
                       .last_id = trade.trade_id};
    } else if (open == running_->candle.open_time_ms) {
        add(*running_, trade);
    } else if (finished_ && open == finished_->candle.open_time_ms) {
        add(*finished_, trade);
    }
}

void TapeCandle::add(Bar& bar, const market::Trade& trade) {
    market::Candle& candle = bar.candle;
    candle.high = std::max(candle.high, trade.price);
    candle.low = std::min(candle.low, trade.price);
    candle.base_volume += trade.size;
    if (trade.trade_id < bar.first_id) {
        bar.first_id = trade.trade_id;
        candle.open = trade.price;
    }
    if (trade.trade_id > bar.last_id) {
        bar.last_id = trade.trade_id;
        candle.close = trade.price;
    }
}

std::optional<market::Candle> TapeCandle::whole(const std::optional<Bar>& bar) const {
    if (!bar || !complete_since_ || core::to_unix_ms(*complete_since_) > bar->candle.open_time_ms) return std::nullopt;
    return bar->candle;
}

TapeCandle::Told TapeCandle::told() const {
    return {.running = whole(running_), .finished = whole(finished_)};
}

}  // namespace scanner::engine
