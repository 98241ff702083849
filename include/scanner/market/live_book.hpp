#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace scanner::market {

/// Some levels of a book that are different now. A size of 0 removes the price; every other size is finite and > 0,
/// in base units, and replaces what stood at that price. Borrowed for the call.
struct BookChange {
    std::span<const Level> bids;
    std::span<const Level> asks;
    core::WallTime exchange_time;  ///< when the exchange says the book stood like this
    std::int64_t matching_id = 0;  ///< monotone per contract; 0 where unknown
};

/// One contract's order book, kept up to date change by change. Knows nothing of versions, connections or ages: the
/// code that feeds it decides whether its content is valid. No allocation in steady state. Not thread-safe.
class LiveBook {
public:
    /// Takes `whole` as the entire book; its levels may come in any order, those with size 0 are left out.
    void reset(const BookChange& whole);
    /// Applies some levels. Removing a price that is not there changes nothing.
    void apply(const BookChange& change);
    void clear();

    [[nodiscard]] std::span<const Level> bids() const { return bids_; }  ///< prices descend
    [[nodiscard]] std::span<const Level> asks() const { return asks_; }  ///< prices ascend
    [[nodiscard]] core::WallTime exchange_time() const { return exchange_time_; }
    [[nodiscard]] std::int64_t matching_id() const { return matching_id_; }
    /// Whether the best bid is at or above the best ask, which no book of a working market is.
    [[nodiscard]] bool is_crossed() const;

    /// A copy that does not change any more.
    [[nodiscard]] std::shared_ptr<const OrderBook> to_order_book() const;

private:
    std::vector<Level> bids_;
    std::vector<Level> asks_;
    core::WallTime exchange_time_;
    std::int64_t matching_id_ = 0;
};

}  // namespace scanner::market
