#pragma once

#include "scanner/storage/history.hpp"

#include <chrono>
#include <vector>

namespace scanner::storage {

/// Bars of `interval` minutes from 1m candles and minute aggregates of one contract, both ascending in time. Of several
/// rows of one minute (an older service wrote it too) the one with the highest sequence counts. Pure.
[[nodiscard]] std::vector<HistoryBar> build_bars(std::chrono::minutes interval, std::vector<ClosedCandle> candles,
                                                 std::vector<MinuteAggregate> minutes);

}  // namespace scanner::storage
