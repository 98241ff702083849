#pragma once

#include "scanner/settings/env_file.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace scanner::app {

/// The `record` command: has a running scanner record, and waits for the end (`--help` says how). What was recorded
/// goes to `out`. Returns the exit code: 0, 1 where the scanner would not or the recording failed, 2 for arguments that
/// it does not understand. Blocks; owns the loop.
int run_record(const std::vector<std::string>& arguments, const settings::SettingTexts& environment, std::ostream& out,
               std::ostream& err);

}  // namespace scanner::app
