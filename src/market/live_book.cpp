#include "scanner/market/live_book.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <limits>
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

/// What comes first of two prices above 0, whose bits compare as they do. Integers compare in a third of the time,
/// which is what each step of a merge waits for.
enum class Order : std::uint8_t { descends, ascends };

/// One side while levels are merged into it: what stands was moved to the end of the room and is written back where it
/// belongs, never ahead of what is still to be read.
template <Order order>
class Merge {
public:
    /// `levels` are in order. `side` is to be given to `finish` alone until then.
    Merge(std::vector<Level>& side, std::span<const Level> levels)
        : next_(levels.data()), next_end_(levels.data() + levels.size()) {
        const std::size_t size = side.size();
        side.resize(size + levels.size() + 1);
        out_ = side.data();
        standing_ = out_ + levels.size();
        standing_end_ = standing_ + size;
        std::move_backward(out_, out_ + size, side.data() + side.size() - 1);
        side.back() = {.price = order == Order::descends ? 0.0 : std::numeric_limits<double>::infinity()};
    }
    [[nodiscard]] bool has_next() const { return next_ != next_end_; }
    /// Writes the nearer of the next standing and the next changed level, or the latter where both are at one price.
    /// Without a branch: which of the two it is cannot be predicted.
    void step() {
        const auto standing = std::bit_cast<std::uint64_t>(standing_->price);
        const auto next = std::bit_cast<std::uint64_t>(next_->price);
        const std::uint64_t price = order == Order::descends ? std::max(standing, next) : std::min(standing, next);
        const std::uint64_t is_next = next == price ? 1 : 0;
        const std::uint64_t size = std::bit_cast<std::uint64_t>(next_->size) & (0 - is_next);
        const std::uint64_t kept = std::bit_cast<std::uint64_t>(standing_->size) & (is_next - 1);
        *out_ = {.price = std::bit_cast<double>(price), .size = std::bit_cast<double>(size | kept)};
        out_ += (size | kept) << 1U != 0 ? 1 : 0;  // whatever the sign of 0
        standing_ += standing == price ? 1 : 0;
        next_ += is_next;
    }
    void finish(std::vector<Level>& side) {
        while (has_next()) step();
        out_ = std::move(standing_, standing_end_, out_);
        side.resize(static_cast<std::size_t>(out_ - side.data()));
    }

private:
    const Level* standing_ = nullptr;
    const Level* standing_end_ = nullptr;
    const Level* next_;
    const Level* next_end_;
    Level* out_ = nullptr;
};

/// So many levels are sooner looked for one by one.
constexpr std::size_t kFew = 12;

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

/// How many of the levels come in order, from the first one on.
template <class Before>
std::size_t ordered(std::span<const Level> levels, Before before) {
    std::size_t count = std::min<std::size_t>(levels.size(), 1);
    while (count < levels.size() && before(levels[count - 1].price, levels[count].price)) ++count;
    return count;
}

void merge(std::vector<Level>& bids, std::span<const Level> bid_levels, std::vector<Level>& asks,
           std::span<const Level> ask_levels) {
    Merge<Order::descends> below(bids, bid_levels);
    Merge<Order::ascends> above(asks, ask_levels);
    // Turn about: neither waits for the other.
    while (below.has_next() && above.has_next()) {
        below.step();
        above.step();
    }
    below.finish(bids);
    above.finish(asks);
}

}  // namespace

void LiveBook::reset(const BookChange& whole) {
    take_whole(bids_, whole.bids, std::greater<>());
    take_whole(asks_, whole.asks, std::less<>());
    exchange_time_ = whole.exchange_time;
    matching_id_ = whole.matching_id;
}

void LiveBook::apply(const BookChange& update) {
    std::span<const Level> bids = update.bids;
    std::span<const Level> asks = update.asks;
    if (bids.size() + asks.size() > kFew) {
        const std::size_t bids_in_order = ordered(bids, std::greater<>());
        const std::size_t asks_in_order = ordered(asks, std::less<>());
        merge(bids_, bids.first(bids_in_order), asks_, asks.first(asks_in_order));
        bids = bids.subspan(bids_in_order);
        asks = asks.subspan(asks_in_order);
    }
    change(bids_, bids, std::greater<>());
    change(asks_, asks, std::less<>());
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
