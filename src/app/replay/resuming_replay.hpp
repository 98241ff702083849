#pragma once

#include "app/replay/replayer.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace scanner::app {

/// Makes the replay of files that ends at the first hole, or reads on over it.
using MakeReplay = std::function<std::unique_ptr<Replay>(std::vector<recording::SegmentFile> files,
                                                         ReplayOptions options, recording::AtHole at_hole)>;

/// One replay after another, each of what is whole: after a hole the next begins with the first segment that holds an
/// engine's state, or with the first of another recording. What something else captured is read over its holes: it is
/// ranked by what it has. Reads the first file; blocking.
[[nodiscard]] std::unique_ptr<Replay> make_resuming_replay(std::vector<recording::SegmentFile> files,
                                                           ReplayOptions options, MakeReplay make);

}  // namespace scanner::app
