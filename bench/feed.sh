#!/usr/bin/env bash
# The rows of the live feed in bench/RESULTS.md, each by itself; each prints its line of the table, and whether it reaches
# what it must.
#   bench/feed.sh ROW [BIN_DIR]
#     cost      processor time a message beside ccxt.pro, the same topics of the same simulator (4 minutes)
#     latency   frame read → ranking swapped in → frame at a subscriber, SCANNER_RANK_INTERVAL_MS=0, 130 contracts (2 minutes)
#     load      350 contracts, book and tape, 5,000 frames a second of feed-player (3 minutes)
#     start     start → first ranking, every book live, every tape whole, 130 contracts (five starts, 2 minutes)
#     cut       every connection cut → every book live again, 130 contracts (five times, 3 minutes)
#     soak      350 contracts for 20 minutes: memory, descriptors, resubscriptions without a cause in the log
#     all       all of them but soak
# SECONDS_, CONTRACTS, ROUNDS, FRAMES change a run. Nothing else should run beside it.
set -euo pipefail
cd "$(dirname "$0")/.."
row=${1:?"usage: bench/feed.sh cost|latency|load|start|cut|soak|all [BIN_DIR]"}
bin=${2:-build/release/bin}
if [ "$row" = cost ] || [ "$row" = all ]; then
  [ -d bench/node_modules/ccxt ] || (cd bench && npm install --no-audit --no-fund --loglevel=error)
fi
if [ "$row" = all ]; then
  status=0
  for each in start latency cut cost load; do python3 bench/feed.py "$each" "$bin" || status=1; done
  exit "$status"
fi
exec python3 bench/feed.py "$row" "$bin"
