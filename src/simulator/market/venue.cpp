#include "simulator/market/venue.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::simulator {

PriceScale::PriceScale(double tick) : tick_(tick) {
    const double inverse = std::round(1.0 / tick);
    if (inverse > 1.0 && std::abs(inverse * tick - 1.0) < 1e-9) divisor_ = inverse;
}

std::int64_t PriceScale::nearest_ticks(double price) const {
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::floor(price / tick_ + 0.5)));
}

double price_from_ticks(std::int64_t ticks, double price_tick) {
    return PriceScale(price_tick).price(ticks);
}

Venue::Venue(const SimulatedContract& listing, const Profile& profile, std::uint64_t seed, std::uint64_t stream)
    : scale_(listing.contract.price_tick),
      tick_value_(listing.contract.price_tick * listing.contract.contract_size),
      matching_id_(100'129'125'618'683),
      random_(seed, stream ^ 0x0F0F) {
    matching_id_ += static_cast<std::int64_t>(random_.below(4'000'000'000ULL));
    const double contract_usdt = profile.start_price * listing.contract.contract_size;
    open_interest_target_ = std::max(20.0, profile.open_interest_usdt / contract_usdt);
    open_interest_ = static_cast<std::int64_t>(open_interest_target_);
}

void Venue::set_time(Micros now) {
    now_ = now;
    // A fill's time is rounded up to the millisecond, so it belongs to the minute that this millisecond is in.
    candles_.roll_to((now + 999) / 1000 / 1000);
}

OrderId Venue::place(Side side, std::int64_t price_ticks, std::int64_t contracts, Owner owner) {
    touch();
    return book_.add(side, price_ticks, contracts, owner);
}

bool Venue::cancel(OrderId id) {
    if (!book_.cancel(id)) return false;
    touch();
    return true;
}

std::size_t Venue::cancel_crowd_to(Side side, std::int64_t limit_ticks) {
    touch();
    return book_.cancel_crowd_to(side, limit_ticks);
}

Execution Venue::take(Side taker, std::int64_t contracts, std::int64_t limit_ticks) {
    fills_.clear();
    const Side resting = opposite(taker);
    const std::int64_t available = book_.contracts(resting, book_.depth(resting));
    contracts = std::min(contracts, available - std::max<std::int64_t>(1, available / 10));
    if (contracts < 1 || book_.take(taker, contracts, limit_ticks, fills_) == 0) return {};
    touch();
    Execution execution;
    const WallTime time = to_wall(now_);
    int index = 0;
    for (const Fill& fill : fills_) {
        const double price = scale_.price(fill.price_ticks);
        const double usdt = contract_usdt(static_cast<double>(fill.price_ticks)) * static_cast<double>(fill.contracts);
        candles_.add_fill(price, 2 * fill.contracts, 2.0 * usdt);
        execution.contracts += fill.contracts;
        execution.usdt += usdt;
        const SimulatedTrade trade{.match_id = matching_id_,
                                   .fill_index = index++,
                                   .price_ticks = fill.price_ticks,
                                   .doubled_contracts = 2 * fill.contracts,
                                   .taker_side = taker,
                                   .time = time,
                                   .liquidation = liquidating_};
        if (trades_.size() < kTradesKept) {
            trades_.push_back(trade);
        } else {
            trades_[next_trade_] = trade;
        }
        next_trade_ = (next_trade_ + 1) % kTradesKept;
        ++fill_count_;
    }
    settle_open_interest(execution.contracts);
    traded_contracts_ += execution.contracts;
    return execution;
}

void Venue::settle_open_interest(std::int64_t contracts) {
    // Two openers add, two closers remove, one of each passes the position on; pulled towards the contract's usual
    // size.
    const double pull = std::clamp(1.0 - static_cast<double>(open_interest_) / open_interest_target_, -0.5, 0.5);
    const double opening = std::max(0.0, 0.22 + 0.25 * pull - 0.2 * closing_bias_);
    const double closing = 0.22 - 0.25 * pull + 0.6 * closing_bias_;
    const double draw = random_.uniform();
    if (draw < opening) {
        open_interest_ += contracts;
    } else if (draw < opening + closing) {
        open_interest_ -= std::min(contracts, open_interest_ - 1);
    }
}

void Venue::paint_open_interest(std::int64_t contracts) {
    open_interest_ = std::max<std::int64_t>(1, open_interest_ + contracts);
}

BookState Venue::book_state(std::size_t levels) const {
    BookState state;
    state.matching_id = matching_id_;
    state.time = to_wall(book_time_);
    const std::size_t most = std::min<std::size_t>(levels, 150);
    const auto copy = [&](Side side, std::vector<BookLevel>& into) {
        const std::size_t count = std::min(most, book_.depth(side));
        into.reserve(count);
        for (std::size_t rank = 0; rank < count; ++rank) {
            const auto& level = book_.level(side, rank);
            into.push_back({.price_ticks = level.price_ticks, .contracts = level.contracts});
        }
    };
    copy(Side::buy, state.bids);
    copy(Side::sell, state.asks);
    return state;
}

std::vector<SimulatedTrade> Venue::newest_trades(std::size_t count) const {
    const std::size_t kept = trades_.size();
    const std::size_t wanted = std::min(count, kept);
    std::vector<SimulatedTrade> newest;
    newest.reserve(wanted);
    const std::size_t oldest = kept < kTradesKept ? 0 : next_trade_;
    for (std::size_t i = kept - wanted; i < kept; ++i) newest.push_back(trades_[(oldest + i) % kept]);
    return newest;
}

void Venue::set_last_trade(std::int64_t price_ticks, std::int64_t contracts, Side taker, Micros time) {
    trades_.push_back({.match_id = matching_id_++,
                       .fill_index = 0,
                       .price_ticks = price_ticks,
                       .doubled_contracts = 2 * contracts,
                       .taker_side = taker,
                       .time = to_wall(time)});
    next_trade_ = trades_.size() % kTradesKept;
    ++fill_count_;
}

}  // namespace scanner::simulator
