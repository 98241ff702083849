#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace scanner::engine {

/// A contract's row in a list of index prices.
struct IndexRow {
    market::IndexPrice row;
    core::WallTime list_time;  ///< of the answer that it came with

    /// When it was true, where neither time lies ahead of the exchange's clock.
    [[nodiscard]] core::WallTime time() const { return std::min(row.time, list_time); }

    static void persist(auto& self, auto& archive) { archive(self.row.price, self.row.time, self.list_time); }
};

/// The newest index prices of one contract, so that a price can be compared with the index of its own moment: the last
/// trade of a quiet contract is older than any index that is read every second. At most 128 of the last two minutes;
/// 4 KiB a contract. Not thread-safe. Pure.
class IndexRing {
public:
    static constexpr std::size_t kMaxRows = 128;
    static constexpr std::chrono::seconds kReach{120};

    /// One that is not newer than the newest replaces it where both are of one time, and is dropped else: an answer out
    /// of a cache. Where the exchange's clock was set back, or an answer was dated far ahead, the ring starts afresh.
    void add(const IndexRow& row);

    /// The one that is nearest to `at` in time, the older of two that are equally near; nullptr without any.
    [[nodiscard]] const IndexRow* nearest(core::WallTime at) const;

    [[nodiscard]] std::size_t size() const { return size_; }

    static void persist(auto& self, auto& archive) {
        archive(self.rows_, self.next_, self.size_);
        archive.require(self.next_ < kMaxRows && self.size_ <= kMaxRows);
    }

private:
    [[nodiscard]] const IndexRow& newest(std::size_t back) const {
        return rows_[(next_ + kMaxRows - 1 - back) % kMaxRows];
    }

    std::array<IndexRow, kMaxRows> rows_{};
    std::size_t next_ = 0;  ///< where the next one goes
    std::size_t size_ = 0;
};

}  // namespace scanner::engine
