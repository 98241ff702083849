#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace scanner::signals {

/// What the figures of a flag rest on (docs/manipulation.md).
enum class FlagKind : std::uint8_t {
    validated,     ///< measured on real labels
    simulated,     ///< measured on planted scenarios with innocent twins
    experimental,  ///< not measured well enough: shown, but not part of manip_score
};
[[nodiscard]] constexpr std::string_view to_string(FlagKind kind) noexcept {
    constexpr std::array<std::string_view, 3> kNames{"validated", "simulated", "experimental"};
    return kNames[static_cast<std::size_t>(kind)];
}

/// Each flag a detector can raise; the value is its place in kDetectorFlags, and part of the stored state.
enum class DetectorFlag : std::uint8_t {
    pump_ignition,
    dump_ignition,
    scam_wick,
    momentum_ignition,
    market_stress,
    liquidity_vacuum,
    spoofing_depth_imbalance,
    liquidity_wall,
    spoofing_reversal,
    wash_trade_volume,
    oi_implausible,
    funding_window_push,
};

/// What is said about a flag, here and nowhere else.
struct DetectorFlagInfo {
    DetectorFlag flag;
    std::string_view name;
    std::string_view alias;  ///< name of the seed model's flag that it replaces; empty: none
    FlagKind kind;
    bool manipulation;       ///< false: it explains a move, it does not accuse
    bool needs_feed;         ///< unknown when books and trades are only polled
    std::string_view needs;  ///< inputs without which it is unknown
    std::string_view claim;  ///< what it says happened; never intent

    /// Whether it is part of manip_score.
    [[nodiscard]] constexpr bool counts() const noexcept { return manipulation && kind != FlagKind::experimental; }
};

inline constexpr std::array<DetectorFlagInfo, 12> kDetectorFlags{{
    {DetectorFlag::pump_ignition, "pump_ignition", "", FlagKind::validated, true, false, "trades",
     "a coordinated burst of taker buys starts"},
    {DetectorFlag::dump_ignition, "dump_ignition", "", FlagKind::experimental, true, false, "trades",
     "a coordinated burst of taker sells starts"},
    {DetectorFlag::scam_wick, "scam_wick", "", FlagKind::simulated, true, false, "index and price, 2 s old at most",
     "the price left its index, which stood still, and came back within a minute"},
    {DetectorFlag::momentum_ignition, "momentum_ignition", "", FlagKind::simulated, true, false,
     "index and price, 2 s old at most", "takers pushed the price away from its index and gave it back within minutes"},
    {DetectorFlag::market_stress, "market_stress", "", FlagKind::experimental, false, false,
     "index and price, 2 s old at most", "a large move that the index made too; not manipulation"},
    {DetectorFlag::liquidity_vacuum, "liquidity_vacuum", "liquidity_vacuum", FlagKind::simulated, true, false, "book",
     "depth collapsed against the contract's own usual depth, and the spread opened"},
    {DetectorFlag::spoofing_depth_imbalance, "spoofing_depth_imbalance", "spoofing_depth_imbalance",
     FlagKind::simulated, true, true, "book and trades of the feed",
     "large size behind the touch of one side appeared and went without having traded"},
    {DetectorFlag::liquidity_wall, "liquidity_wall", "liquidity_wall", FlagKind::simulated, true, false, "book",
     "a persistent wall was pulled, or kept its distance, before it could trade"},
    {DetectorFlag::spoofing_reversal, "spoofing_reversal", "spoofing_reversal", FlagKind::simulated, true, true,
     "book and trades of the feed",
     "size behind the touch went untraded right after the other side had traded, more often than by chance"},
    {DetectorFlag::wash_trade_volume, "wash_trade_volume", "wash_trade_volume", FlagKind::simulated, true, true,
     "trades and book of the feed", "volume of trades that mirror each other and move nothing"},
    {DetectorFlag::oi_implausible, "oi_implausible", "", FlagKind::simulated, true, false, "open interest and trades",
     "open interest changed by more than the trades in between allow"},
    {DetectorFlag::funding_window_push, "funding_window_push", "funding_price_divergence", FlagKind::simulated, true,
     false, "index and price, 2 s old at most, and the time of settlement",
     "the premium was pushed before the settlement and given back after it"},
}};
inline constexpr std::size_t kDetectorFlagCount = kDetectorFlags.size();

[[nodiscard]] constexpr const DetectorFlagInfo& info(DetectorFlag flag) noexcept {
    return kDetectorFlags[static_cast<std::size_t>(flag)];
}
[[nodiscard]] constexpr std::string_view to_string(DetectorFlag flag) noexcept {
    return info(flag).name;
}
/// By name or alias; nothing for an unknown one.
[[nodiscard]] constexpr std::optional<DetectorFlag> find_detector_flag(std::string_view name) noexcept {
    const auto* const found = std::ranges::find_if(
        kDetectorFlags, [name](const DetectorFlagInfo& flag) { return flag.name == name || flag.alias == name; });
    if (name.empty() || found == kDetectorFlags.end()) return std::nullopt;
    return found->flag;
}

/// A set of flags. Iterate over kDetectorFlags and ask `has`.
class FlagSet {
public:
    [[nodiscard]] constexpr bool has(DetectorFlag flag) const noexcept { return (bits_ & bit(flag)) != 0; }
    constexpr void set(DetectorFlag flag, bool value = true) noexcept {
        bits_ = static_cast<std::uint16_t>(value ? bits_ | bit(flag) : bits_ & ~bit(flag));
    }
    [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
    [[nodiscard]] constexpr std::size_t size() const noexcept {
        return static_cast<std::size_t>(
            std::ranges::count_if(kDetectorFlags, [this](const DetectorFlagInfo& flag) { return has(flag.flag); }));
    }
    friend constexpr bool operator==(FlagSet, FlagSet) = default;

private:
    static constexpr unsigned bit(DetectorFlag flag) noexcept { return 1U << static_cast<unsigned>(flag); }
    std::uint16_t bits_ = 0;
};

static_assert([] {
    for (std::size_t i = 0; i < kDetectorFlagCount; ++i) {
        if (static_cast<std::size_t>(kDetectorFlags[i].flag) != i) return false;
    }
    return true;
}());

}  // namespace scanner::signals
