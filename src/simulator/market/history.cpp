#include "simulator/market/history.hpp"

#include "simulator/market/day_cycle.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace scanner::simulator {
namespace {

struct Minute {
    double log_index = 0.0;
    double sigma = 0.0;  ///< of this minute
    double rate = 0.0;   ///< expected fills
};

/// How far a Brownian bridge from 0 to `end` with variance sigma^2 goes beyond both ends upwards (exact in law).
double bridge_maximum(double end, double sigma, core::Random& random) {
    return 0.5 * (end + std::sqrt(end * end - 2.0 * sigma * sigma * core::portable_log(random.positive_uniform())));
}

std::vector<Minute> play_index(const Profile& profile, std::span<const CommonStep> common, std::int64_t first_second,
                               IndexProcess& index) {
    std::vector<Minute> minutes;
    minutes.reserve(common.size());
    double log_index = 0.0;
    std::int64_t second = first_second;
    for (const auto& step : common) {
        const auto cycle = day_cycle(profile, second);
        log_index += index.step(60.0, step, cycle.volatility);
        minutes.push_back({.log_index = log_index,
                           .sigma = kDiffusion * profile.sigma_minute * cycle.volatility * index.volatility(),
                           .rate = profile.fills_per_day / 1440.0 * cycle.activity * activity_in(index.volatility())});
        second += 60;
    }
    return minutes;
}

}  // namespace

HistoryEnd write_history(const Profile& profile, std::span<const CommonStep> common, std::int64_t end_seconds,
                         IndexProcess& index, Venue& venue, core::Random& random) {
    const auto count = static_cast<std::int64_t>(common.size());
    const std::int64_t first = end_seconds - 60 * count;
    const auto minutes = play_index(profile, common, first, index);
    index.set_price(profile.start_price);
    const double log_end = core::portable_log(profile.start_price) - minutes.back().log_index;
    const PriceScale& scale = venue.scale();
    const double fill_usdt = profile.turnover_usdt / 2.0 / profile.fills_per_day;
    const double half_spread = profile.spread_bps * 0.5e-4;
    HistoryEnd end{.premium = profile.premium_mean_bps * 1e-4, .flow_noise = 0.0};
    double last_log = log_end + end.premium;
    std::int64_t last_ticks = scale.nearest_ticks(core::portable_exp(last_log));
    std::int64_t last_trade_second = first;
    std::int64_t last_contracts = 1;
    for (std::int64_t i = 0; i < count; ++i) {
        const auto& minute = minutes[static_cast<std::size_t>(i)];
        end.premium += 0.05 * (profile.premium_mean_bps * 1e-4 - end.premium) +
                       0.3 * profile.premium_sd_bps * 1e-4 * random.normal();
        end.flow_noise = 0.75 * end.flow_noise + 0.66 * 0.55 * random.normal();
        const double log_close = log_end + minute.log_index + end.premium;
        const auto fills = random.poisson(minute.rate * core::portable_exp(end.flow_noise - 0.15));
        SimulatedCandle candle{.open_time_sec = first + 60 * i};
        if (fills == 0) {
            candle.open = candle.high = candle.low = candle.close = scale.price(last_ticks);
        } else {
            // Fills hit bid or ask, so the first and the last print are off the middle by half a spread.
            const double open_log = last_log + half_spread * random.normal();
            const double close_log = log_close + (random.chance(0.5) ? half_spread : -half_spread);
            const double move = close_log - open_log;
            const double reach = minute.sigma * std::min(1.0, std::sqrt(static_cast<double>(fills) / 8.0));
            const double up = bridge_maximum(move, reach, random);
            const double down = bridge_maximum(-move, reach, random);
            const auto open_ticks = scale.nearest_ticks(core::portable_exp(open_log));
            last_ticks = scale.nearest_ticks(core::portable_exp(close_log));
            const bool one = fills == 1;
            const auto high =
                one ? last_ticks
                    : std::max({open_ticks, last_ticks, scale.nearest_ticks(core::portable_exp(open_log + up))});
            const auto low =
                one ? last_ticks
                    : std::min({open_ticks, last_ticks, scale.nearest_ticks(core::portable_exp(open_log - down))});
            candle.open = scale.price(one ? last_ticks : open_ticks);
            candle.high = scale.price(high);
            candle.low = scale.price(low);
            candle.close = scale.price(last_ticks);
            const auto amount = static_cast<double>(fills);
            const double usdt = fill_usdt * amount * random.lognormal(1.0, 1.3 / std::sqrt(amount + 0.7));
            const double average =
                (static_cast<double>(high) + static_cast<double>(low) + static_cast<double>(last_ticks)) / 3.0;
            last_contracts = std::max(fills, static_cast<std::int64_t>(usdt / venue.contract_usdt(average) + 0.5));
            candle.doubled_contracts = 2 * last_contracts;
            candle.doubled_turnover_usdt = 2.0 * static_cast<double>(last_contracts) * venue.contract_usdt(average);
            candle.doubled_count = 2 * fills;
            last_contracts = std::max<std::int64_t>(1, last_contracts / fills);
            last_trade_second = candle.open_time_sec;
        }
        last_log = log_close;
        venue.candles().append_history(candle);
    }
    const Micros last_time = (last_trade_second + 30) * kSecond + static_cast<Micros>(random.below(29'000'000));
    venue.set_last_trade(last_ticks, last_contracts, random.chance(0.5) ? Side::buy : Side::sell, last_time);
    return end;
}

}  // namespace scanner::simulator
