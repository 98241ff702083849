#pragma once

#include "scanner/market/market.hpp"
#include "scanner/signals/flow/book_ladder.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace scanner::signals::flow {

/// Quoted notional and the part of it that persisted, USDT.
struct Notional {
    double quoted = 0.0;
    double firm = 0.0;

    static void persist(auto& self, auto& archive) { archive(self.quoted, self.firm); }
};

/// One side of a followed book, and for each of its prices the least size within 3 s: in this quarter second and the
/// eleven before it. A price that is not shown has size 0.
class BookSide {
public:
    /// As many levels as the feed shows; of a longer book the best.
    static constexpr std::size_t kMaxLevels = 150;

    explicit BookSide(bool bids) : bids_(bids) { clear(); }

    /// Takes the side as it is now, best first. Returns whether anything has changed.
    bool take(std::span<const market::Level> levels);
    void clear();
    /// The quarter second is over.
    void end_quarter();

    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] market::Level touch() const noexcept { return {prices_[0], sizes_[0]}; }
    /// Of the levels within so many basis points of the middle.
    [[nodiscard]] Notional within(double mid, double bps) const;
    /// The same levels one by one, and `at_least` so many where there are as many; what is firm of each only with
    /// `firm_known`.
    [[nodiscard]] std::vector<LadderLevel> levels(double mid, double bps, std::size_t at_least, bool firm_known) const;

    /// Every slot is of one level or free.
    static void persist(auto& self, auto& archive) {
        archive(self.count_, self.prices_, self.sizes_, self.least_, self.earlier_, self.slots_, self.history_,
                self.oldest_, self.free_, self.free_count_);
        archive.require(self.oldest_ < kEarlierQuarters && self.slots_are_sound());
    }

private:
    using Values = std::array<double, kMaxLevels>;
    using Slot = std::uint8_t;
    static_assert(kMaxLevels < 255);
    static constexpr Slot kNoSlot = 255;
    static constexpr std::size_t kEarlierQuarters = 11;

    /// Whether price a stands nearer to the touch than b.
    [[nodiscard]] bool is_better(double a, double b) const noexcept { return bids_ ? a > b : a < b; }
    /// Where the levels within so many basis points of the middle end.
    [[nodiscard]] double limit(double mid, double bps) const noexcept {
        return mid * (1.0 + (bids_ ? -bps : bps) * 1e-4);
    }
    [[nodiscard]] double firm_size(std::size_t level) const noexcept {
        return least_[level] < earlier_[level] ? least_[level] : earlier_[level];
    }
    [[nodiscard]] bool slots_are_sound() const noexcept;
    void merge(std::span<const market::Level> levels, std::size_t first);
    [[nodiscard]] Slot take_slot();

    bool bids_;
    std::size_t count_ = 0;
    Values prices_{};  ///< best first; here and below the first `count_` mean something
    Values sizes_{};
    Values least_{};    ///< least size in this quarter
    Values earlier_{};  ///< least size in the quarters before it
    std::array<Slot, kMaxLevels> slots_{};
    std::array<Values, kEarlierQuarters> history_{};  ///< least size by quarter and slot
    std::size_t oldest_ = 0;                          ///< the row of history_ that is written next
    std::array<Slot, kMaxLevels> free_{};
    std::size_t free_count_ = 0;
};

}  // namespace scanner::signals::flow
