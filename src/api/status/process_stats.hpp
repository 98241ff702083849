#pragma once

#include <optional>

namespace scanner::api {

/// The operating system's figures for this process; empty where it has none.
struct ProcessStats {
    std::optional<double> resident_bytes;
    double cpu_seconds = 0.0;  ///< user and system, since start
};

[[nodiscard]] ProcessStats read_process_stats();

}  // namespace scanner::api
