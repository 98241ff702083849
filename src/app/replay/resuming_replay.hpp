#pragma once

#include "app/replay/replayer.hpp"

#include <memory>
#include <vector>

namespace scanner::app {

/// One replay after another, each of what is whole: after a hole the next begins, with an engine of its own, with the
/// first segment that holds an engine's state, or with the first of another recording. What something else captured is
/// read over its holes: it is ranked by what it has. Begins with the newest state before what is asked for; reads the
/// first file; blocking.
[[nodiscard]] std::unique_ptr<Replay> make_replay(std::vector<recording::SegmentFile> files, ReplayOptions options);

/// Runs one to its end: the same decoding, the same scan, the same ranker, with the recording's clock. Blocks; takes
/// the thread that it is called on.
[[nodiscard]] core::Result<ReplayOutcome> replay(std::vector<recording::SegmentFile> files, ReplayOptions options);

}  // namespace scanner::app
