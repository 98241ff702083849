#!/usr/bin/env bash
# The rows of recording and replay in bench/RESULTS.md, each by itself; each prints its line of the table, and whether it
# reaches what it must. Processor times, so that what runs beside it matters little.
#   bench/recording.sh ROW [BIN_DIR]
#     cost      what recording adds to a scanner that follows 350 contracts, turn about with one that records nothing
#     size      recorded bytes beside `zstd -3` over the inflated content in one piece; what a day comes to, 130 contracts
#     replay    how many times as fast as it was 130 contracts are replayed
#     rules     a rule tried on the recorded cycles of a day of 130 contracts, from history, on one core
#     delay     how long rankings take while nothing is recorded, and while it is to a good, a slow and a full disk; root
#     all       all of them but delay
# SECONDS_, ROUNDS, CONTRACTS, CYCLES change a run.
set -euo pipefail
cd "$(dirname "$0")/.."
row=${1:?"usage: bench/recording.sh cost|size|replay|rules|delay|all [BIN_DIR]"}
exec python3 bench/recording.py "$row" "${2:-build/release/bin}"
