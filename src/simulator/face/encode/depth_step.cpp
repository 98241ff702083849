#include "simulator/face/encode/depth_step.hpp"

#include <algorithm>
#include <array>

namespace scanner::simulator::face {
namespace {

struct NamedStep {
    std::string_view name;
    std::size_t levels;
    int decimals;  ///< of the bucket; negative for 10
    bool merged;
};

// The "20" family has 30 levels when unmerged, as seen on the wire.
constexpr std::array<NamedStep, 20> kSteps{{
    {"step0", 150, 0, false}, {"step1", 150, 5, true},  {"step2", 150, 4, true},  {"step3", 150, 3, true},
    {"step4", 150, 2, true},  {"step5", 150, 1, true},  {"step6", 30, 0, false},  {"step7", 20, 5, true},
    {"step8", 20, 4, true},   {"step9", 20, 3, true},   {"step10", 20, 2, true},  {"step11", 20, 1, true},
    {"step12", 20, 0, true},  {"step13", 20, -1, true}, {"step14", 150, 0, true}, {"step15", 150, -1, true},
    {"step16", 150, 7, true}, {"step17", 150, 6, true}, {"step18", 20, 7, true},  {"step19", 20, 6, true},
}};

std::int64_t power_of_ten(int exponent) {
    std::int64_t power = 1;
    for (int i = 0; i < exponent; ++i) power *= 10;
    return power;
}

}  // namespace

std::optional<DepthStep> parse_depth_step(std::string_view type) {
    const auto found = std::ranges::find(kSteps, type, &NamedStep::name);
    if (found == kSteps.end()) return std::nullopt;
    DepthStep step{.levels = found->levels, .bucket = std::nullopt};
    if (!found->merged) return step;
    step.bucket =
        found->decimals >= 0 ? Step{.mantissa = 1, .scale = found->decimals} : Step{.mantissa = 10, .scale = 0};
    return step;
}

std::vector<WireLevel> wire_levels(const std::vector<BookLevel>& side, bool bids, Step tick, const DepthStep& step) {
    // Both on the finer of the two grids, so that rounding is exact.
    const int scale = step.bucket ? std::max(tick.scale, step.bucket->scale) : tick.scale;
    const std::int64_t tick_units = tick.mantissa * power_of_ten(scale - tick.scale);
    const std::int64_t bucket = step.bucket ? step.bucket->mantissa * power_of_ten(scale - step.bucket->scale) : 1;
    std::vector<WireLevel> levels;
    levels.reserve(std::min(side.size(), step.levels));
    for (const BookLevel& level : side) {
        const std::int64_t price = level.price_ticks * tick_units;
        const std::int64_t merged = (bids ? price / bucket : (price + bucket - 1) / bucket) * bucket;
        if (merged <= 0) continue;
        if (!levels.empty() && levels.back().unscaled == merged) {
            levels.back().contracts += level.contracts;
            continue;
        }
        if (levels.size() == step.levels) break;
        levels.push_back({.unscaled = merged, .scale = scale, .contracts = level.contracts});
    }
    return levels;
}

}  // namespace scanner::simulator::face
