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

/// Turns minutes into candles; remembers the price that the last one left.
class CandleWriter {
public:
    CandleWriter(const Profile& profile, Venue& venue, core::Random& random, double log_price)
        : venue_(venue),
          random_(random),
          fill_usdt_(profile.turnover_usdt / 2.0 / profile.fills_per_day),
          half_spread_(profile.spread_bps * 0.5e-4),
          log_price_(log_price),
          last_ticks_(venue.scale().nearest_ticks(core::portable_exp(log_price))) {}

    /// `log_close` is where the fair value ends, `sigma` how far it wanders within the minute.
    SimulatedCandle write(std::int64_t open_second, double log_close, double sigma, std::int64_t fills) {
        SimulatedCandle candle{.open_time_sec = open_second};
        if (fills == 0) {
            candle.open = candle.high = candle.low = candle.close = venue_.scale().price(last_ticks_);
        } else {
            const auto [high, low] = set_prices(candle, log_close, sigma, fills);
            set_volume(candle, fills, (static_cast<double>(high + low) + static_cast<double>(last_ticks_)) / 3.0);
            last_trade_second_ = open_second;
        }
        log_price_ = log_close;
        return candle;
    }

    /// Somewhere in the second half of the last minute that traded.
    void leave_last_trade() {
        const Micros time = (last_trade_second_ + 30) * kSecond + static_cast<Micros>(random_.below(29'000'000));
        venue_.set_last_trade(last_ticks_, last_contracts_, random_.chance(0.5) ? Side::buy : Side::sell, time);
    }

private:
    struct Range {
        std::int64_t high = 0, low = 0;
    };

    Range set_prices(SimulatedCandle& candle, double log_close, double sigma, std::int64_t fills) {
        // Fills hit bid or ask, so the first and the last print are off the middle by half a spread.
        const double open_log = log_price_ + half_spread_ * random_.normal();
        const double close_log = log_close + (random_.chance(0.5) ? half_spread_ : -half_spread_);
        // Few fills see little of the path.
        const double reach = 0.85 * sigma * std::min(1.0, std::sqrt(static_cast<double>(fills) / 8.0));
        const double up = bridge_maximum(close_log - open_log, reach, random_);
        const double down = bridge_maximum(open_log - close_log, reach, random_);
        const auto& scale = venue_.scale();
        last_ticks_ = scale.nearest_ticks(core::portable_exp(close_log));
        const auto open = fills == 1 ? last_ticks_ : scale.nearest_ticks(core::portable_exp(open_log));
        Range range{.high = std::max(open, last_ticks_), .low = std::min(open, last_ticks_)};
        if (fills > 1) {
            range.high = std::max(range.high, scale.nearest_ticks(core::portable_exp(open_log + up)));
            range.low = std::min(range.low, scale.nearest_ticks(core::portable_exp(open_log - down)));
        }
        candle.open = scale.price(open);
        candle.high = scale.price(range.high);
        candle.low = scale.price(range.low);
        candle.close = scale.price(last_ticks_);
        return range;
    }

    void set_volume(SimulatedCandle& candle, std::int64_t fills, double average_ticks) {
        const auto amount = static_cast<double>(fills);
        const double usdt = fill_usdt_ * amount * random_.lognormal(1.0, 1.3 / std::sqrt(amount + 0.7));
        const double contract_usdt = venue_.contract_usdt(average_ticks);
        const auto contracts = std::max<std::int64_t>(fills, std::llround(usdt / contract_usdt));
        candle.doubled_contracts = 2 * contracts;
        candle.doubled_turnover_usdt = 2.0 * static_cast<double>(contracts) * contract_usdt;
        candle.doubled_count = 2 * fills;
        last_contracts_ = std::max<std::int64_t>(1, contracts / fills);
    }

    Venue& venue_;
    core::Random& random_;
    double fill_usdt_;
    double half_spread_;
    double log_price_;
    std::int64_t last_ticks_;
    std::int64_t last_contracts_ = 1;
    std::int64_t last_trade_second_ = 0;
};

}  // namespace

double write_history(const Profile& profile, std::span<const CommonStep> common, std::int64_t end_seconds,
                     IndexProcess& index, Venue& venue, core::Random& random) {
    const std::int64_t first = end_seconds - 60 * static_cast<std::int64_t>(common.size());
    const auto minutes = play_index(profile, common, first, index);
    index.set_price(profile.start_price);
    // The path was drawn forwards; it is hung up at its end, where the price is known.
    const double log_offset = core::portable_log(profile.start_price) - minutes.back().log_index;
    const double mean_premium = profile.premium_mean_bps * 1e-4;
    double premium = mean_premium;
    double flow_noise = 0.0;
    CandleWriter writer(profile, venue, random, log_offset + premium);
    std::int64_t second = first;
    for (const auto& minute : minutes) {
        premium += 0.05 * (mean_premium - premium) + 0.3 * profile.premium_sd_bps * 1e-4 * random.normal();
        flow_noise = 0.75 * flow_noise + 0.36 * random.normal();
        const auto fills = random.poisson(minute.rate * core::portable_exp(flow_noise - 0.15));
        venue.candles().append_history(
            writer.write(second, log_offset + minute.log_index + premium, minute.sigma, fills));
        second += 60;
    }
    writer.leave_last_trade();
    return premium;
}

}  // namespace scanner::simulator
