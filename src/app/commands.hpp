#pragma once

#include "scanner/core/settings.hpp"

#include <expected>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace scanner::app {

/// Reads the settings anew, for SIGHUP: every problem as a line.
using SettingsReader = std::function<std::expected<core::LoadedSettings, std::vector<std::string>>()>;

/// The daemon: scans and serves until SIGINT or SIGTERM, then shuts down in order within 10 s; a second signal exits at
/// once. Returns the exit code: 0, or 1 where it could not start. Blocks; owns the loop.
int run_serve(core::LoadedSettings loaded, const SettingsReader& reread);

/// One cycle with the service's own settings. Prints counts and the top contracts on `out`, as a table or as one JSON
/// object. Returns 0 only when something was ranked.
int run_collect_once(const core::LoadedSettings& loaded, bool json, std::ostream& out);

}  // namespace scanner::app
