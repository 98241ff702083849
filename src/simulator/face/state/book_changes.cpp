#include "simulator/face/state/book_changes.hpp"

namespace scanner::simulator::face {
namespace {

using market::Side;

/// Whether `a` stands nearer to the touch than `b`.
constexpr bool better(Side side, std::int64_t a, std::int64_t b) {
    return side == Side::buy ? a > b : a < b;
}

}  // namespace

void append_changes(std::span<const BookLevel> before, std::span<const BookLevel> after, Side side,
                    std::vector<BookLevel>& out) {
    std::size_t old = 0;
    for (const BookLevel& level : after) {
        while (old < before.size() && better(side, before[old].price_ticks, level.price_ticks)) {
            out.push_back({.price_ticks = before[old++].price_ticks, .contracts = 0});
        }
        if (old < before.size() && before[old].price_ticks == level.price_ticks) {
            if (before[old++].contracts == level.contracts) continue;
        }
        out.push_back(level);
    }
    for (; old < before.size(); ++old) out.push_back({.price_ticks = before[old].price_ticks, .contracts = 0});
}

void apply_changes(std::span<const BookLevel> changes, Side side, std::vector<BookLevel>& levels) {
    for (const BookLevel& change : changes) {
        const auto place = std::ranges::lower_bound(
            levels, change.price_ticks, [side](std::int64_t a, std::int64_t b) { return better(side, a, b); },
            &BookLevel::price_ticks);
        const bool there = place != levels.end() && place->price_ticks == change.price_ticks;
        if (change.contracts == 0) {
            if (there) levels.erase(place);
        } else if (there) {
            place->contracts = change.contracts;
        } else {
            levels.insert(place, change);
        }
    }
}

}  // namespace scanner::simulator::face
