#pragma once

#include "simulator/market.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

/// What is different between two books. Pure.
namespace scanner::simulator::face {

/// Appends what turns `before` into `after`, two states of one side with the best level first: the new size of each
/// price that is new or has another size, and size 0 for each price that is gone. Best price first.
void append_changes(std::span<const BookLevel> before, std::span<const BookLevel> after, market::Side side,
                    std::vector<BookLevel>& out);

/// Sets each price of `changes` to its new size, in levels with the best first; a size of 0 removes it.
void apply_changes(std::span<const BookLevel> changes, market::Side side, std::vector<BookLevel>& levels);

/// The best `count` levels of a side, or all that there are.
[[nodiscard]] inline std::span<const BookLevel> best_levels(const std::vector<BookLevel>& side, std::size_t count) {
    return std::span(side).first(std::min(count, side.size()));
}

}  // namespace scanner::simulator::face
