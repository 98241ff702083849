#pragma once

#include "scanner/core/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::storage {

enum class StoreState {
    embedded,  ///< lives in this process or its data folder: nothing to connect to
    connecting,
    ready,
    down,  ///< away, or it refuses writes; retried with back-off
};
[[nodiscard]] std::string_view to_string(StoreState state) noexcept;

/// State of a store for health and metrics, judged by whether the last write worked, not by the connection.
struct StoreStatus {
    StoreState state = StoreState::embedded;
    std::uint64_t backlog = 0;              ///< writes accepted and not yet done
    std::optional<double> backlog_age_sec;  ///< age of the oldest of them
    std::uint64_t dropped = 0;              ///< given up for good since start (superseded values do not count)
    std::string last_error;                 ///< why it is down, or what was lost for good; empty when all is well

    /// Whether it takes what is written.
    [[nodiscard]] bool usable() const { return state == StoreState::ready || state == StoreState::embedded; }
};

/// The status under the name that health and metrics show: "redis"; "postgres" for the database, whichever it is.
struct NamedStatus {
    std::string name;
    std::string kind{};  ///< what it is: "sqlite", "postgres", "redis", "memory"
    StoreStatus status;
};

/// Size of history in the database, and what its bound has removed.
struct HistorySize {
    std::optional<std::uint64_t> bytes;            ///< at the last look; empty before the first
    std::uint64_t max_bytes = 0;                   ///< 0: no bound
    std::uint64_t removed_days = 0;                ///< days (or partitions) that the bound removed since start
    std::optional<core::WallTime> removed_before;  ///< everything older than this was removed by the bound
    bool over = false;  ///< above the bound, and nothing but the newest day is left to remove
};

}  // namespace scanner::storage
