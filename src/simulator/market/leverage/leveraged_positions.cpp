#include "simulator/market/leverage/leveraged_positions.hpp"

#include <algorithm>
#include <array>

namespace scanner::simulator {
namespace {

constexpr double kLeveragedShare = 0.25;  // of the crowd's takers
constexpr double kHoldSeconds = 1'800.0;  // mean
constexpr double kMaintenance = 0.004;    // margin that must be left, fraction of the position
constexpr std::array<double, 8> kLeverages{10.0, 20.0, 20.0, 50.0, 50.0, 75.0, 100.0, 125.0};

}  // namespace

void LeveragedPositions::open(Side side, std::int64_t contracts, double price_ticks, Micros now) {
    if (!random_.chance(kLeveragedShare)) return;
    const double leverage = kLeverages[random_.below(kLeverages.size())];
    const double room = 1.0 / leverage - kMaintenance;
    if (positions_.size() >= kMaxPositions) positions_.pop_front();
    positions_.push_back({.side = side,
                          .contracts = contracts,
                          .liquidation_ticks = price_ticks * (1.0 - sign_of(side) * room),
                          .until = now + static_cast<Micros>(random_.exponential(kHoldSeconds * 1e6))});
}

std::optional<LeveragedPositions::Position> LeveragedPositions::take_liquidated(double mark_ticks, Micros now) {
    std::erase_if(positions_, [now](const Position& position) { return position.until <= now; });
    const auto found = std::ranges::find_if(positions_, [mark_ticks](const Position& position) {
        return position.side == Side::buy ? mark_ticks <= position.liquidation_ticks
                                          : mark_ticks >= position.liquidation_ticks;
    });
    if (found == positions_.end()) return std::nullopt;
    const Position position = *found;
    positions_.erase(found);
    return position;
}

}  // namespace scanner::simulator
