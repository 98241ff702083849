#!/usr/bin/env bash
# Resident memory over many fast cycles of a big market, and how long the first ranking takes.
#   bench/memory.sh [BIN_DIR]      CONTRACTS=350 CYCLES=2000 INTERVAL=0.2 to change the run
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/release/bin}
contracts=${CONTRACTS:-350} cycles=${CYCLES:-2000} interval=${INTERVAL:-0.2}
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"' EXIT
simulator_port=$(scripts/free-port) port=$(scripts/free-port)
"$bin/htx-simulator" --port "$simulator_port" --contracts "$contracts" --market busy --over-limit none >"$work/simulator.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do curl -fs "http://127.0.0.1:$simulator_port/api/v1/timestamp" >/dev/null && break; sleep 0.1; done
env SCANNER_EXCHANGE_URL="http://127.0.0.1:$simulator_port" SCANNER_HTTP_PORT="$port" SCANNER_DATA_DIR="$work/data" \
  SCANNER_SCAN_TOP_BY_QVOL="$contracts" SCANNER_REQUEST_BUDGET_PER_SEC=800 SCANNER_SCAN_CONCURRENCY=32 \
  SCANNER_SCAN_INTERVAL_SEC="$interval" SCANNER_FEED=off SCANNER_LOG_LEVEL=warning \
  "$bin/market-scanner" serve --env-file /dev/null >"$work/scanner.log" 2>&1 &
scanner=$!
pids+=("$scanner")
python3 - "$port" "$scanner" "$cycles" <<'PY'
import json, sys, time, urllib.request
port, pid, cycles = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def sequence():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/details", timeout=5) as answer:
            return json.load(answer)["ranking"]["seq"] or 0
    except (OSError, KeyError, TypeError, ValueError):
        return 0
def resident_mb():
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) / 1024
samples, shown = [], 0
while (now := sequence()) < cycles:
    if now:
        samples.append((now, resident_mb()))
        if now >= shown:
            print(f"cycle {now:6}  {samples[-1][1]:6.1f} MB", flush=True)
            shown = now + max(cycles // 10, 1)
    time.sleep(1)
late = [s for s in samples if s[0] >= cycles / 2]
mean_x = sum(x for x, _ in late) / len(late)
mean_y = sum(y for _, y in late) / len(late)
slope = sum((x - mean_x) * (y - mean_y) for x, y in late) / max(sum((x - mean_x) ** 2 for x, _ in late), 1e-9)
print(f"cycle {now:6}  {resident_mb():6.1f} MB; second half {slope * 1000:+.2f} MB per 1,000 cycles")
PY
