#pragma once

#include "scanner/market/market.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace scanner::signals::flow {

/// Quoted notional and the part of it that persisted, USDT.
struct Notional {
    double quoted = 0.0;
    double firm = 0.0;
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

private:
    using Values = std::array<double, kMaxLevels>;
    using Slot = std::uint8_t;
    static_assert(kMaxLevels < 255);
    static constexpr Slot kNoSlot = 255;
    static constexpr std::size_t kEarlierQuarters = 11;

    /// Whether price a stands nearer to the touch than b.
    [[nodiscard]] bool is_better(double a, double b) const noexcept { return bids_ ? a > b : a < b; }
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
