#!/usr/bin/env bash
# One scan cycle over every contract: the scanner, the network-bound ideal for the requests it makes, and a scanner on
# ccxt, side by side on one simulator.
#   bench/cycle.sh [BIN_DIR]       CONTRACTS=130 LATENCY_MS=50 CONCURRENCY=12 CYCLES=3 to change the run
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/release/bin}
contracts=${CONTRACTS:-130} latency=${LATENCY_MS:-50} concurrency=${CONCURRENCY:-12} cycles=${CYCLES:-3}
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"' EXIT

[ -d bench/node_modules/ccxt ] || npm ci --silent --no-audit --no-fund --prefix bench

"$bin/htx-simulator" --port 0 --contracts "$contracts" --latency-ms "$latency" --market busy >"$work/simulator.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do url=$(grep -o 'http://127.0.0.1:[0-9]*' "$work/simulator.log" | head -1 || true); [ -n "$url" ] && break; sleep 0.1; done
[ -n "$url" ] || { echo "the simulator did not start:" >&2; cat "$work/simulator.log" >&2; exit 1; }

scan() {  # cycles that refetch candles: each collect-once starts cold
  env SCANNER_EXCHANGE_URL="$url" SCANNER_SCAN_TOP_BY_QVOL="$contracts" SCANNER_SCAN_CONCURRENCY="$concurrency" \
    SCANNER_REQUEST_BUDGET_PER_SEC=800 SCANNER_DATA_DIR="$work/data" SCANNER_LOG_LEVEL=error SCANNER_FEED=off \
    "$bin/market-scanner" collect-once --json --env-file /dev/null
}
scan >/dev/null  # the simulator makes its candles when they are first asked for
for _ in $(seq "$cycles"); do scan >>"$work/scanner.jsonl"; done
# Cycles of a scanner that goes on: within a minute only the books are read, after it the candles that closed.
env SCANNER_EXCHANGE_URL="$url" SCANNER_SCAN_TOP_BY_QVOL="$contracts" SCANNER_SCAN_CONCURRENCY="$concurrency" \
  SCANNER_REQUEST_BUDGET_PER_SEC=800 SCANNER_DATA_DIR="$work/serving" SCANNER_LOG_FORMAT=json SCANNER_SCAN_INTERVAL_SEC=1 SCANNER_FEED=off \
  SCANNER_HTTP_PORT="$(scripts/free-port)" "$bin/market-scanner" serve --env-file /dev/null >"$work/serving.log" 2>&1 &
serving=$!
sleep "${SERVING_SEC:-75}"
kill "$serving"; wait "$serving" || true
grep '"event":"scan_cycle"' "$work/serving.log" >"$work/serving.jsonl"
node bench/ccxt-scan.mjs "$url" "$concurrency" "$cycles" >"$work/ccxt.jsonl"
node bench/ccxt-scan.mjs "$url" "$concurrency" "$cycles" same-calls >"$work/ccxt-same.jsonl"

python3 - "$work" "$latency" "$concurrency" <<'PY'
import json, statistics, sys
work, latency, concurrency = sys.argv[1], float(sys.argv[2]) / 1000, int(sys.argv[3])
rows = lambda name: [json.loads(line) for line in open(f"{work}/{name}") if line.strip()]
ours = rows("scanner.jsonl")
seconds = statistics.median(r["cycle_ms"] / 1000 for r in ours)
requests = statistics.median(r["requests"] for r in ours)
ideal = requests * latency / concurrency
print(f"scanner       {seconds:7.3f} s  {ours[0]['symbols_scanned']} contracts, {requests:.0f} requests")
print(f"ideal         {ideal:7.3f} s  requests x latency / concurrency; the scanner takes {seconds / ideal:.3f} x that")
serving = rows("serving.jsonl")[1:]
kinds = (("refetching candles", lambda r: r["requests"] >= 1.8 * r["symbols_scanned"]),
         ("same minute", lambda r: r["requests"] <= 1.2 * r["symbols_scanned"]))
warm = {}
for label, matches in kinds:
    of_kind = [r for r in serving if matches(r)]
    if not of_kind: continue
    took = statistics.median(r["cycle_ms"] / 1000 for r in of_kind)
    best = statistics.median(r["requests"] for r in of_kind) * latency / concurrency
    warm[label] = took
    print(f"serving       {took:7.3f} s  {label}: {len(of_kind)} cycles, "
          f"{statistics.median(r['requests'] for r in of_kind):.0f} requests, ideal {best:.3f} s: {took / best:.3f} x that")
for name, label in (("ccxt.jsonl", "ccxt, 5 calls"), ("ccxt-same.jsonl", "ccxt, 2 calls")):
    peer = rows(name)
    peer_seconds = statistics.median(r["seconds"] for r in peer)
    print(f"{label} {peer_seconds:7.3f} s  {peer[0]['contracts']} contracts, {peer[0]['requests']} requests; "
          f"the scanner is {peer_seconds / seconds:.2f} x as fast cold"
          + "".join(f", {peer_seconds / took:.2f} x {kind}" for kind, took in warm.items()))
PY
