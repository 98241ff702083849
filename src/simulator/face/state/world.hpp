#pragma once

#include "simulator/face/state/book_record.hpp"
#include "simulator/face/state/book_shelf.hpp"
#include "simulator/face/state/directory.hpp"
#include "simulator/face/state/references.hpp"
#include "simulator/market.hpp"

#include "scanner/core/clock.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace scanner::simulator::face {

/// The market with what the exchange derives from it, kept level with the clock. One thread.
class World {
public:
    /// Simulated time begins at the market's own and runs `speed` times as fast as the clock's, from the clock's
    /// `start` on. `clock` must outlive the world.
    World(std::unique_ptr<SimulatedMarket> market, std::uint64_t seed, double speed, WallTime start,
          const core::Clock& clock);

    /// Plays towards the present for at most `budget` of real time, so that a market that cannot keep up slows down
    /// instead of stopping everything; the rest is played by the next calls.
    void play(std::chrono::milliseconds budget);
    /// Renews the books that REST shows, where it is time; `frozen` ones are not.
    void renew_books(const std::function<bool(std::size_t)>& frozen);
    /// The contract's book now. What is shown of books is taken from here, so that `record` knows it.
    const BookState& look(std::size_t contract);

    /// From now on simulated time runs `speed` times as fast as the clock; what has passed stays.
    void set_speed(double speed);
    [[nodiscard]] double speed() const { return speed_; }

    /// Simulated time still to be played.
    [[nodiscard]] std::chrono::milliseconds lag() const;

    [[nodiscard]] const SimulatedMarket& market() const { return *market_; }
    [[nodiscard]] const Directory& directory() const { return directory_; }
    [[nodiscard]] const BookShelf& books() const { return books_; }
    /// Every book of the last minute or so that was shown.
    [[nodiscard]] const BookRecord& record(std::size_t contract) const { return records_[contract]; }
    [[nodiscard]] const References& references() const { return references_; }

private:
    [[nodiscard]] WallTime target() const;

    std::unique_ptr<SimulatedMarket> market_;
    double speed_;
    WallTime clock_start_;
    WallTime market_start_;
    const core::Clock& clock_;
    Directory directory_;
    BookShelf books_;
    std::vector<BookRecord> records_;
    References references_;
};

}  // namespace scanner::simulator::face
