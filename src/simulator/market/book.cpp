#include "simulator/market/book.hpp"

#include <algorithm>

namespace scanner::simulator {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// Whether `price` is at least as good as `limit` on a side of the book (bids: higher is better).
constexpr bool reaches(bool bid, std::int64_t price, std::int64_t limit) {
    return bid ? price >= limit : price <= limit;
}

}  // namespace

std::size_t Book::find_level(const std::vector<Level>& side_levels, bool bid, std::int64_t price) const {
    const auto worse = [bid](const Level& level, std::int64_t wanted) {
        return bid ? level.price_ticks < wanted : level.price_ticks > wanted;
    };
    return static_cast<std::size_t>(std::lower_bound(side_levels.begin(), side_levels.end(), price, worse) -
                                    side_levels.begin());
}

std::uint32_t Book::allocate() {
    if (!free_.empty()) {
        const auto slot = free_.back();
        free_.pop_back();
        return slot;
    }
    orders_.emplace_back();
    return static_cast<std::uint32_t>(orders_.size() - 1);
}

void Book::release(std::uint32_t slot) {
    Order& order = orders_[slot];
    if (order.owner == kCrowd) {
        const auto moved = crowd_.back();
        crowd_[order.crowd_index] = moved;
        orders_[moved].crowd_index = order.crowd_index;
        crowd_.pop_back();
    }
    order.live = false;
    ++order.generation;
    free_.push_back(slot);
}

const Book::Order* Book::find(OrderId id) const {
    const auto slot = static_cast<std::size_t>(id & 0xffffffffU);
    if (slot >= orders_.size()) return nullptr;
    const Order& order = orders_[slot];
    return order.live && order.generation == static_cast<std::uint32_t>(id >> 32U) ? &order : nullptr;
}

OrderId Book::add(Side side, std::int64_t price_ticks, std::int64_t contracts, Owner owner) {
    const bool bid = side == Side::buy;
    const Side other = opposite(side);
    if (!empty(other))
        price_ticks = bid ? std::min(price_ticks, best(other) - 1) : std::max(price_ticks, best(other) + 1);
    if (price_ticks < 1 || contracts < 1) return kNoOrder;
    ++changes_;
    const auto slot = allocate();
    auto& all = levels(side);
    const auto position = find_level(all, bid, price_ticks);
    if (position == all.size() || all[position].price_ticks != price_ticks) {
        all.insert(all.begin() + static_cast<std::ptrdiff_t>(position),
                   Level{.price_ticks = price_ticks, .contracts = 0, .head = kNone, .tail = kNone, .orders = 0});
    }
    Level& level = all[position];
    Order& order = orders_[slot];
    order.price_ticks = price_ticks;
    order.contracts = contracts;
    order.previous = level.tail;
    order.next = kNone;
    order.owner = owner;
    order.live = true;
    order.bid = bid;
    if (level.tail != kNone) orders_[level.tail].next = slot;
    level.tail = slot;
    if (level.head == kNone) level.head = slot;
    level.contracts += contracts;
    ++level.orders;
    if (owner == kCrowd) {
        order.crowd_index = static_cast<std::uint32_t>(crowd_.size());
        crowd_.push_back(slot);
    }
    return (static_cast<OrderId>(order.generation) << 32U) | slot;
}

void Book::unlink(Level& level, std::uint32_t slot) {
    const Order& order = orders_[slot];
    (order.previous == kNone ? level.head : orders_[order.previous].next) = order.next;
    (order.next == kNone ? level.tail : orders_[order.next].previous) = order.previous;
    level.contracts -= order.contracts;
    --level.orders;
}

bool Book::cancel(OrderId id) {
    const Order* order = find(id);
    if (order == nullptr) return false;
    ++changes_;
    const auto slot = static_cast<std::uint32_t>(id & 0xffffffffU);
    auto& all = order->bid ? bids_ : asks_;
    const auto position = find_level(all, order->bid, order->price_ticks);
    unlink(all[position], slot);
    if (all[position].orders == 0) all.erase(all.begin() + static_cast<std::ptrdiff_t>(position));
    release(slot);
    return true;
}

std::int64_t Book::remaining(OrderId id) const {
    const Order* order = find(id);
    return order == nullptr ? 0 : order->contracts;
}

std::int64_t Book::price_of(OrderId id) const {
    const Order* order = find(id);
    return order == nullptr ? 0 : order->price_ticks;
}

Side Book::side_of(OrderId id) const {
    const Order* order = find(id);
    if (order == nullptr) return Side::unknown;
    return order->bid ? Side::buy : Side::sell;
}

std::int64_t Book::take(Side taker, std::int64_t contracts, std::int64_t limit_ticks, std::vector<Fill>& fills) {
    const Side resting = opposite(taker);
    const bool bid = resting == Side::buy;
    auto& all = levels(resting);
    std::int64_t left = contracts;
    while (left > 0 && !all.empty() && reaches(bid, all.back().price_ticks, limit_ticks)) {
        Level& level = all.back();
        const auto slot = level.head;
        Order& order = orders_[slot];
        const std::int64_t filled = std::min(left, order.contracts);
        fills.push_back({.price_ticks = level.price_ticks, .contracts = filled, .owner = order.owner});
        left -= filled;
        if (filled == order.contracts) {
            unlink(level, slot);
            release(slot);
            if (level.orders == 0) all.pop_back();
        } else {
            order.contracts -= filled;
            level.contracts -= filled;
        }
        ++changes_;
    }
    return contracts - left;
}

std::int64_t Book::contracts(Side side, std::size_t count) const {
    std::int64_t sum = 0;
    const std::size_t end = std::min(count, depth(side));
    for (std::size_t rank = 0; rank < end; ++rank) sum += level(side, rank).contracts;
    return sum;
}

std::int64_t Book::contracts_to(Side side, std::int64_t limit_ticks) const {
    const bool bid = side == Side::buy;
    std::int64_t sum = 0;
    for (std::size_t rank = 0; rank < depth(side); ++rank) {
        if (!reaches(bid, level(side, rank).price_ticks, limit_ticks)) break;
        sum += level(side, rank).contracts;
    }
    return sum;
}

OrderId Book::random_crowd_order(core::Random& random) const {
    if (crowd_.empty()) return kNoOrder;
    const auto slot = crowd_[random.below(crowd_.size())];
    return (static_cast<OrderId>(orders_[slot].generation) << 32U) | slot;
}

std::size_t Book::cancel_crowd_to(Side side, std::int64_t limit_ticks) {
    const std::size_t before = crowd_.size();
    const bool bid = side == Side::buy;
    auto& all = levels(side);
    std::size_t end = all.size();
    while (end > 0 && reaches(bid, all[end - 1].price_ticks, limit_ticks)) {
        Level& level = all[end - 1];
        for (auto slot = level.head; slot != kNone;) {
            const auto next = orders_[slot].next;
            if (orders_[slot].owner == kCrowd) {
                unlink(level, slot);
                release(slot);
                ++changes_;
            }
            slot = next;
        }
        --end;
    }
    std::erase_if(all, [](const Level& level) { return level.orders == 0; });
    return before - crowd_.size();
}

}  // namespace scanner::simulator
