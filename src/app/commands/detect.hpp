#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace scanner::app {

/// The `detect` command: the detector of pumps over recorded trades, the same code as in the daemon. Reads each of
/// `tapes` (gzip or plain, "-" is standard input) as a cold start: lines `ts_ms,side,price,amount`, sorted by time,
/// side `b` or `s` of the taker.
///
/// For every 15-s bar with a trade whose probability is over 1e-5 a line
/// `{"file","ts_ms","score","p","flags"}` goes to `out`: the file's name without its folders, the bar's end, the
/// probability as score and as p, and the flags that it raises. Nothing is said of a tape's first six hours, which the
/// yardsticks need. With `features` every bar with a trade has a line, and in it what the model looked at.
///
/// A line that cannot be read ends its tape, and is reported on `err` with the tape, the line and the field; the other
/// tapes go on. Returns the exit code: 0, or 1 where a tape was at fault or `out` could not be written. Blocks.
int run_detect(const std::vector<std::string>& tapes, bool features, std::ostream& out, std::ostream& err);

}  // namespace scanner::app
