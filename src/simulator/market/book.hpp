#pragma once

#include "simulator/market.hpp"

#include "scanner/core/random.hpp"

#include <cstdint>
#include <limits>
#include <vector>

namespace scanner::simulator {

using market::Side;

/// Who rests in the book: the anonymous crowd, one of the market makers, or a planted scenario.
using Owner = std::uint16_t;
inline constexpr Owner kCrowd = 0;
inline constexpr Owner kFirstMaker = 1;  ///< makers are 1, 2, …
inline constexpr Owner kScenario = 1000;

/// A handle on a resting order; a filled or cancelled order's handle is never valid again.
using OrderId = std::uint64_t;
inline constexpr OrderId kNoOrder = std::numeric_limits<OrderId>::max();

struct Fill {
    std::int64_t price_ticks = 0;
    std::int64_t contracts = 0;
    Owner owner = kCrowd;
};

/// A limit order book with single orders, price-time priority, never crossed. Prices in ticks, sizes in contracts.
class Book {
public:
    struct Level {
        std::int64_t price_ticks = 0;
        std::int64_t contracts = 0;
        std::uint32_t head = 0;
        std::uint32_t tail = 0;
        std::uint32_t orders = 0;
    };

    /// Post-only: a price that would cross is moved to one tick behind the opposite best. `contracts` > 0, price > 0.
    OrderId add(Side side, std::int64_t price_ticks, std::int64_t contracts, Owner owner);
    /// False when the order is gone already.
    bool cancel(OrderId id);
    /// What is left of an order; 0 when gone.
    [[nodiscard]] std::int64_t remaining(OrderId id) const;
    [[nodiscard]] std::int64_t price_of(OrderId id) const;
    /// Matches a taker against the other side up to `limit_ticks`, appending a fill per resting order. Contracts
    /// filled.
    std::int64_t take(Side taker, std::int64_t contracts, std::int64_t limit_ticks, std::vector<Fill>& fills);

    [[nodiscard]] bool empty(Side side) const { return levels(side).empty(); }
    /// Best price of a non-empty side.
    [[nodiscard]] std::int64_t best(Side side) const { return levels(side).back().price_ticks; }
    [[nodiscard]] std::size_t depth(Side side) const { return levels(side).size(); }
    /// `rank` 0 is the best level; must be under depth(side).
    [[nodiscard]] const Level& level(Side side, std::size_t rank) const {
        const auto& all = levels(side);
        return all[all.size() - 1 - rank];
    }
    /// Contracts over the best `count` levels of a side.
    [[nodiscard]] std::int64_t contracts(Side side, std::size_t count) const;
    /// Contracts resting at prices at least as good as `limit_ticks` for a taker of the other side.
    [[nodiscard]] std::int64_t contracts_to(Side side, std::int64_t limit_ticks) const;

    [[nodiscard]] std::size_t crowd_orders() const { return crowd_.size(); }
    /// A uniformly random order of the crowd; kNoOrder when there is none.
    [[nodiscard]] OrderId random_crowd_order(core::Random& random) const;
    [[nodiscard]] Side side_of(OrderId id) const;
    /// Cancels the crowd's orders on `side` at prices better than or equal to `limit_ticks`; how many there were.
    std::size_t cancel_crowd_to(Side side, std::int64_t limit_ticks);
    /// Changes whenever anything in the book does.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }

private:
    struct Order {
        std::int64_t price_ticks = 0;
        std::int64_t contracts = 0;
        std::uint32_t previous = 0;
        std::uint32_t next = 0;
        std::uint32_t generation = 0;
        std::uint32_t crowd_index = 0;
        Owner owner = kCrowd;
        bool live = false;
        bool bid = false;
    };

    [[nodiscard]] std::vector<Level>& levels(Side side) { return side == Side::buy ? bids_ : asks_; }
    [[nodiscard]] const std::vector<Level>& levels(Side side) const { return side == Side::buy ? bids_ : asks_; }
    [[nodiscard]] const Order* find(OrderId id) const;
    std::uint32_t allocate();
    void release(std::uint32_t slot);
    void unlink(Level& level, std::uint32_t slot);
    [[nodiscard]] std::size_t find_level(const std::vector<Level>& side_levels, bool bid, std::int64_t price) const;

    // Worst first, so that the best, where almost everything happens, is at the cheap end.
    std::vector<Level> bids_;
    std::vector<Level> asks_;
    std::vector<Order> orders_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> crowd_;
    std::uint64_t changes_ = 0;
};

[[nodiscard]] constexpr Side opposite(Side side) {
    return side == Side::buy ? Side::sell : Side::buy;
}
/// +1 for buy, -1 for sell.
[[nodiscard]] constexpr int sign_of(Side side) {
    return side == Side::buy ? 1 : -1;
}

}  // namespace scanner::simulator
