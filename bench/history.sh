#!/usr/bin/env bash
# Rankings written through the store (spool, then Postgres, idempotent) beside psql \copy of the same rows into a table
# of the same columns, keys and indices.
#   bench/history.sh [BIN_DIR]     CYCLES=1000 (of 390 rows) ROUNDS=3 to change the run
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/release/bin}
cycles=${CYCLES:-1000} rounds=${ROUNDS:-3}
work=$(mktemp -d)
. bench/lib.sh
trap 'kill "${postgres_pid:-}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
start_postgres "$work/postgres"
sql() { psql -q -X -v ON_ERROR_STOP=1 "$postgres_url" "$@"; }

for round in $(seq "$rounds"); do
  # Everything of the round before goes, so that both always write into empty tables.
  sql -c 'DROP SCHEMA public CASCADE; CREATE SCHEMA public' 2>/dev/null
  "$bin/history-writes" "$postgres_url" "$work/data-$round" "$cycles" "$work/rows.csv" | sed 's/^/store /'
  [ "$(sql -At -c 'SELECT count(*) FROM rankings')" -eq $((cycles * 390)) ] || { echo "rows are missing" >&2; exit 1; }
  columns="ts,sequence,profile,symbol,rank,score,last_price,qvol_usdt,spread_bps,slip_bps,manip_score"
  sql -c 'CREATE TABLE copied (LIKE rankings INCLUDING ALL)' -c 'CHECKPOINT'
  began=$(date +%s.%N)
  sql -c "\\copy copied ($columns) FROM '$work/rows.csv' CSV"
  seconds=$(awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN {printf "%.3f", b - a}')
  awk -v rows=$((cycles * 390)) -v s="$seconds" 'BEGIN {printf "copy %d rows %.3f s %.0f rows/s\n", rows, s, rows / s}'
done | tee "$work/rates"
python3 - "$work/rates" <<'PY'
import statistics, sys
rates = {}
for line in open(sys.argv[1]):
    words = line.split()
    rates.setdefault(words[0], []).append(float(words[5]))
store, copy = (statistics.median(rates[name]) for name in ("store", "copy"))
print(f"the store writes {store:.0f} rows/s, psql \\copy {copy:.0f}: {store / copy:.2f} x (medians of {len(rates['store'])})")
PY
