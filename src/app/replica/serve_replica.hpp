#pragma once

#include "app/commands.hpp"

#include "scanner/settings/settings_load.hpp"

namespace scanner::app {

/// Role `replica`: serves what the elected scanner publishes on Redis, and asks the exchange nothing. With Postgres it
/// also serves history and takes operators' changes; without, those routes do not exist, since a store of its own would
/// know nothing and tell no one. On SIGHUP it takes the settings that `reread` gives, as far as they can change while
/// it runs. Returns the exit code as run_serve does. Blocks; owns the loop.
int serve_replica(settings::LoadedSettings loaded, const SettingsReader& reread);

}  // namespace scanner::app
