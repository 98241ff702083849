#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::api {

/// Live reads between processes, since the start.
struct LiveReadCounts {
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
};

/// How this process stands to the others that share its work; what /healthz/details shows as `scale`.
struct ScaleStatus {
    std::string_view role;                         ///< "scanner" or "replica"
    std::uint64_t epoch = 0;                       ///< of what it serves; 0: nothing yet
    bool elected = false;                          ///< it makes the rankings
    std::chrono::milliseconds lease{0};            ///< SCANNER_LEASE_MS
    std::optional<std::chrono::milliseconds> lag;  ///< of the newest ranking behind its making; empty where it makes it
    std::string leader;                            ///< who is elected, as far as is known; empty: not known
    LiveReadCounts live_reads_asked;               ///< of the elected scanner
    LiveReadCounts live_reads_served;              ///< to others, while it was elected itself
    std::string problem;                           ///< why nothing newer can be followed; empty where it can
};

}  // namespace scanner::api
