#pragma once

#include "simulator/market/book.hpp"
#include "simulator/market/profile.hpp"

#include "scanner/core/random.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace scanner::simulator {

/// The positions of one contract that were opened on credit: some of what takers take. Each is held for a while, and
/// closed by the exchange when the mark price has used up its margin before. Draws from a stream of its own.
class LeveragedPositions {
public:
    static constexpr std::size_t kMaxPositions = 512;

    struct Position {
        Side side = Side::buy;  ///< buy: long
        std::int64_t contracts = 0;
        double liquidation_ticks = 0.0;  ///< the mark price at which it is closed
        Micros until = 0;                ///< its holder closes it then
    };

    LeveragedPositions(std::uint64_t seed, std::uint64_t stream) : random_(seed, stream) {}

    /// A taker bought or sold this much: now and then with leverage. The oldest position goes when there are too many.
    void open(Side side, std::int64_t contracts, double price_ticks, Micros now);
    /// A position whose margin is used up at this mark price, taken out; nothing when there is none.
    [[nodiscard]] std::optional<Position> take_liquidated(double mark_ticks, Micros now);
    [[nodiscard]] std::size_t size() const { return positions_.size(); }

private:
    core::Random random_;
    std::deque<Position> positions_;  ///< in the order in which they were opened
};

}  // namespace scanner::simulator
