#include "simulator/market/day_cycle.hpp"

#include <algorithm>
#include <array>

namespace scanner::simulator {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kHour = 3600;

/// Activity at each full hour UTC; between hours, linear. Means 1 over the day.
constexpr std::array<double, 24> kHourly{1.22, 1.12, 1.02, 0.92, 0.84, 0.78, 0.76, 0.80, 0.88, 0.92, 0.90, 0.88,
                                         0.96, 1.18, 1.42, 1.40, 1.26, 1.12, 1.02, 0.96, 0.90, 0.86, 0.84, 1.04};

double hourly_activity(std::int64_t second_of_day) {
    const auto hour = static_cast<std::size_t>(second_of_day / 3600);
    const double within = static_cast<double>(second_of_day % 3600) / 3600.0;
    return kHourly[hour] * (1.0 - within) + kHourly[(hour + 1) % 24] * within;
}

bool open_now(Session session, std::int64_t unix_seconds) {
    const auto weekday = (unix_seconds / kDaySeconds + 4) % 7;  // 0 is Sunday
    const auto second = unix_seconds % kDaySeconds;
    switch (session) {
        case Session::always: return true;
        case Session::us_stocks:
            return weekday >= 1 && weekday <= 5 && second >= 14 * kHour + 1800 && second < 21 * kHour;
        case Session::weekdays:
            if (weekday == 0) return second >= 23 * kHour;
            if (weekday == 5) return second < 22 * kHour;
            return weekday != 6 && (second < 22 * kHour || second >= 23 * kHour);
    }
    return true;
}

}  // namespace

DayCycle day_cycle(const Profile& profile, std::int64_t unix_seconds) {
    const double activity = hourly_activity(unix_seconds % kDaySeconds);
    DayCycle cycle{.activity = activity, .volatility = 0.45 + 0.55 * activity, .spread = 1.0};
    if (profile.session == Session::always) return cycle;
    if (open_now(profile.session, unix_seconds)) {
        cycle.activity *= profile.session == Session::us_stocks ? 1.8 : 1.1;
        cycle.volatility *= profile.session == Session::us_stocks ? 1.5 : 1.1;
    } else {
        cycle.activity *= 0.7;
        cycle.volatility *= 0.3;
        cycle.spread = profile.closed_spread_matters ? 3.0 : 1.2;
    }
    return cycle;
}

double activity_in(double volatility) {
    return std::min(3.0, 0.4 + 0.6 * volatility);
}

}  // namespace scanner::simulator
