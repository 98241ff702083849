#pragma once

#include <optional>

namespace scanner::api {

/// What the operating system says of this process; empty where it says nothing.
struct ProcessStats {
    std::optional<double> resident_bytes;
    double cpu_seconds = 0.0;  ///< user and system, since start
};

[[nodiscard]] ProcessStats read_process_stats();

}  // namespace scanner::api
