#include "signals/flow/liquidations.hpp"

#include "signals/flow/finite.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::signals::flow {
namespace {

constexpr std::int64_t kStepMs = 5'000;

}  // namespace

void Liquidations::add(market::Side taker_side, double notional, std::int64_t now_ms) {
    if (!std::isfinite(notional) || notional <= 0.0 || taker_side == market::Side::unknown) return;
    const std::int64_t number = now_ms / kStepMs;
    Step& step = steps_[static_cast<std::size_t>(number % kSteps)];
    if (step.number != number) step = {.number = number};
    (taker_side == market::Side::buy ? step.shorts : step.longs) += notional;
}

void Liquidations::fill(FlowNumbers& numbers, Quarter now) const {
    const std::int64_t oldest = now / kQuartersAStep - kSteps + 1;
    if (!known_since_ms_ || *known_since_ms_ > oldest * kStepMs) return;
    double longs = 0.0;
    double shorts = 0.0;
    for (const Step& step : steps_) {
        if (step.number < oldest) continue;
        longs += step.longs;
        shorts += step.shorts;
    }
    numbers.liquidations_5m_long_usdt = finite(longs);
    numbers.liquidations_5m_short_usdt = finite(shorts);
}

std::optional<Quarter> Liquidations::next_change(Quarter now) const {
    if (!known_since_ms_) return std::nullopt;
    const std::int64_t known = (*known_since_ms_ + kStepMs - 1) / kStepMs + kSteps - 1;
    const std::int64_t current = now / kQuartersAStep;
    if (current < known) return known * kQuartersAStep;
    std::optional<std::int64_t> next;
    for (const Step& step : steps_) {
        if (step.number > current - kSteps) next = std::min(next.value_or(step.number), step.number);
    }
    return next ? std::optional((*next + kSteps) * kQuartersAStep) : std::nullopt;
}

}  // namespace scanner::signals::flow
