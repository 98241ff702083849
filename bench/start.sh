#!/usr/bin/env bash
# From the scanner's start to its first ranking.
#   bench/start.sh [BIN_DIR]       CONTRACTS=130 LATENCY_MS=20 ROUNDS=5 to change the run
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/release/bin}
contracts=${CONTRACTS:-130} latency=${LATENCY_MS:-20} rounds=${ROUNDS:-5}
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"' EXIT
simulator_port=$(scripts/free-port)
"$bin/htx-simulator" --port "$simulator_port" --contracts "$contracts" --latency-ms "$latency" --market busy >"$work/simulator.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do curl -fs "http://127.0.0.1:$simulator_port/api/v1/timestamp" >/dev/null && break; sleep 0.1; done
for round in $(seq "$rounds"); do
  port=$(scripts/free-port)
  began=$(date +%s.%N)
  env SCANNER_EXCHANGE_URL="http://127.0.0.1:$simulator_port" SCANNER_HTTP_PORT="$port" SCANNER_DATA_DIR="$work/data-$round" \
    SCANNER_SCAN_TOP_BY_QVOL="$contracts" SCANNER_LOG_LEVEL=warning \
    "$bin/market-scanner" serve --env-file /dev/null >"$work/scanner.log" 2>&1 &
  scanner=$!
  pids+=("$scanner")
  until curl -fs "http://127.0.0.1:$port/rankings?top=5" >/dev/null; do sleep 0.02; done
  awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN {printf "first ranking after %.2f s\n", b - a}'
  kill "$scanner"; wait "$scanner" || true
done
