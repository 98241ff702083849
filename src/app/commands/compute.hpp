#pragma once

#include <iosfwd>

namespace scanner::app {

/// The `compute` command: scan cycles as JSON Lines on `in`, one line of results for each on `out`, in the form of
/// docs/metrics.md, "Computing by hand". Per-contract memory (manipulation, microstructure) carries over from line to
/// line by symbol; all candles count as closed; blank lines are skipped.
///
/// A line that cannot be used is reported on `err` with its number and the field at fault. No results follow it, as
/// they would miss a cycle in their memory; the remaining lines are still checked, so that all problems show at once
/// (the first 20). A line over 64 MiB ends the reading.
///
/// Returns the exit code: 0, or 1 where any line was at fault or `out` could not be written. Throws nothing but
/// std::bad_alloc. Blocks on `in`; keeps one line and the state of the symbols seen in memory.
int run_compute(std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace scanner::app
