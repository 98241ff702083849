#include "signals/flow/impact.hpp"

#include "signals/flow/finite.hpp"

#include <algorithm>
#include <cmath>

namespace scanner::signals::flow {
namespace {

constexpr std::int64_t kQuartersASecond = 4;
constexpr double kHalfLifeQuarters = 30.0 * 60.0 * kQuartersASecond;
constexpr double kNotional = 100'000.0;
constexpr double kBps = 1e4;

}  // namespace

void Impact::end_second(const BookWatch& book, const TradeWindow& tape, Quarter last) {
    const Quarter first = last - kQuartersASecond + 1;
    const BookMark& before = book.mark(first);
    const BookMark& after = book.mark(last + 1);
    if (before.life == 0 || before.life != after.life || !tape.is_known_since(first)) return;
    double net = 0.0;
    double trades = 0.0;
    for (Quarter quarter = first; quarter <= last; ++quarter) {
        const Traded& traded = tape.of(quarter);
        net += traded.bought - traded.sold;
        trades += traded.trades;
    }
    if (trades == 0.0) return;
    const std::int64_t number = last / kQuartersAMinute;
    Minute& minute = minutes_[static_cast<std::size_t>(number) % kMinutes];
    if (minute.number != number) minute = {.number = number};
    minute.trades += trades;

    const double x = std::copysign(std::sqrt(std::fabs(net)), net);
    const double y = (after.mid / before.mid - 1.0) * kBps;
    const double kept = std::exp2(-static_cast<double>(last - updated_) / kHalfLifeQuarters);
    const double xx = xx_ * kept + x * x;
    const double xy = xy_ * kept + x * y;
    if (!std::isfinite(xx) || !std::isfinite(xy)) return;
    xx_ = xx;
    xy_ = xy;
    updated_ = last;
}

double Impact::trades_of_last_hour(Quarter now) const {
    const std::int64_t oldest = now / kQuartersAMinute - static_cast<std::int64_t>(kMinutes) + 1;
    double trades = 0.0;
    for (const Minute& minute : minutes_) {
        if (minute.number >= oldest) trades += minute.trades;
    }
    return trades;
}

void Impact::fill(FlowNumbers& numbers, Quarter now) const {
    if (xx_ <= 0.0 || trades_of_last_hour(now) < kMinTrades) return;
    numbers.impact_bps_per_100k = finite(xy_ / xx_ * std::sqrt(kNotional));
}

std::optional<Quarter> Impact::next_change(Quarter now) const {
    const std::int64_t current = now / kQuartersAMinute;
    double trades = trades_of_last_hour(now);
    if (trades < kMinTrades) return std::nullopt;
    for (std::int64_t number = current - static_cast<std::int64_t>(kMinutes) + 1; number <= current; ++number) {
        const Minute& minute = minutes_[static_cast<std::size_t>(number) % kMinutes];
        if (minute.number != number) continue;
        trades -= minute.trades;
        if (trades < kMinTrades) return (number + static_cast<std::int64_t>(kMinutes)) * kQuartersAMinute;
    }
    return std::nullopt;
}

}  // namespace scanner::signals::flow
