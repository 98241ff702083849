#include "signals/detect/book_shape.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::signals::detect {
namespace {

constexpr std::array<double, 3> kBands{10e-4, 25e-4, 50e-4};
constexpr std::size_t kLayerEnd = 10;
constexpr std::size_t kLeastLayers = 5;

double median_size(std::span<const market::Level> levels) {
    std::array<double, BookShape::kLevels> sizes;
    const std::size_t count = std::min(levels.size(), sizes.size());
    if (count == 0) return 0.0;
    for (std::size_t i = 0; i < count; ++i) sizes[i] = levels[i].size;
    const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(count / 2);
    std::nth_element(sizes.begin(), middle, sizes.begin() + static_cast<std::ptrdiff_t>(count));
    return *middle;
}

SideShape side_of(std::span<const market::Level> side, double mid, double widen) {
    SideShape shape{.best = side.front().price};
    double sum = 0.0;
    std::size_t band = 0;
    for (const market::Level& level : side) {
        const double distance = std::abs(level.price - mid) / mid;
        while (band < kBands.size() && distance > kBands[band] * widen) shape.depth[band++] = sum;
        if (band == kBands.size()) break;
        sum += level.size;
    }
    while (band < kBands.size()) shape.depth[band++] = sum;
    const auto behind = side.subspan(1);
    const auto layers = behind.first(std::min(behind.size(), kLayerEnd - 1));
    if (layers.size() >= kLeastLayers) shape.layer = median_size(layers);
    const auto best = side.first(std::min(side.size(), BookShape::kLevels));
    shape.level = median_size(best);
    for (const market::Level& level : best.subspan(1)) {
        if (level.size > shape.wall) {
            shape.wall = level.size;
            shape.wall_price = level.price;
        }
    }
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
