#include "simulator/market/agents.hpp"

#include <algorithm>
#include <cmath>

// What rests in the book: the makers' ladders, the crowd's orders, and what becomes of them when they are stale.
namespace scanner::simulator {

// ---- makers

double Agents::maker_view(const Maker& maker) const {
    const double half = half_spread_ticks();
    const double lean = 0.6 * imbalance(8) - std::clamp(maker.inventory_usdt / (12.0 * profile_.touch_usdt), -0.8, 0.8);
    return fair_ticks_ + half * lean;
}

void Agents::wake_makers() {
    const double tolerance = 0.5 + 0.35 * half_spread_ticks();
    for (auto& maker : makers_) {
        if (maker.requote_at != kNever) continue;
        const bool moved = std::abs(fair_ticks_ - maker.quoted_view) > tolerance * maker.spread_factor;
        const bool old = now_ - maker.quoted_at > 45 * kSecond;
        if (moved || old) maker.requote_at = after(maker.latency);
    }
}

void Agents::requote(std::size_t index) {
    auto& maker = makers_[index];
    maker.requote_at = kNever;
    for (const auto quote : maker.quotes) venue_.cancel(quote);
    maker.quotes.clear();
    maker.quoted_at = now_;
    maker.quoted_view = fair_ticks_;
    place_ladder(maker, static_cast<Owner>(kFirstMaker + index), maker_view(maker));
    ensure_sides();
}

void Agents::place_ladder(Maker& maker, Owner owner, double view) {
    const double half = half_spread_ticks() * maker.spread_factor;
    const auto& book = venue_.book();
    // A stale quote may be in the way: the whole ladder then starts behind it and is put right soon.
    double bid = std::floor(view - half);
    double ask = std::ceil(view + half);
    const bool clipped = (!book.empty(Side::sell) && bid > static_cast<double>(book.best(Side::sell) - 1)) ||
                         (!book.empty(Side::buy) && ask < static_cast<double>(book.best(Side::buy) + 1));
    if (!book.empty(Side::sell)) bid = std::min(bid, static_cast<double>(book.best(Side::sell) - 1));
    if (!book.empty(Side::buy)) ask = std::max({ask, static_cast<double>(book.best(Side::buy) + 1), bid + 1.0});
    const double step = std::max(1.0, 0.5 * half);
    double reach = 0.0;
    double spacing = step;
    for (int k = 0; k < profile_.ladder; ++k) {
        const double usdt = profile_.touch_usdt * maker.size_factor * (1.0 + 0.4 * k) * pressure_.depth /
                            (1.0 + 1.5 * conditions_.stress);
        for (const Side side : {Side::buy, Side::sell}) {
            const double offset = std::floor(reach * random_.uniform(0.85, 1.15));
            const auto ticks = static_cast<std::int64_t>(side == Side::buy ? bid - offset : ask + offset);
            const auto id = venue_.place(side, ticks, contracts_for(random_.lognormal(usdt, 0.35)), owner);
            if (id != kNoOrder) maker.quotes.push_back(id);
        }
        reach += spacing;
        spacing *= 1.3;
    }
    if (clipped) maker.requote_at = after(150'000);
}

// ---- arbitrage

void Agents::wake_arbitrage() {
    if (arbitrage_at_ != kNever) return;
    const auto& book = venue_.book();
    const double margin = std::max(0.5, 0.4 * half_spread_ticks());
    if (static_cast<double>(book.best(Side::sell)) < fair_ticks_ - margin ||
        static_cast<double>(book.best(Side::buy)) > fair_ticks_ + margin) {
        arbitrage_at_ = after(180'000);
    }
}

void Agents::lift_stale() {
    arbitrage_at_ = kNever;
    const double margin = std::max(0.5, 0.4 * half_spread_ticks());
    lift_stale_side(Side::buy, fair_ticks_ - margin);
    lift_stale_side(Side::sell, fair_ticks_ + margin);
    ensure_sides();
}

void Agents::lift_stale_side(Side taker, double limit) {
    const Side resting = opposite(taker);
    const auto limit_ticks = static_cast<std::int64_t>(taker == Side::buy ? std::floor(limit) : std::ceil(limit));
    const std::int64_t stale = venue_.book().contracts_to(resting, limit_ticks);
    if (stale == 0) return;
    const auto affordable = static_cast<std::int64_t>(arbitrage_usdt_ / venue_.contract_usdt(fair_ticks_));
    if (affordable > 0 && arbitrage_usdt_ > 0.7 * taker_usdt_) {
        const auto execution = venue_.take(taker, std::min(stale, affordable), limit_ticks);
        arbitrage_usdt_ -= execution.usdt;
        settle_makers(taker);
    }
    // The rest of the owners saw it coming; most of them are back further out.
    const auto fled = venue_.cancel_crowd_to(resting, limit_ticks);
    for (std::size_t i = 0; i < fled; ++i) {
        if (random_.chance(0.85)) place_crowd_order(resting);
    }
}

// ---- the crowd

double Agents::crowd_distance() {
    const double u = random_.uniform();
    return profile_.range_bps * 1e-4 * fair_ticks_ * u * u * (0.3 + 0.7 * u);
}

void Agents::place_crowd_order() {
    place_crowd_order(random_.chance(0.5) ? Side::buy : Side::sell);
}

void Agents::place_crowd_order(Side side) {
    const double half = half_spread_ticks();
    const auto& book = venue_.book();
    double distance = half * random_.uniform(0.8, 1.6) + crowd_distance();
    if (!book.empty(side) && random_.chance(0.12)) {
        // Steps in front of the queue, while that still leaves an edge over the fair value.
        const double in_front = std::abs(fair_ticks_ - static_cast<double>(book.best(side) + sign_of(side)));
        if (in_front > 0.6 * half && in_front > 0.5) distance = in_front;
    }
    const double price = fair_ticks_ - sign_of(side) * distance;
    const auto ticks = static_cast<std::int64_t>(side == Side::buy ? std::floor(price) : std::ceil(price));
    const double far = distance / (profile_.range_bps * 1e-4 * fair_ticks_);
    const double usdt = profile_.touch_usdt * 0.35 * (0.7 + 2.0 * far) * pressure_.depth;
    static_cast<void>(
        venue_.place(side, std::max<std::int64_t>(1, ticks), contracts_for(random_.lognormal(usdt, 0.75)), kCrowd));
}

void Agents::cancel_crowd_order() {
    const auto& book = venue_.book();
    const auto id = book.random_crowd_order(random_);
    if (id == kNoOrder) return;
    const double range = profile_.range_bps * 1e-4 * fair_ticks_;
    const double distance = std::abs(static_cast<double>(book.price_of(id)) - fair_ticks_);
    const double nearness =
        distance > 1.3 * range ? 1.0 : kNearLife + (1.0 - kNearLife) * core::portable_exp(-distance / (0.12 * range));
    if (!random_.chance(nearness)) return;
    if (book.depth(book.side_of(id)) > 6) venue_.cancel(id);
}

void Agents::thin_crowd(double probability) {
    // As many draws as orders: some are drawn twice, so a little less is thinned than asked, as people hesitate.
    const auto draws = venue_.book().crowd_orders();
    for (std::size_t i = 0; i < draws; ++i) {
        const auto id = venue_.book().random_crowd_order(random_);
        if (id == kNoOrder) return;
        if (random_.chance(probability) && venue_.book().depth(venue_.book().side_of(id)) > 6) venue_.cancel(id);
    }
}

void Agents::ensure_sides() {
    for (const Side side : {Side::buy, Side::sell}) {
        while (venue_.book().depth(side) < 5) {
            const double distance = half_spread_ticks() * (1.0 + static_cast<double>(venue_.book().depth(side)) *
                                                                     random_.uniform(0.5, 1.0)) +
                                    random_.uniform(0.0, 8.0);
            const double price = fair_ticks_ - sign_of(side) * distance;
            const auto ticks = static_cast<std::int64_t>(side == Side::buy ? std::floor(price) : std::ceil(price));
            static_cast<void>(venue_.place(side, std::max<std::int64_t>(1, ticks),
                                           contracts_for(profile_.touch_usdt * 0.5 * pressure_.depth), kCrowd));
        }
    }
}

}  // namespace scanner::simulator
