#pragma once

#include "scanner/market/market.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace scanner::exchange::htx::feed {

/// Reads one side of a book, "[[86859.9,817],[86864.5,14]]", several times as fast as a parser of all JSON: there are
/// hundreds of these numbers in a message. Appends to `levels`. Nothing but JSON numbers in pairs is read, prices above
/// 0, sizes not below, all finite; up to `max_levels` altogether. Returns what is wrong, or nullptr.
[[nodiscard]] const char* read_levels(std::string_view text, std::size_t max_levels,
                                      std::vector<market::Level>& levels);

}  // namespace scanner::exchange::htx::feed
