#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace scanner::storage {

struct StoreOptions {
    std::string data_dir;                      ///< holds spool/ and the SQLite file; made when missing
    std::chrono::days bars_retention{60};      ///< of minute aggregates and candles
    std::chrono::days rankings_retention{60};  ///< of cycles, rankings, alerts
    std::chrono::days inputs_retention{7};     ///< of what rankings were computed from; never longer than the rankings
    /// Of history in the database: above it the oldest days go first, whatever their retention; 0: no bound.
    std::uint64_t history_max_bytes = 0;
    std::uint64_t spool_max_bytes = 1ULL << 30U;    ///< above it the oldest segment is dropped, counted and logged
    std::uint64_t spool_segment_bytes = 4U << 20U;  ///< a segment is closed when it is this long
    std::chrono::milliseconds query_timeout{10'000};
    std::chrono::milliseconds reconnect_base{100};
    std::chrono::milliseconds reconnect_cap{5'000};
    std::chrono::milliseconds refresh_interval{5'000};     ///< of the operator's documents
    std::chrono::milliseconds retention_interval{60'000};  ///< between checks for rows that are too old or too many
};

}  // namespace scanner::storage
