#!/usr/bin/env bash
# Streams under load: a scanner on the simulator, and a crowd of subscribers some of whom never read. Delivery times,
# frames missed, who was cut off, the scanner's memory per subscriber.
#   bench/streams.sh [BIN_DIR]    WEBSOCKETS=2000 EVENTS=500 STUCK=100 SECONDS_=60 INTERVAL=0.5 CONTRACTS=60 TOP=12
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/release/bin}
websockets=${WEBSOCKETS:-2000} events=${EVENTS:-500} stuck=${STUCK:-100} seconds=${SECONDS_:-60}
interval=${INTERVAL:-0.5} contracts=${CONTRACTS:-60} top=${TOP:-12}
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"' EXIT
ulimit -n "$(ulimit -Hn)"

url_in() {  # the first address that the program says it listens on
  for _ in $(seq 100); do
    grep -o 'http://127.0.0.1:[0-9]*' "$1" | tail -1 | grep . && return
    sleep 0.1
  done
  echo "did not start:" >&2; cat "$1" >&2; exit 1
}

"$bin/htx-simulator" --port 0 --contracts "$contracts" --market busy >"$work/simulator.log" 2>&1 &
pids+=($!)
url=$(url_in "$work/simulator.log")

port=$(scripts/free-port)
env SCANNER_EXCHANGE_URL="$url" SCANNER_HTTP_PORT="$port" SCANNER_SCAN_TOP_BY_QVOL="$contracts" SCANNER_DATA_DIR="$work/data" \
  SCANNER_REQUEST_BUDGET_PER_SEC=800 SCANNER_SCAN_INTERVAL_SEC="$interval" SCANNER_FEED=off SCANNER_LOG_LEVEL=warning \
  "$bin/market-scanner" serve --env-file /dev/null >"$work/scanner.log" 2>&1 &
scanner=$!
pids+=("$scanner")
for _ in $(seq 300); do curl -fs "http://127.0.0.1:$port/ready" >/dev/null && break; sleep 0.1; done
sleep 5  # its own memory settles

"$bin/stream-load" --port "$port" --websockets "$websockets" --events "$events" --stuck "$stuck" --seconds "$seconds" \
  --query "top=$top" --pid "$scanner"
curl -fs "http://127.0.0.1:$port/healthz/details" | python3 -c '
import json, sys
streams = json.load(sys.stdin)["streams"]
print("the scanner    " + ", ".join(f"{name} {streams[name]}" for name in ("subscribers", "rendered", "sent", "conflated", "dropped")))'
