#include "signals/flow/book_side.hpp"

#include <algorithm>
#include <utility>

namespace scanner::signals::flow {

void BookSide::clear() {
    count_ = 0;
    free_count_ = kMaxLevels;
    for (std::size_t i = 0; i < kMaxLevels; ++i) free_[i] = static_cast<Slot>(i);
}

bool BookSide::slots_are_sound() const noexcept {
    if (count_ > kMaxLevels || free_count_ != kMaxLevels - count_) return false;
    std::array<bool, kMaxLevels> seen{};
    const auto is_new = [&seen](Slot slot) { return slot < kMaxLevels && !std::exchange(seen[slot], true); };
    return std::ranges::all_of(std::span(slots_).first(count_), is_new) &&
           std::ranges::all_of(std::span(free_).first(free_count_), is_new);
}

BookSide::Slot BookSide::take_slot() {
    const Slot slot = free_[--free_count_];
    for (Values& row : history_) row[slot] = 0.0;
    return slot;
}

bool BookSide::take(std::span<const market::Level> levels) {
    levels = levels.first(std::min(levels.size(), kMaxLevels));
    const std::size_t both = std::min(levels.size(), count_);
    bool changed = false;
    std::size_t i = 0;
    // Most changes are of sizes.
    for (; i < both && levels[i].price == prices_[i]; ++i) {
        changed = changed || levels[i].size != sizes_[i];
        sizes_[i] = levels[i].size;
        least_[i] = std::min(least_[i], levels[i].size);
    }
    if (i == levels.size() && i == count_) return changed;
    merge(levels, i);
    return true;
}

/// From the `first` level on, where the prices begin to differ.
void BookSide::merge(std::span<const market::Level> levels, std::size_t first) {
    Values least;
    Values earlier;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): read only where it was written, once a book change
    std::array<Slot, kMaxLevels> slots;
    std::size_t old = first;
    for (std::size_t i = first; i < levels.size(); ++i) {
        while (old < count_ && is_better(prices_[old], levels[i].price)) free_[free_count_++] = slots_[old++];
        if (old < count_ && prices_[old] == levels[i].price) {
            least[i] = std::min(least_[old], levels[i].size);
            earlier[i] = earlier_[old];
            slots[i] = slots_[old++];
        } else {
            least[i] = 0.0;
            earlier[i] = 0.0;
            slots[i] = kNoSlot;
        }
    }
    while (old < count_) free_[free_count_++] = slots_[old++];
    for (std::size_t i = first; i < levels.size(); ++i) {
        prices_[i] = levels[i].price;
        sizes_[i] = levels[i].size;
        least_[i] = least[i];
        earlier_[i] = earlier[i];
        slots_[i] = slots[i] == kNoSlot ? take_slot() : slots[i];
    }
    count_ = levels.size();
}

void BookSide::end_quarter() {
    Values& row = history_[oldest_];
    oldest_ = (oldest_ + 1) % kEarlierQuarters;
    for (std::size_t i = 0; i < count_; ++i) row[slots_[i]] = least_[i];
    Values by_slot = history_[0];
    for (std::size_t quarter = 1; quarter < kEarlierQuarters; ++quarter) {
        const Values& other = history_[quarter];
        for (std::size_t slot = 0; slot < kMaxLevels; ++slot) by_slot[slot] = std::min(by_slot[slot], other[slot]);
    }
    for (std::size_t i = 0; i < count_; ++i) {
        earlier_[i] = by_slot[slots_[i]];
        least_[i] = sizes_[i];
    }
}

Notional BookSide::within(double mid, double bps) const {
    const double last = limit(mid, bps);
    Notional sum;
    for (std::size_t i = 0; i < count_ && !is_better(last, prices_[i]); ++i) {
        sum.quoted += prices_[i] * sizes_[i];
        sum.firm += prices_[i] * firm_size(i);
    }
    return sum;
}

std::vector<LadderLevel> BookSide::levels(double mid, double bps, std::size_t at_least, bool firm_known) const {
    const double last = limit(mid, bps);
    std::vector<LadderLevel> levels;
    for (std::size_t i = 0; i < count_ && (i < at_least || !is_better(last, prices_[i])); ++i) {
        LadderLevel& level = levels.emplace_back(LadderLevel{.price = prices_[i], .quoted = sizes_[i]});
        if (firm_known) level.firm = firm_size(i);
    }
    return levels;
}

}  // namespace scanner::signals::flow
