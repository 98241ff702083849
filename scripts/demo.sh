#!/usr/bin/env bash
# Starts the exchange simulator and the scanner on embedded stores; Ctrl-C (or a failure) stops both.
#   scripts/demo.sh build/release/bin
set -euo pipefail
bin=${1:?"usage: scripts/demo.sh BIN_DIR"}
data=$(mktemp -d)
scanner_port=${SCANNER_HTTP_PORT:-8010}
simulator_port=${SIMULATOR_PORT:-9010}
pids=()
stop() {
  trap - EXIT INT TERM
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$data"
}
trap stop EXIT
trap 'stop; exit 0' INT TERM

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
for port in "$scanner_port" "$simulator_port"; do
  if port_taken "$port"; then
    echo "Port $port is in use. Set SCANNER_HTTP_PORT or SIMULATOR_PORT to a free one and try again." >&2
    exit 1
  fi
done

"$bin/htx-simulator" --port "$simulator_port" --market busy --contracts "${DEMO_CONTRACTS:-130}" --latency-ms 20 \
  --scenario all --prevalence 0.02 --plant demo >"$data/simulator.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do port_taken "$simulator_port" && break; sleep 0.1; done

env SCANNER_EXCHANGE_URL="http://127.0.0.1:$simulator_port" SCANNER_HTTP_PORT="$scanner_port" \
  SCANNER_SCAN_TOP_BY_QVOL="${SCANNER_SCAN_TOP_BY_QVOL:-130}" SCANNER_SCAN_INTERVAL_SEC="${SCANNER_SCAN_INTERVAL_SEC:-5}" \
  SCANNER_DATA_DIR="$data" SCANNER_LOG_FORMAT="${SCANNER_LOG_FORMAT:-text}" \
  "$bin/market-scanner" serve --env-file /dev/null &
pids+=($!)
for _ in $(seq 300); do
  kill -0 "${pids[0]}" 2>/dev/null || { echo "The simulator stopped:" >&2; cat "$data/simulator.log" >&2; exit 1; }
  kill -0 "${pids[1]}" 2>/dev/null || { echo "The scanner stopped; see above." >&2; exit 1; }
  if curl -fsS -o /dev/null "http://127.0.0.1:$scanner_port/ready" 2>/dev/null; then
    cat <<EOF

  The scanner is ranking a SIMULATED market (nothing here is a real price).
    panel      http://127.0.0.1:$scanner_port/panel
    docs       http://127.0.0.1:$scanner_port/docs
    rankings   http://127.0.0.1:$scanner_port/rankings?top=5
  Manipulation is unknown for the first quarter of an hour, in which the detectors learn what is usual; until then no
  opportunity is called tradable. SCANNER_MANIP_MODEL=seed judges at once.
  Ctrl-C stops everything.

EOF
    wait -n "${pids[@]}" || true
    exit 0
  fi
  sleep 0.1
done
echo "No ranking within 30 s; the simulator's log:" >&2
tail -20 "$data/simulator.log" >&2
exit 1
