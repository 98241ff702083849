#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace scanner::app {

/// The `recording` command: `arguments` are what follows it (`--help` says which). Results go to `out`, what is wrong
/// to `err`; lines to import come from `in` where no file is named. Returns the exit code: 0, 1 where something failed
/// or a recording is damaged, 2 for arguments that it does not understand. Blocks.
int run_recording(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace scanner::app
