#pragma once

#include "scanner/settings/env_file.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace scanner::app {

/// The `rules` command: holds a rule against the recorded cycles of history (`--help` says how). A line for each alert
/// that it would have fired goes to `out`. Returns the exit code: 0, 1 where history cannot be read, 2 for arguments
/// and rules that it does not understand. Blocks; owns the loop.
int run_rules(const std::vector<std::string>& arguments, const settings::SettingTexts& environment, std::ostream& out,
              std::ostream& err);

}  // namespace scanner::app
