#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/inputs.hpp"
#include "scanner/market/market.hpp"
#include "scanner/signals/flow/book_ladder.hpp"
#include "scanner/signals/flow/flow_numbers.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace scanner::engine {

/// So many of the newest trades of each followed contract are kept for those who look.
inline constexpr std::size_t kNewestTrades = 50;

/// What the live feed says of one contract at one moment. Immutable and shared.
struct LiveReading {
    std::uint64_t number = 0;  ///< of the reading; no two have the same
    core::WallTime read_at;    ///< by our wall clock; every `true_at` below is told by it

    std::shared_ptr<const market::OrderBook> book;  ///< nullptr while the subscription's is not live
    /// Of that book: when it was last confirmed. `missing`, with where the subscription stands, where there is none.
    market::InputReading book_input;
    std::optional<signals::BookLadder> ladder;  ///< of the same book
    signals::FlowNumbers flow;

    std::vector<market::Trade> trades;  ///< the newest kNewestTrades that were told or filled in, oldest first
    bool tape_complete = false;         ///< none is missing among them, and none after them
    std::optional<core::WallTime> incomplete_since;  ///< the last trade before the hole; empty where none was told
    market::InputReading tape_input;                 ///< of the last trade
};
using LiveReadingPtr = std::shared_ptr<const LiveReading>;

/// A contract outside of the scan is followed for so long after the last look at it, and so many of them at a time.
inline constexpr std::chrono::seconds kLookLease{30};
inline constexpr std::size_t kMaxLooks = 20;

/// What a live feed says right now, for those who look at one contract. Loop thread only; never waits and never asks
/// the exchange.
class LiveView {
public:
    virtual ~LiveView() = default;

    /// What is known of a contract that is followed; looks within 100 ms share one reading. A contract outside of the
    /// scan is followed from the first look until kLookLease after the last one: nullptr before its subscription has
    /// told anything. At most kMaxLooks are at a time; one more takes the place of the one looked at longest ago, if
    /// that was some seconds ago, and is not followed otherwise.
    [[nodiscard]] virtual LiveReadingPtr look(const std::shared_ptr<const market::Contract>& contract) = 0;
};

}  // namespace scanner::engine
