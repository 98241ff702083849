#pragma once

#include "scanner/storage/history.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scanner::storage::samples {

/// 2026-11-22T05:24:00Z
inline constexpr core::WallTime kStart = core::from_unix_ms(1'795'325'040'000);

inline RankingRow ranking(std::uint64_t sequence, core::WallTime time, std::string profile, std::string symbol,
                          int rank) {
    RankingRow row;
    row.time = time;
    row.sequence = sequence;
    row.profile = std::move(profile);
    row.symbol = std::move(symbol);
    row.rank = rank;
    row.score = 100.0 / rank + 0.1234;
    row.last_price = 0.000012345678901;
    row.qvol_usdt = 123'456'789.25;
    row.spread_bps = 1.5;
    row.slip_bps = 2.25;
    row.manip_score = 12.5;
    return row;
}

inline MinuteAggregate minute(std::uint64_t sequence, core::WallTime time, std::string symbol, double close) {
    MinuteAggregate row;
    row.symbol = std::move(symbol);
    row.minute = std::chrono::floor<std::chrono::minutes>(time);
    row.close = close;
    row.atr_pct = 0.5;
    row.spread_bps = 1.25;
    row.top5_depth_usdt = 1e6;
    row.ret_1 = -0.1;
    row.ret_15 = 0.75;
    row.funding_8h_pct = 0.01;
    row.open_interest = 1234.5;
    row.basis_bps = -3.0;
    row.manip_score = static_cast<double>(sequence % 7);
    row.manip_flags = {"flag_" + std::to_string(sequence % 2)};
    row.samples = 1;
    row.first_sequence = row.last_sequence = sequence;
    return row;
}

inline ClosedCandle candle(std::uint64_t sequence, core::WallTime open_time, std::string symbol, double close) {
    return {.symbol = std::move(symbol),
            .open_time = open_time,
            .open = close - 1.0,
            .high = close + 2.0,
            .low = close - 2.0,
            .close = close,
            .base_volume = 10.0,
            .sequence = sequence};
}

/// What inputs() are of.
inline InputsSchemaPtr inputs_schema() {
    static const auto kSchema =
        std::make_shared<const InputsSchema>(std::vector<InputField>{{"contract_code", InputKind::text},
                                                                     {"listed_at", InputKind::time},
                                                                     {"metrics.atr_pct"},
                                                                     {"metrics.basis_bps"},
                                                                     {"flags", InputKind::list}});
    return kSchema;
}

inline ContractInputs inputs(std::uint64_t sequence, core::WallTime time, std::string symbol) {
    ContractInputs row;
    row.time = time;
    row.sequence = sequence;
    row.symbol = std::move(symbol);
    row.schema = inputs_schema();
    row.numbers = {static_cast<double>(core::to_unix_ms(kStart)), 0.1 + 0.2, std::nullopt};
    row.texts_json = R"({"flags":["it's","a\"b"]})";
    return row;
}

/// A cycle that ranked two contracts under two profiles.
inline HistoryBatch cycle(std::uint64_t sequence, core::WallTime time) {
    HistoryBatch batch;
    batch.cycle = CycleRecord{.sequence = sequence,
                              .time = time,
                              .default_profile = "scalp",
                              .cycle_ms = 12.5,
                              .requests = 40,
                              .scanned = 2,
                              .ranked = 4,
                              .simulated = true,
                              .settings_json = R"({"notional_usdt":5000,"note":"it's \"quoted\" \\ {é}"})"};
    for (const char* profile : {"scalp", "swing"}) {
        batch.rankings.push_back(ranking(sequence, time, profile, "BTC/USDT:USDT", 1));
        batch.rankings.push_back(ranking(sequence, time, profile, "ETH/USDT:USDT", 2));
    }
    for (const char* symbol : {"BTC/USDT:USDT", "ETH/USDT:USDT"}) {
        batch.inputs.push_back(inputs(sequence, time, symbol));
        batch.minutes.push_back(minute(sequence, time, symbol, 100.0 + static_cast<double>(sequence)));
        batch.candles.push_back(candle(sequence,
                                       std::chrono::floor<std::chrono::minutes>(time) - std::chrono::minutes(1), symbol,
                                       50.0 + static_cast<double>(sequence)));
    }
    return batch;
}

}  // namespace scanner::storage::samples
