#pragma once

#include "scanner/market/market.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace scanner::exchange::htx::feed {

/// The levels of one side in the order of their message. Bounded, so that taking one more is a store and no allocation.
struct LevelList {
    /// The topic has 150 a side.
    static constexpr std::size_t kMaxLevels = 2'000;

    std::size_t count = 0;
    std::array<market::Level, kMaxLevels> levels;  // NOLINT(*-member-init): what lies beyond the count is never read

    LevelList() {}  // NOLINT(*-member-init,*-use-equals-default): leaves the 32 kB as they are
    [[nodiscard]] std::span<market::Level> all() { return {levels.data(), count}; }
};

/// Reads one side of a book, "[[86859.9,817],[86864.5,14]]", which begins at `at`, twenty times as fast as a parser of
/// all JSON: there are hundreds of these numbers in a message. Appends to `list` and moves `at` behind the array.
/// Nothing but JSON numbers in pairs is taken, prices above 0, sizes not below, all finite. Returns what is wrong, or
/// nullptr; `at` is anywhere then. net::GzipInflater::kPadding bytes behind `end` may be read, and mean nothing.
[[nodiscard]] const char* read_levels(const char*& at, const char* end, LevelList& list);

}  // namespace scanner::exchange::htx::feed
