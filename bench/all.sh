#!/usr/bin/env bash
# Every measurement, one after the other, with the machine and the commit: what bench/RESULTS.md is written from.
#   bench/all.sh [BIN_DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/release/bin}
part() { printf '\n== %s\n' "$*"; }
echo "commit $(git rev-parse --short HEAD)$(git diff --quiet HEAD || echo ' with changes'); $(. /etc/os-release; echo "$PRETTY_NAME"); $(nproc) x $(awk -F': ' '/^model name/ {print $2; exit}' /proc/cpuinfo); load $(cut -d' ' -f1 /proc/loadavg)"
part "numbers, ranking, decoding (one core)"
"$bin/numbers-bench" --benchmark_min_time=1 2>/dev/null
"$bin/flow-bench" --benchmark_min_time=1 2>/dev/null
"$bin/detector-bench" --benchmark_min_time=1 2>/dev/null
"$bin/publish-bench" --benchmark_min_time=1 2>/dev/null
part "a frame of the live feed (one core)"
"$bin/feed-bench" --benchmark_min_time=1 2>/dev/null
for latency in 20 50 200; do
  for contracts in 130 350; do
    part "a cycle: $contracts contracts, $latency ms"
    CONTRACTS=$contracts LATENCY_MS=$latency bench/cycle.sh "$bin"
  done
done
part "/rankings beside nginx"
bench/http.sh "$bin"
part "10,000 WebSocket subscribers, 20 kB a second each"
WEBSOCKETS=10000 EVENTS=0 STUCK=0 SECONDS_=30 INTERVAL=1 CONTRACTS=130 TOP=18 bench/streams.sh "$bin"
part "2,000 WebSocket and 500 event-stream subscribers, 100 stuck, 2 frames a second"
bench/streams.sh "$bin"
part "history into Postgres beside psql \\copy"
bench/history.sh "$bin"
part "start to first ranking"
bench/start.sh "$bin"
part "memory over 2,000 cycles of 350 contracts"
bench/memory.sh "$bin"
part "the live feed: start, latency, cut, processor time beside ccxt.pro, load"
bench/feed.sh all "$bin" || true
