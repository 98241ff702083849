#pragma once

#include "scanner/engine/feed_parts.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace scanner::engine {

/// Numbers of rankings that are reserved ahead of their use, so that a restart jumps past every number that was shown.
/// Pure.
class SequenceBlocks {
public:
    static constexpr std::uint64_t kBlock = kReservedBlock;
    /// The next block is reserved while so many are left.
    static constexpr std::uint64_t kAhead = 1'000;

    /// What to reserve, when `used` is the last number that was given; empty while there are enough.
    [[nodiscard]] std::optional<std::uint64_t> wanted(std::uint64_t used) const {
        if (used + kAhead <= reserved_) return std::nullopt;
        return std::max(used, reserved_) + kBlock;
    }
    void reserved(std::uint64_t up_to) { reserved_ = std::max(reserved_, up_to); }
    /// Whether the number after `used` may be shown.
    [[nodiscard]] bool may_follow(std::uint64_t used) const { return used < reserved_; }

private:
    std::uint64_t reserved_ = 0;
};

}  // namespace scanner::engine
