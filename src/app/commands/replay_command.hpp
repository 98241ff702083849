#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace scanner::app {

/// The `replay` command: `arguments` are what follows it (`--help` says which). Serves the recording, or, with --digest
/// or --list, writes a line a recorded ranking to `out`; what is wrong goes to `err`. Returns the exit code: 0, 1 where
/// the replay failed, parted from the recording or came to other digests than it, 2 for arguments that it does not
/// understand. Blocks.
int run_replay(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace scanner::app
