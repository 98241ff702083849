#include "signals/flow/book_watch.hpp"

#include "signals/flow/finite.hpp"

#include <algorithm>

namespace scanner::signals::flow {
namespace {

constexpr double kFirmBps = 25.0;
constexpr double kNearBps = 10.0;

void add(Notional& sum, const Notional& value, double milliseconds) {
    sum.quoted += value.quoted * milliseconds;
    sum.firm += value.firm * milliseconds;
}

}  // namespace

void BookWatch::take(const market::LiveBook& book, std::int64_t now_ms) {
    const bool bids_changed = bids_.take(book.bids());
    const bool asks_changed = asks_.take(book.asks());
    const Quarter now = quarter_of(now_ms);
    const Touch touch{.bid = bids_.touch(), .ask = asks_.touch()};
    if (!is_live()) {
        life_ = ++lives_;
        live_since_ms_ = now_ms;
        added_up_to_ms_ = now_ms;
    } else if (!bids_changed && !asks_changed) {
        return;  // confirmed: a sum in more pieces would be another number
    } else {
        add_up(now_ms);
        if (touch != touch_) count_touch(touch, now);
    }
    touch_ = touch;
    unchanged_quarters_ = 0;
    measure();
}

/// Cont, Kukanov and Stoikov (2014), equation 2: what came to the best bid and went from the best ask, less the
/// opposite.
void BookWatch::count_touch(const Touch& touch, Quarter now) {
    double flow = 0.0;
    if (touch.bid.price >= touch_.bid.price) flow += touch.bid.size;
    if (touch.bid.price <= touch_.bid.price) flow -= touch_.bid.size;
    if (touch.ask.price <= touch_.ask.price) flow -= touch.ask.size;
    if (touch.ask.price >= touch_.ask.price) flow += touch_.ask.size;
    OrderFlow& quarter = flow_.of(now);
    quarter.sum += flow;
    quarter.sizes += (touch.bid.size + touch.ask.size) / 2.0;
    quarter.changes += 1.0;
}

void BookWatch::lose(std::int64_t now_ms) {
    if (!is_live()) return;
    add_up(now_ms);
    life_ = 0;
    bids_.clear();
    asks_.clear();
    bids_now_ = {};
    asks_now_ = {};
    flow_.clear();
    unchanged_quarters_ = 0;
}

void BookWatch::add_up(std::int64_t until_ms) {
    if (!is_live() || until_ms <= added_up_to_ms_) return;
    const auto milliseconds = static_cast<double>(until_ms - added_up_to_ms_);
    Firmness& quarter = firmness_.of(quarter_of(added_up_to_ms_));
    add(quarter.bids, bids_now_, milliseconds);
    add(quarter.asks, asks_now_, milliseconds);
    added_up_to_ms_ = until_ms;
}

void BookWatch::measure() {
    const double middle = mid();
    bids_now_ = bids_.within(middle, kFirmBps);
    asks_now_ = asks_.within(middle, kFirmBps);
}

void BookWatch::begin_quarter(Quarter begun) {
    add_up(start_of(begun));
    flow_.of(begun) = {};
    firmness_.of(begun) = {};
    if (is_live()) {
        if (unchanged_quarters_ < kLeastQuarters) {
            bids_.end_quarter();
            asks_.end_quarter();
            measure();
        }
        ++unchanged_quarters_;
    }
    set_mark(begun);
}

void BookWatch::skip(Quarter last, Quarter begun) {
    if (!is_live()) return;
    firmness_.of(last) = firmness_.of(last - 1);
    firmness_.of(begun) = {};
    added_up_to_ms_ = start_of(begun);
}

void BookWatch::set_mark(Quarter quarter) {
    BookMark& mark = marks_.of(quarter);
    mark = {};
    if (!is_live()) return;
    const double middle = mid();
    mark = {.life = life_,
            .mid = middle,
            .bid_touch = bids_.touch().price * bids_.touch().size,
            .ask_touch = asks_.touch().price * asks_.touch().size,
            .bid_depth = bids_.within(middle, kNearBps).quoted,
            .ask_depth = asks_.within(middle, kNearBps).quoted};
}

void BookWatch::fill(FlowNumbers& numbers, Quarter now) const {
    if (!is_live()) return;
    const auto& [bid, ask] = touch_;
    numbers.microprice = finite((ask.price * bid.size + bid.price * ask.size) / (bid.size + ask.size));
    const double middle = mid();
    numbers.depth_10bps_bid_usdt = finite(bids_.within(middle, 10.0).quoted);
    numbers.depth_10bps_ask_usdt = finite(asks_.within(middle, 10.0).quoted);
    numbers.depth_25bps_bid_usdt = finite(bids_now_.quoted);
    numbers.depth_25bps_ask_usdt = finite(asks_now_.quoted);
    numbers.depth_50bps_bid_usdt = finite(bids_.within(middle, 50.0).quoted);
    numbers.depth_50bps_ask_usdt = finite(asks_.within(middle, 50.0).quoted);
    if (now >= first_full_window(live_since_ms_, kFlowQuarters)) {
        OrderFlow sum;
        for (const OrderFlow& quarter : flow_.all()) {
            sum.sum += quarter.sum;
            sum.sizes += quarter.sizes;
            sum.changes += quarter.changes;
        }
        numbers.ofi_10s = sum.changes > 0.0 ? finite(sum.sum * sum.changes / sum.sizes) : 0.0;
    }
    if (now >= firm_since()) {
        Firmness sum;
        for (Quarter quarter = now - kFirmQuarters; quarter < now; ++quarter) {
            add(sum.bids, firmness_.of(quarter).bids, 1.0);
            add(sum.asks, firmness_.of(quarter).asks, 1.0);
        }
        constexpr auto kWindowMs = static_cast<double>(kFirmQuarters * kQuarterMs);
        numbers.firm_depth_bid_usdt = finite(sum.bids.firm / kWindowMs);
        numbers.firm_depth_ask_usdt = finite(sum.asks.firm / kWindowMs);
        const double quoted = sum.bids.quoted + sum.asks.quoted;
        if (quoted > 0.0) numbers.firmness = finite(std::min(1.0, (sum.bids.firm + sum.asks.firm) / quoted));
    }
}

std::optional<BookLadder> BookWatch::ladder(Quarter now) const {
    if (!is_live()) return std::nullopt;
    constexpr std::size_t kLeastLevels = 10;
    // What stood in the first moment may have come in it: until then nothing is known to have stayed.
    const bool firm_known = now >= first_full_window(live_since_ms_ + 1, kLeastQuarters);
    const double middle = mid();
    return BookLadder{.bids = bids_.levels(middle, kFirmBps, kLeastLevels, firm_known),
                      .asks = asks_.levels(middle, kFirmBps, kLeastLevels, firm_known)};
}

std::optional<Quarter> BookWatch::next_change(Quarter now) const {
    if (!is_live()) return std::nullopt;
    std::optional<Quarter> next;
    const auto consider = [&](Quarter quarter) {
        if (quarter > now) next = std::min(next.value_or(quarter), quarter);
    };
    consider(first_full_window(live_since_ms_, kFlowQuarters));
    consider(firm_since());
    for (Quarter quarter = now - kFlowQuarters + 1; quarter <= now; ++quarter) {
        if (flow_.of(quarter).changes == 0.0) continue;
        consider(quarter + kFlowQuarters);
        break;
    }
    if (now >= firm_since() && unchanged_quarters_ <= kLeastQuarters + kFirmQuarters) consider(now + 1);
    return next;
}

}  // namespace scanner::signals::flow
