#pragma once

#include "app/commands.hpp"

#include "scanner/settings/settings_values.hpp"

namespace scanner::app {

/// On SIGHUP: reads the settings again and takes what can change while a process runs into `running`; the log level
/// with it. Logs what changed, what needs a restart, and what is wrong; false where something is, and nothing was
/// taken.
[[nodiscard]] bool reload_from(const SettingsReader& reread, settings::Settings& running);

}  // namespace scanner::app
