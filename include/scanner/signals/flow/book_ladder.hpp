#pragma once

#include <optional>
#include <vector>

namespace scanner::signals {

/// One price of a followed book.
struct LadderLevel {
    double price = 0.0;          ///< USDT
    double quoted = 0.0;         ///< base units that stand there now
    std::optional<double> firm;  ///< the least of it within the last 3 s; empty while the book is younger than that

    friend bool operator==(const LadderLevel&, const LadderLevel&) = default;
};

/// A followed book near its middle, level by level: what firm depth adds up and averages (docs/metrics.md).
struct BookLadder {
    std::vector<LadderLevel> bids;  ///< best first
    std::vector<LadderLevel> asks;

    friend bool operator==(const BookLadder&, const BookLadder&) = default;
};

}  // namespace scanner::signals
