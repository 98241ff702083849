#!/usr/bin/env bash
# How many bytes history takes for each cycle and each day, by table, in Postgres and in SQLite: the real program scans
# the simulator's market, then the databases are measured. Give two folders of programs to compare two versions.
#   bench/history-size.sh [BIN_DIR] [BIN_DIR]      CONTRACTS=130 CYCLES=200 DATABASES="sqlite postgres" to change the run
set -euo pipefail
cd "$(dirname "$0")/.."
contracts=${CONTRACTS:-130} cycles=${CYCLES:-200}
[ $# -gt 0 ] || set -- build/release/bin
work=$(mktemp -d)
. bench/lib.sh
pids=()
stop() { local pid; for pid in "$@"; do kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done; }
trap 'stop "${pids[@]}" "${postgres_pid:-}"; rm -rf "$work"' EXIT

# run BIN_DIR DATA_DIR: scans until history has that many cycles.
run() {
  local bin=$1 data=$2 simulator_port port
  simulator_port=$(scripts/free-port) port=$(scripts/free-port)
  "$bin/htx-simulator" --port "$simulator_port" --contracts "$contracts" --market busy --over-limit none --seed 1 \
    >"$work/simulator.log" 2>&1 &
  local simulator=$!
  pids+=("$simulator")
  for _ in $(seq 100); do curl -fs "http://127.0.0.1:$simulator_port/api/v1/timestamp" >/dev/null && break; sleep 0.1; done
  # No limits but the number of contracts: every one is scanned and ranked in each cycle.
  env SCANNER_EXCHANGE_URL="http://127.0.0.1:$simulator_port" SCANNER_HTTP_PORT="$port" SCANNER_DATA_DIR="$data" \
    SCANNER_SCAN_TOP_BY_QVOL="$contracts" SCANNER_MIN_QVOL_USDT=0 SCANNER_MAX_SPREAD_BPS=10000 \
    SCANNER_REQUEST_BUDGET_PER_SEC=800 SCANNER_SCAN_CONCURRENCY=32 SCANNER_SCAN_INTERVAL_SEC=0.5 \
    SCANNER_FEED=off SCANNER_LOG_LEVEL=warning "$bin/market-scanner" serve --env-file /dev/null >"$work/scanner.log" 2>&1 &
  local scanner=$!
  pids+=("$scanner")
  python3 - "$port" "$cycles" "$scanner" <<'PY'
import json, os, sys, time, urllib.request
port, cycles, pid = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
deadline = time.monotonic() + 60 + 10 * cycles
while True:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/details", timeout=5) as answer:
            if (json.load(answer)["ranking"]["seq"] or 0) >= cycles: break
    except (OSError, KeyError, TypeError, ValueError):
        pass
    if time.monotonic() > deadline or not os.path.exists(f"/proc/{pid}"): sys.exit("the scanner did not get that far")
    time.sleep(0.5)
PY
  stop "$scanner" "$simulator"  # an orderly end writes what waits
}

report() {  # report LABEL: lines "table bytes rows cycles contracts" from stdin
  awk -v label="$1" '
    {bytes[$1] = $2; rows[$1] = $3; order[++n] = $1; cycles = $4; contracts = $5}
    END {
      for (i = 1; i <= n; i++) {
        table = order[i]
        # A cycle each 15 s; of bars a row a contract and minute, whatever the pace of the run (the first cycle brings
        # the candles of the hours before it).
        bars = table ~ /^bars/
        each = bars ? bytes[table] / rows[table] * contracts : bytes[table] / cycles
        day = each * (bars ? 1440 : 5760)
        printf "%-34s %-16s %9d rows %8.0f bytes a %-6s %8.3f GB a day\n", label, table, rows[table], each,
          bars ? "minute" : "cycle", day / 1e9
        total += day
      }
      printf "%-34s %-16s %d cycles of %.0f contracts %28.3f GB a day\n", label, "all", cycles, contracts, total / 1e9
    }'
}
tables="cycles rankings ranking_inputs bars_1m bars_1m_ohlc"

for bin in "$@"; do
  for database in ${DATABASES:-sqlite postgres}; do
    data="$work/data-$database"
    rm -rf "$data"
    if [ "$database" = postgres ]; then
      start_postgres "$work/postgres"
      SCANNER_POSTGRES_URL=$postgres_url run "$bin" "$data"
      facts=$(psql -q -X -At -F ' ' "$postgres_url" -c "SELECT (SELECT count(*) FROM cycles), (SELECT avg(scanned) FROM cycles)")
      for table in $tables; do
        psql -q -X -At -F ' ' -v ON_ERROR_STOP=1 "$postgres_url" -c "VACUUM $table" -c "SELECT '$table',
          pg_total_relation_size('$table') + coalesce((SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits
          WHERE inhparent = '$table'::regclass), 0), (SELECT count(*) FROM $table), '$facts'"
      done | report "Postgres, $bin"
      stop "$postgres_pid"
      rm -rf "$work/postgres"
    else
      run "$bin" "$data"
      python3 - "$data/scanner.db" $tables <<'PY' | report "SQLite, $bin"
import sqlite3, subprocess, sys
path, *tables = sys.argv[1:]
db = sqlite3.connect(path)
one = lambda statement: db.execute(statement).fetchone()[0]
facts = (one("SELECT count(*) FROM cycles"), one("SELECT avg(scanned) FROM cycles"))
for table in tables:
    names = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE tbl_name = ?", (table,))]
    # The sqlite3 program can tell a table's pages; Python's library may not.
    size = subprocess.run(["sqlite3", path, "SELECT sum(pgsize) FROM dbstat WHERE name IN (%s)" % ",".join(f"'{n}'" for n in names)],
                          check=True, capture_output=True, text=True).stdout.strip()
    print(table, size, one(f"SELECT count(*) FROM {table}"), *facts)
PY
    fi
  done
done
