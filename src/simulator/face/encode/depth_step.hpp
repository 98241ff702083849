#pragma once

#include "simulator/face/encode/decimal.hpp"
#include "simulator/market.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace scanner::simulator::face {

/// A `type` of the depth endpoint: how many levels, and the width of a price bucket.
struct DepthStep {
    std::size_t levels = 150;
    std::optional<Step> bucket;  ///< none: unmerged
};
/// "step0" … "step19"; nothing for anything else.
[[nodiscard]] std::optional<DepthStep> parse_depth_step(std::string_view type);

/// A level with its price as text-to-be: unscaled x 10^-scale.
struct WireLevel {
    std::int64_t unscaled = 0;
    int scale = 0;
    std::int64_t contracts = 0;
};
/// Best first. Merged bids are rounded down to their bucket, asks up, so that a merged book never looks tighter than
/// the real one; a bid that rounds to 0 is dropped.
[[nodiscard]] std::vector<WireLevel> wire_levels(const std::vector<BookLevel>& side, bool bids, Step tick,
                                                 const DepthStep& step);

}  // namespace scanner::simulator::face
