#pragma once

#include "simulator/market.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace scanner::simulator::face {

/// One contract's book at each moment at which the exchange looked at it: the newest whole, earlier ones as the way
/// back to them. Everything that REST or WebSocket ever show of a book was looked at here, so that a client's copy can
/// be compared with the truth at its own matching id. One thread.
class BookRecord {
public:
    static constexpr std::size_t kLevels = 150;
    /// How long an earlier book is kept, in simulated time, and how many are kept at most.
    static constexpr std::chrono::seconds kKept{90};
    static constexpr std::size_t kMaxKept = 4'096;

    /// Looks at the market's book. True when it is another one than before.
    bool look(const SimulatedMarket& market, std::size_t contract);

    [[nodiscard]] const BookState& newest() const { return newest_; }
    /// The book as it was looked at under this matching id; nothing when it never was, or too long ago.
    [[nodiscard]] std::optional<BookState> at(std::int64_t matching_id) const;
    /// When the book with this matching id was seen not to be the newest any more; nothing while it is, or when it is
    /// not known.
    [[nodiscard]] std::optional<WallTime> superseded(std::int64_t matching_id) const;
    [[nodiscard]] std::size_t kept() const { return steps_.size(); }

private:
    /// From the next newer book back to an earlier one.
    struct Step {
        std::int64_t matching_id = 0;
        WallTime time;
        WallTime left;  ///< when it was seen not to be the newest any more
        std::vector<BookLevel> bids;
        std::vector<BookLevel> asks;
    };
    BookState newest_;
    bool looked_ = false;
    std::deque<Step> steps_;  ///< oldest first
};

}  // namespace scanner::simulator::face
