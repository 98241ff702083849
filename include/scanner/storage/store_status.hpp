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
    down,  ///< away, or it refuses what is written; tried again with back-off
};
[[nodiscard]] std::string_view to_string(StoreState state) noexcept;

/// How a store does, for health and metrics: by whether the last write worked, not by whether there is a connection.
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
    StoreStatus status;
};

/// How much history takes in the database, and what its bound has removed.
struct HistorySize {
    std::optional<std::uint64_t> bytes;            ///< at the last look; empty before the first
    std::uint64_t max_bytes = 0;                   ///< 0: no bound
    std::uint64_t removed_days = 0;                ///< days (or partitions) that the bound removed since start
    std::optional<core::WallTime> removed_before;  ///< nothing older than this is left of what the bound removed
    bool over = false;  ///< above the bound, and nothing but the newest day is left to remove
};

}  // namespace scanner::storage
