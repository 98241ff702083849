#pragma once

#include "app/commands/invocation.hpp"

#include <string>

namespace scanner::app {

/// What `market-scanner --help` says: the commands, and where settings come from.
[[nodiscard]] std::string program_help();
/// What `market-scanner COMMAND --help` says: what the command does, its own flags, and every setting.
[[nodiscard]] std::string command_help(Command command);

}  // namespace scanner::app
