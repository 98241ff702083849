#pragma once

#include "scanner/settings/settings_load.hpp"

#include <expected>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace scanner::app {

/// Reads the settings anew, for SIGHUP: every problem as a line.
using SettingsReader = std::function<std::expected<settings::LoadedSettings, std::vector<std::string>>()>;

/// The daemon: scans and serves until SIGINT or SIGTERM, then shuts down in order within 10 s; a second signal exits at
/// once. Returns the exit code: 0, or 1 where it could not start. Blocks; owns the loop.
int run_serve(settings::LoadedSettings loaded, const SettingsReader& reread);

/// One cycle with the service's own settings and the operator's, handed to the stores as the daemon hands its cycles:
/// to history, and to Redis where it is set. Prints counts and the top contracts on `out`, as a table or as one JSON
/// object whose items have every field of /rankings. Stores that another process has are left alone, with a word on
/// standard error. Returns 0 only when something was ranked. Blocks; owns the loop.
int run_collect_once(const settings::LoadedSettings& loaded, bool json, std::ostream& out);

}  // namespace scanner::app
