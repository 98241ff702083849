#pragma once

#include "scanner/engine/engine.hpp"

#include <cstddef>

namespace scanner::app {

/// Follows the first scan for a person: a bar on standard error where that is a terminal, a log line every quarter
/// otherwise. Later scans are silent; they have their own line.
[[nodiscard]] engine::ScanProgress make_first_scan_progress();

}  // namespace scanner::app
