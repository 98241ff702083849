#include "scanner/market/live_book.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace scanner::market {
namespace {

/// `before(a, b)`: whether price a stands nearer to the touch than b.
template <class Before>
void take_whole(std::vector<Level>& side, std::span<const Level> whole, Before before) {
    side.clear();
    for (const Level& level : whole) {
        if (level.size > 0.0) side.push_back(level);
    }
    // Books come in order: the check is all that they cost.
    if (!std::ranges::is_sorted(side, before, &Level::price)) std::ranges::sort(side, before, &Level::price);
}

/// The first level at or behind `from` that does not stand before `price`. In steps that double: the next change is
/// mostly near the last.
template <class Before>
std::vector<Level>::iterator find(std::vector<Level>& side, std::size_t from, double price, Before before) {
    std::size_t step = 1;
    while (from + step < side.size() && before(side[from + step].price, price)) {
        from += step;
        step *= 2;
    }
    const auto begin = side.begin() + static_cast<std::ptrdiff_t>(from);
    const auto end = side.begin() + static_cast<std::ptrdiff_t>(std::min(from + step + 1, side.size()));
    return std::ranges::lower_bound(begin, end, price, before, &Level::price);
}

template <class Before>
void change(std::vector<Level>& side, std::span<const Level> levels, Before before) {
    // Changes come in order, mostly: the search goes on where the last one ended, and begins anew where they do not.
    std::size_t from = 0;
    for (std::size_t i = 0; i < levels.size(); ++i) {
        const Level& level = levels[i];
        if (i > 0 && before(level.price, levels[i - 1].price)) from = 0;
        const auto place = find(side, from, level.price, before);
        from = static_cast<std::size_t>(place - side.begin());
        const bool stands = place != side.end() && place->price == level.price;
        if (level.size <= 0.0) {
            if (stands) side.erase(place);
        } else if (stands) {
            place->size = level.size;
        } else {
            side.insert(place, level);
        }
    }
}

}  // namespace

void LiveBook::reset(const BookChange& whole) {
    take_whole(bids_, whole.bids, std::greater<>());
    take_whole(asks_, whole.asks, std::less<>());
    exchange_time_ = whole.exchange_time;
    matching_id_ = whole.matching_id;
}

void LiveBook::apply(const BookChange& update) {
    change(bids_, update.bids, std::greater<>());
    change(asks_, update.asks, std::less<>());
    exchange_time_ = update.exchange_time;
    matching_id_ = update.matching_id;
}

void LiveBook::clear() {
    bids_.clear();
    asks_.clear();
    exchange_time_ = {};
    matching_id_ = 0;
}

bool LiveBook::is_crossed() const {
    return !bids_.empty() && !asks_.empty() && bids_.front().price >= asks_.front().price;
}

std::shared_ptr<const OrderBook> LiveBook::to_order_book() const {
    return std::make_shared<const OrderBook>(
        OrderBook{.bids = bids_, .asks = asks_, .exchange_time = exchange_time_, .matching_id = matching_id_});
}

}  // namespace scanner::market
