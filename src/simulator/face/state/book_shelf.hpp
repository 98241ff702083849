#pragma once

#include "simulator/market.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace scanner::simulator::face {

/// The order books that REST serves: a copy of each, renewed every 300..400 ms as the exchange's are, so that the time
/// in an answer is about 200 ms old on average.
class BookShelf {
public:
    static constexpr std::size_t kLevels = 150;

    BookShelf(std::size_t contracts, std::uint64_t seed) : shelves_(contracts), seed_(seed) {}

    /// Renews what is due at the market's time, but not the books for which `frozen` is true.
    void renew(const SimulatedMarket& market, const std::function<bool(std::size_t)>& frozen);
    [[nodiscard]] const BookState& book(std::size_t contract) const { return shelves_[contract].book; }

private:
    struct Shelf {
        BookState book;
        WallTime due;
        std::uint64_t renewals = 0;
    };
    std::vector<Shelf> shelves_;
    std::uint64_t seed_;
};

}  // namespace scanner::simulator::face
