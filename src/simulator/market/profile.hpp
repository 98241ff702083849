#pragma once

#include "simulator/market.hpp"

#include <cstdint>

namespace scanner::simulator {

/// Simulated time inside the market: microseconds since the Unix epoch.
using Micros = std::int64_t;
inline constexpr Micros kSecond = 1'000'000;
inline constexpr Micros kMinute = 60 * kSecond;
inline constexpr Micros kNever = INT64_MAX;

/// When the thing that a contract follows trades elsewhere.
enum class Session { always, us_stocks, weekdays };

/// How the agents of one contract behave; everything in here is constant for its life.
struct Profile {
    Session session = Session::always;
    double start_price = 0.0;
    double turnover_usdt = 0.0;     ///< two-sided, on an ordinary day
    double fills_per_day = 0.0;     ///< counted once
    double spread_bps = 0.0;        ///< what the tightest maker asks in calm times
    double touch_usdt = 0.0;        ///< a maker's best quote
    double range_bps = 0.0;         ///< how far from the touch the crowd's orders lie
    double levels = 0.0;            ///< about how many levels a side has
    double crowd_lifetime_s = 0.0;  ///< mean life of a far order of the crowd
    double sigma_minute = 0.0;      ///< of log returns over one minute, all sources together
    double common_share = 0.0;      ///< share of the variance that comes from the market as a whole
    int makers = 3;
    int ladder = 6;                 ///< quotes a side per maker
    double premium_mean_bps = 0.0;  ///< of the swap over its index
    double premium_sd_bps = 0.0;
    double interest_rate = 0.0;  ///< fraction per funding interval
    double funding_cap = 0.02;   ///< fraction per funding interval
    double open_interest_usdt = 0.0;
    bool closed_spread_matters = true;  ///< whether quotes widen a lot while the session is closed
    bool major = false;
};

}  // namespace scanner::simulator
