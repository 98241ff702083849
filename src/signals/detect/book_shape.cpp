#include "signals/detect/book_shape.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace scanner::signals::detect {
namespace {

constexpr std::array<double, 3> kBands{10e-4, 25e-4, 50e-4};
/// A level on the very edge of a band is within it, whatever the rounding.
constexpr double kBeyond = 1.0 + 1e-9;
constexpr std::size_t kLayerRank = 5;
constexpr std::size_t kLevelRank = 3;

SideShape side_of(std::span<const market::Level> side, double mid, double widen) {
    SideShape shape{.best = side.front().price};
    double sum = 0.0;
    std::size_t band = 0;
    for (const market::Level& level : side) {
        const double distance = std::abs(level.price - mid) / mid;
        while (band < kBands.size() && distance > kBands[band] * widen * kBeyond) shape.depth[band++] = sum;
        if (band == kBands.size()) break;
        sum += level.size;
    }
    while (band < kBands.size()) shape.depth[band++] = sum;
    // The largest few behind the touch, whatever their rank: a price that moves by some levels changes nothing.
    std::array<market::Level, kLayerRank> largest{};
    for (const market::Level& level : side.first(std::min(side.size(), BookShape::kLevels)).subspan(1)) {
        if (level.size > shape.wall) {
            shape.wall = level.size;
            shape.wall_price = level.price;
        }
        market::Level next = level;
        for (market::Level& one : largest) {
            if (next.size > one.size) std::swap(next, one);
        }
    }
    shape.layer = largest[kLayerRank - 1].size;
    shape.layer_price = largest[kLayerRank - 1].price;
    shape.level = largest[kLevelRank - 1].size;
    return shape;
}

}  // namespace

std::optional<BookShape> shape_of(std::span<const market::Level> bids, std::span<const market::Level> asks,
                                  double widen) {
    if (bids.empty() || asks.empty()) return std::nullopt;
    const double bid = bids.front().price;
    const double ask = asks.front().price;
    if (!core::is_finite_positive(bid) || !core::is_finite_positive(ask) || bid >= ask) return std::nullopt;
    const double mid = bid + (ask - bid) / 2.0;
    return BookShape{
        .bid = side_of(bids, mid, widen), .ask = side_of(asks, mid, widen), .mid = mid, .spread = (ask - bid) / mid};
}

double size_at(std::span<const market::Level> side, double price, bool descending) {
    const auto found = descending ? std::ranges::lower_bound(side, price, std::greater<>{}, &market::Level::price)
                                  : std::ranges::lower_bound(side, price, std::less<>{}, &market::Level::price);
    return found != side.end() && found->price == price ? found->size : 0.0;
}

}  // namespace scanner::signals::detect
