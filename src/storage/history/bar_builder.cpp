#include "storage/history/bar_builder.hpp"

#include "scanner/core/decimal.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace scanner::storage {
namespace {

core::WallTime bar_start(core::WallTime time, std::chrono::minutes interval) {
    const auto since = std::chrono::floor<std::chrono::minutes>(time).time_since_epoch();
    return core::WallTime(since - since % interval);
}

/// Keeps the one of the highest sequence where several share a time.
template <class Row, class Time, class Sequence>
void drop_doubles(std::vector<Row>& rows, Time time, Sequence sequence) {
    std::ranges::sort(rows, [&](const Row& left, const Row& right) {
        return std::pair(left.*time, left.*sequence) < std::pair(right.*time, right.*sequence);
    });
    std::vector<Row> kept;
    kept.reserve(rows.size());
    for (Row& row : rows) {
        if (!kept.empty() && kept.back().*time == row.*time) {
            kept.back() = std::move(row);
        } else {
            kept.push_back(std::move(row));
        }
    }
    rows = std::move(kept);
}

void add(HistoryBar& bar, ClosedCandle candle) {
    ++bar.minutes;
    if (!bar.candle) {
        candle.open_time = bar.time;
        bar.candle = std::move(candle);
        return;
    }
    ClosedCandle& whole = *bar.candle;
    whole.high = std::max(whole.high, candle.high);
    whole.low = std::min(whole.low, candle.low);
    whole.close = candle.close;
    whole.base_volume = core::add_decimals(whole.base_volume, candle.base_volume);
    whole.sequence = std::max(whole.sequence, candle.sequence);
}

void add(HistoryBar& bar, MinuteAggregate minute) {
    minute.minute = bar.time;
    if (bar.numbers) {
        MinuteAggregate& before = *bar.numbers;
        std::vector<std::string> flags;
        std::ranges::set_union(before.manip_flags, minute.manip_flags, std::back_inserter(flags));
        minute.manip_flags = std::move(flags);
        minute.manip_score = std::max(before.manip_score, minute.manip_score);
        minute.samples += before.samples;
        minute.first_sequence = before.first_sequence;
    }
    bar.numbers = std::move(minute);
}

}  // namespace

std::vector<HistoryBar> build_bars(std::chrono::minutes interval, std::vector<ClosedCandle> candles,
                                   std::vector<MinuteAggregate> minutes) {
    drop_doubles(candles, &ClosedCandle::open_time, &ClosedCandle::sequence);
    drop_doubles(minutes, &MinuteAggregate::minute, &MinuteAggregate::last_sequence);
    std::map<core::WallTime, HistoryBar> bars;
    const auto bar_of = [&](core::WallTime time) -> HistoryBar& {
        const core::WallTime start = bar_start(time, interval);
        HistoryBar& bar = bars[start];
        bar.time = start;
        return bar;
    };
    for (ClosedCandle& candle : candles) {
        HistoryBar& bar = bar_of(candle.open_time);
        add(bar, std::move(candle));
    }
    for (MinuteAggregate& minute : minutes) {
        HistoryBar& bar = bar_of(minute.minute);
        add(bar, std::move(minute));
    }
    std::vector<HistoryBar> rows;
    rows.reserve(bars.size());
    for (auto& [start, bar] : bars) rows.push_back(std::move(bar));
    return rows;
}

}  // namespace scanner::storage
