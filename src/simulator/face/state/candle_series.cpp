#include "simulator/face/state/candle_series.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace scanner::simulator::face {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kEast = 8 * 3'600;  // HTX's days are those of UTC+8

std::int64_t seconds_of(Period period) {
    switch (period) {
        case Period::min1: return 60;
        case Period::min5: return 300;
        case Period::min15: return 900;
        case Period::min30: return 1'800;
        case Period::min60: return 3'600;
        case Period::hour4: return 14'400;
        case Period::day1: return kDay;
        case Period::week1: return 7 * kDay;
        case Period::mon1: return 31 * kDay;
    }
    return 60;
}

std::int64_t month_start(std::int64_t eastern_sec) {
    const std::chrono::sys_days day{std::chrono::days(eastern_sec / kDay)};
    const std::chrono::year_month_day date(day);
    const std::chrono::sys_days first(date.year() / date.month() / 1);
    return first.time_since_epoch().count() * kDay;
}

}  // namespace

std::optional<Period> parse_period(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, Period>, 10> kNames{{
        {"1min", Period::min1},
        {"5min", Period::min5},
        {"15min", Period::min15},
        {"30min", Period::min30},
        {"60min", Period::min60},
        {"1hour", Period::min60},
        {"4hour", Period::hour4},
        {"1day", Period::day1},
        {"1week", Period::week1},
        {"1mon", Period::mon1},
    }};
    const auto found = std::ranges::find(kNames, text, &std::pair<std::string_view, Period>::first);
    if (found == kNames.end()) return std::nullopt;
    return found->second;
}

std::int64_t bucket_start(Period period, std::int64_t time_sec) {
    const std::int64_t eastern = time_sec + kEast;
    if (period == Period::mon1) return month_start(eastern) - kEast;
    if (period == Period::week1) {
        // 1970-01-01 was a Thursday: shifting by three days lets weeks begin on Mondays.
        const std::int64_t since_monday = eastern + 3 * kDay;
        return since_monday - since_monday % (7 * kDay) - 3 * kDay - kEast;
    }
    return eastern - eastern % seconds_of(period) - kEast;
}

std::size_t minutes_for(Period period, std::size_t count) {
    return count * static_cast<std::size_t>(seconds_of(period) / 60);
}

std::vector<SimulatedCandle> aggregate(const std::vector<SimulatedCandle>& minutes, Period period) {
    if (period == Period::min1) return minutes;
    std::vector<SimulatedCandle> buckets;
    for (const SimulatedCandle& minute : minutes) {
        const std::int64_t start = bucket_start(period, minute.open_time_sec);
        if (buckets.empty() || buckets.back().open_time_sec != start) {
            buckets.push_back(minute);
            buckets.back().open_time_sec = start;
            continue;
        }
        SimulatedCandle& bucket = buckets.back();
        bucket.high = std::max(bucket.high, minute.high);
        bucket.low = std::min(bucket.low, minute.low);
        bucket.close = minute.close;
        bucket.doubled_contracts += minute.doubled_contracts;
        bucket.doubled_turnover_usdt += minute.doubled_turnover_usdt;
        bucket.doubled_count += minute.doubled_count;
    }
    if (buckets.size() > 1 && minutes.front().open_time_sec != buckets.front().open_time_sec) {
        buckets.erase(buckets.begin());
    }
    return buckets;
}

}  // namespace scanner::simulator::face
