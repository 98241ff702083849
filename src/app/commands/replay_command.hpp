#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace scanner::app {

/// The `replay` command: `arguments` are what follows it (`--help` says which). A line a recorded ranking goes to
/// `out`, what is wrong to `err`. Returns the exit code: 0, 1 where the replay failed, parted from the recording or
/// came to other digests than it, 2 for arguments that it does not understand. Blocks.
int run_replay(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace scanner::app
