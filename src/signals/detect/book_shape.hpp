#pragma once

#include "scanner/market/market.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace scanner::signals::detect {

/// One side of a book, as the detectors of books look at it.
struct SideShape {
    double best = 0.0;
    std::array<double, 3> depth{};  ///< base units within each band of the middle
    double layer = 0.0;             ///< fifth largest size of the levels 2 to kLevels: several are as large at least
    double layer_price = 0.0;       ///< of one of that size
    double level = 0.0;             ///< third largest of them: what a single wall stands out from
    double wall = 0.0;              ///< largest size of the levels 2 to kLevels
    double wall_price = 0.0;
};

struct BookShape {
    static constexpr std::size_t kLevels = 20;

    SideShape bid;
    SideShape ask;
    double mid = 0.0;
    double spread = 0.0;  ///< fraction of the middle
};

/// Bands of 10, 25 and 50 bps around the middle, all times `widen` (1 at least). Nothing when a side is missing or the
/// book is crossed.
[[nodiscard]] std::optional<BookShape> shape_of(std::span<const market::Level> bids,
                                                std::span<const market::Level> asks, double widen);
/// What rests at this price; 0 where nothing does.
[[nodiscard]] double size_at(std::span<const market::Level> side, double price, bool descending);

}  // namespace scanner::signals::detect
