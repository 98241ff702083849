#!/usr/bin/env bash
# /rankings served by the scanner beside nginx serving the same bytes from a file: wrk, 64 connections, turn about.
# Servers have one processor and wrk another: left to itself the scheduler at times puts server and client on the same
# one, which halves whatever is being measured just then.
#   bench/http.sh [BIN_DIR]        ROUNDS=3 SECONDS_EACH=5 CONNECTIONS=64 to change the run
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/release/bin}
rounds=${ROUNDS:-3} seconds=${SECONDS_EACH:-5} connections=${CONNECTIONS:-64}
work=$(mktemp -d)
server=() client=()
mapfile -t processors < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)), sep="\n")')
if [ ${#processors[@]} -gt 1 ]; then server=(taskset -c "${processors[0]}") client=(taskset -c "${processors[1]}"); fi
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"' EXIT
chmod 755 "$work"

api_port=$(scripts/free-port) simulator_port=$(scripts/free-port) nginx_port=$(scripts/free-port)

"$bin/htx-simulator" --port "$simulator_port" --contracts 130 --market busy >"$work/simulator.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do curl -fs "http://127.0.0.1:$simulator_port/api/v1/timestamp" >/dev/null && break; sleep 0.1; done
# One cycle and then a long pause: the same answer for the whole run.
env SCANNER_EXCHANGE_URL="http://127.0.0.1:$simulator_port" SCANNER_HTTP_PORT="$api_port" SCANNER_DATA_DIR="$work/data" \
  SCANNER_SCAN_INTERVAL_SEC=3600 SCANNER_REDIS_SNAPSHOTS_TTL_SEC=7200 SCANNER_FEED=off SCANNER_LOG_LEVEL=error "${server[@]}" "$bin/market-scanner" serve --env-file /dev/null \
  >"$work/scanner.log" 2>&1 &
pids+=($!)
api="http://127.0.0.1:$api_port"
for _ in $(seq 300); do curl -fs "$api/ready" >/dev/null && break; sleep 0.1; done
curl -fs "$api/rankings" -D "$work/headers" -o "$work/rankings.json"
etag=$(tr -d '\r' <"$work/headers" | awk -F': ' 'tolower($1) == "etag" {print $2}')

cat >"$work/nginx.conf" <<CONF
worker_processes 1;
daemon off;
pid $work/nginx.pid;
error_log $work/nginx.log;
events { worker_connections 1024; }
http {
  access_log off;
  default_type application/json;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  open_file_cache max=10;
  server { listen 127.0.0.1:$nginx_port; root $work; location = /rankings { try_files /rankings.json =404; } }
}
CONF
"${server[@]}" nginx -c "$work/nginx.conf" -p "$work" 2>/dev/null &
pids+=($!)
for _ in $(seq 50); do curl -fs "http://127.0.0.1:$nginx_port/rankings" >/dev/null && break; sleep 0.1; done
cmp -s <(curl -fs "http://127.0.0.1:$nginx_port/rankings") "$work/rankings.json" || { echo "nginx serves something else" >&2; exit 1; }

cat >"$work/fresh.lua" <<'LUA'
-- Another query each time, so that nothing rendered earlier fits.
local number = 0
request = function()
  number = number + 1
  return wrk.format("GET", string.format("/rankings?min_qvol=%.4f", 1000000 + number / 10000 + math.random()))
end
init = function(args) math.randomseed(os.time()) end
LUA

rate() { "${client[@]}" wrk -t1 -c"$connections" -d"${seconds}s" "$@" | awk '/^Requests\/sec/ {print $2} /Non-2xx/ {print "failed: " $0 > "/dev/stderr"}'; }
for _ in $(seq "$rounds"); do
  echo "nginx $(rate "http://127.0.0.1:$nginx_port/rankings")"
  echo "scanner $(rate "$api/rankings")"
  echo "not_modified $(rate -H "If-None-Match: $etag" "$api/rankings")"
  echo "fresh $(rate -s "$work/fresh.lua" "$api")"
done | tee "$work/rates"

python3 - "$work" <<'PY'
import os, statistics, sys
work = sys.argv[1]
rates = {}
for line in open(f"{work}/rates"):
    name, value = line.split()
    rates.setdefault(name, []).append(float(value))
median = {name: statistics.median(values) for name, values in rates.items()}
def ratio(name, of):  # of each round by itself: what the machine has to give changes from one to the next
    return statistics.median(a / b for a, b in zip(rates[name], rates[of]))
print(f"body {os.path.getsize(work + '/rankings.json')} bytes; requests per second and ratios, medians of {len(rates['nginx'])} rounds")
for name, label, of in (("scanner", "/rankings", "nginx"), ("fresh", "/rankings, a fresh query each time", "nginx"),
                        ("not_modified", "304 on If-None-Match", "scanner")):
    print(f"{label:36} {median[name]:9.0f}  {ratio(name, of):.2f} x {of}")
print(f"{'nginx, the same bytes from a file':36} {median['nginx']:9.0f}")
PY
