#include "simulator/face/state/book_shelf.hpp"

#include "simulator/face/random.hpp"

#include <chrono>

namespace scanner::simulator::face {

void BookShelf::renew(const SimulatedMarket& market, const std::function<bool(std::size_t)>& frozen) {
    const WallTime now = market.now();
    for (std::size_t i = 0; i < shelves_.size(); ++i) {
        Shelf& shelf = shelves_[i];
        if (now < shelf.due) continue;
        if (shelf.renewals > 0 && frozen(i)) continue;
        shelf.book = market.book(i, kLevels);
        // Staggered, or all books of the exchange would change at the same instant.
        const auto wait = shelf.renewals == 0 ? mix(seed_, i) % 400 : 300 + mix(mix(seed_, i), shelf.renewals) % 101;
        shelf.due = now + std::chrono::milliseconds(wait);
        ++shelf.renewals;
    }
}

}  // namespace scanner::simulator::face
