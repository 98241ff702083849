#!/usr/bin/env bash
# How fast history is read back when there is a lot of it: a million ranking rows (two days, a cycle a minute, 117
# contracts under 3 profiles, with their inputs) in Postgres and in SQLite, read through the API of the real program.
# Prints the times, and how each database found the rows.
#   bench/history-reads.sh [BIN_DIR]      CYCLES=2880 CONTRACTS=117 ROUNDS=21 to change the run
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/release/bin}
cycles=${CYCLES:-2880} contracts=${CONTRACTS:-117} rounds=${ROUNDS:-21}
work=$(mktemp -d)
. bench/lib.sh
trap 'kill "${scanner_pid:-}" "${postgres_pid:-}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

# The newest cycle is an hour old; a cycle a minute.
end=$(($(date +%s) / 60 * 60 - 3600))
start=$((end - (cycles - 1) * 60))

serve() {  # serve FLAGS…: without an exchange: nothing is added while we measure
  port=$(scripts/free-port)
  "$bin/market-scanner" serve --env-file /dev/null --http-port "$port" --exchange-url http://127.0.0.1:1 \
    --log-level error "$@" >"$work/scanner.log" 2>&1 &
  scanner_pid=$!
  for _ in $(seq 300); do curl -fs "http://127.0.0.1:$port/health" >/dev/null && return; sleep 0.1; done
  echo "the scanner did not start:" >&2; cat "$work/scanner.log" >&2; return 1
}
at() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
measure() {  # measure NAME TARGET
  local i times=()
  for i in $(seq "$rounds"); do
    times+=("$(curl -fs -o "$work/body" -w '%{time_total}' "http://127.0.0.1:$port$2&_=$i")")
  done
  printf '%s\n' "${times[@]}" | sort -n | awk -v name="$1" -v bytes="$(stat -c %s "$work/body")" \
    -v lines="$(wc -l <"$work/body")" '{t[NR] = $1 * 1000}
    END {printf "%-44s median %7.1f ms, slowest %7.1f ms  (%d lines, %d bytes)\n", name, t[int((NR + 1) / 2)], t[NR], lines, bytes}'
}
measure_all() {
  local middle=$((start + cycles * 30))
  measure "$1: as_of, two contracts shown" "/rankings?as_of=$(at "$middle")&top=2"
  measure "$1: as_of, the whole ranking" "/rankings?as_of=$(at "$((middle + 30))")&top=200&page_size=100"
  measure "$1: a day of one symbol, one profile, CSV" \
    "/history/rankings?symbol=C7-USDT&profile=scalp&format=csv&from=$(at "$((end - 86400))")&to=$(at "$end")"
  measure "$1: the same, first page of 100" \
    "/history/rankings?symbol=C7-USDT&profile=scalp&limit=100&from=$(at "$((end - 86400))")&to=$(at "$end")"
  measure "$1: a day of one symbol, all profiles, CSV" \
    "/history/rankings?symbol=C7-USDT&format=csv&from=$(at "$((end - 86400))")&to=$(at "$end")"
  measure "$1: a day of 5m bars of one symbol" \
    "/history/bars?symbol=C7-USDT&interval=5m&from=$(at "$((end - 86400))")&to=$(at "$end")"
}

# --- Postgres -------------------------------------------------------------------------------------------------------
start_postgres "$work/postgres"
sql() { psql -q -X -v ON_ERROR_STOP=1 "$postgres_url" "$@"; }
SCANNER_POSTGRES_URL=$postgres_url "$bin/market-scanner" migrate --env-file /dev/null --data-dir "$work/data" >/dev/null
sql <<SQL
DO \$\$ DECLARE t text; d date; n int; BEGIN
  FOREACH t IN ARRAY ARRAY['rankings', 'ranking_inputs', 'bars_1m', 'bars_1m_ohlc'] LOOP
    n := CASE WHEN t LIKE 'bars%' THEN 7 ELSE 1 END;
    FOR d IN SELECT DISTINCT date '1970-01-01' + (x / 86400 / n * n)::int FROM generate_series($start, $end, 60) x LOOP
      EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', t || '_p' || to_char(d, 'YYYYMMDD'),
                     t, d::text || ' 00:00:00+00', (d + n)::text || ' 00:00:00+00');
    END LOOP;
  END LOOP;
END \$\$;
INSERT INTO cycles SELECT i, to_timestamp($start + (i - 1) * 60), 'scalp', 500, 300, $contracts, 3 * $contracts, true,
  '{"notional_usdt":5000,"weights":{"scalp":{},"swing":{},"news":{}}}' FROM generate_series(1, $cycles) i;
INSERT INTO rankings SELECT to_timestamp($start + (i - 1) * 60), i, p, 'C' || s || '/USDT:USDT', s, 100.0 / s + random(),
  1000 + random(), 2e7 + random() * 1e9, random() * 8, random() * 8, random() * 100
  FROM generate_series(1, $cycles) i, unnest(ARRAY['news', 'scalp', 'swing']) p, generate_series(1, $contracts) s;
INSERT INTO input_schemas SELECT 1, jsonb_build_array('contract_code:text', 'data_time:time') ||
  (SELECT jsonb_agg('metrics.number_' || k) FROM generate_series(1, 75) k), now();
INSERT INTO ranking_inputs (ts, sequence, symbol, schema, numbers)
  SELECT to_timestamp($start + (i - 1) * 60), i, 'C' || s || '/USDT:USDT', 1,
  1795305600000::float8 || (SELECT array_agg(random()) FROM generate_series(1, 75) k WHERE s > 0 AND i > 0)
  FROM generate_series(1, $cycles) i, generate_series(1, $contracts) s;
INSERT INTO bars_1m SELECT 'C' || s || '/USDT:USDT', to_timestamp($start + (i - 1) * 60), 100, 1, 1, 1e6, 0, 0, 0.01, 1e6, 0,
  10, '["wall"]', 1, i, i FROM generate_series(1, $cycles) i, generate_series(1, $contracts) s;
INSERT INTO bars_1m_ohlc SELECT 'C' || s || '/USDT:USDT', to_timestamp($start + (i - 1) * 60), 100, 101, 99, 100, 10, i
  FROM generate_series(1, $cycles) i, generate_series(1, $contracts) s;
ANALYZE;
SQL
echo "Postgres: $(sql -At -c 'SELECT count(*) FROM rankings') ranking rows, $(sql -At -c "SELECT pg_size_pretty(pg_database_size('postgres'))")"
export SCANNER_POSTGRES_URL=$postgres_url
serve --data-dir "$work/data"
measure_all Postgres
kill "$scanner_pid"; wait "$scanner_pid" || true
# Once more, with the plan of every statement in the server's log.
sql -c "LOAD 'auto_explain'" -c "ALTER SYSTEM SET session_preload_libraries = 'auto_explain'" \
  -c "ALTER SYSTEM SET auto_explain.log_min_duration = 0" -c "ALTER SYSTEM SET auto_explain.log_analyze = on" \
  -c "ALTER SYSTEM SET auto_explain.log_buffers = on" -c "SELECT pg_reload_conf()" >/dev/null
sleep 1
serve --data-dir "$work/data"
rounds=1
echo; echo "--- plans of Postgres"
plans() {  # plans NAME TARGET
  : >"$work/postgres.log"
  curl -fs -o /dev/null "http://127.0.0.1:$port$2"
  sleep 0.3
  python3 - "$1" "$work/postgres.log" <<'PY'
import re, sys
name, path = sys.argv[1:]
blocks = re.split(r"^\S+ \S+ \S+ \[\d+\] LOG: +duration: ", open(path).read(), flags=re.M)[1:]
for block in blocks:
    if not re.search(r"FROM \(?(SELECT r\.\* FROM )?(rankings|ranking_inputs|cycles|bars)", block): continue
    text, plan = [], []
    for line in block.splitlines()[1:]:
        if re.match(r"^\S+ \S+ \S+ \[\d+\] ", line): break
        (plan if plan or re.match(r"\t+(Limit|Sort|Incremental|Append|Merge|Nested|Index|Seq|Hash|Gather|Subquery|Result|Aggregate|Unique|Bitmap)", line) else text).append(line.strip("\t"))
    print(f"\n{name}: {block.split()[0]} ms")
    print("  " + " ".join(text).replace("Query Text: ", "")[:700])
    for line in plan: print("  " + line)
PY
}
plans "as_of" "/rankings?as_of=$(at "$((start + cycles * 30))")&top=200&page_size=100"
plans "a day of one symbol, first page" "/history/rankings?symbol=C7-USDT&profile=scalp&limit=1000&from=$(at "$((end - 86400))")&to=$(at "$end")"
kill "$scanner_pid"; wait "$scanner_pid" || true
unset SCANNER_POSTGRES_URL

# --- SQLite ---------------------------------------------------------------------------------------------------------
rounds=${ROUNDS:-21}
"$bin/market-scanner" migrate --env-file /dev/null --data-dir "$work/sqlite" >/dev/null
python3 - "$work/sqlite/scanner.db" "$start" "$cycles" "$contracts" <<'PY'
import json, random, sqlite3, struct, sys
path, start, cycles, contracts = sys.argv[1], *map(int, sys.argv[2:])
db = sqlite3.connect(path)
db.execute("PRAGMA synchronous = OFF")
settings = json.dumps({"notional_usdt": 5000, "weights": {"scalp": {}, "swing": {}, "news": {}}})
times = [(i + 1, (start + i * 60) * 1000) for i in range(cycles)]
names = [(s + 1, f"C{s + 1}/USDT:USDT") for s in range(contracts)]
db.executemany("INSERT INTO cycles VALUES (?, ?, 'scalp', 500, 300, ?, ?, 1, ?)",
               ((i, ts, contracts, 3 * contracts, settings) for i, ts in times))
r = random.random
db.executemany("INSERT INTO rankings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
               ((ts, i, p, name, s, 100 / s + r(), 1000 + r(), 2e7 + r() * 1e9, r() * 8, r() * 8, r() * 100)
                for i, ts in times for p in ("news", "scalp", "swing") for s, name in names))
db.execute("INSERT INTO input_schemas VALUES (1, ?, 0)",
           (json.dumps(["contract_code:text", "data_time:time"] + [f"metrics.number_{k}" for k in range(75)]),))
db.executemany("INSERT INTO ranking_inputs (ts, sequence, symbol, schema, numbers) VALUES (?, ?, ?, 1, ?)",
               ((ts, i, name, struct.pack("<76d", 1795305600000.0, *(r() for _ in range(75)))) for i, ts in times for s, name in names))
db.executemany("INSERT INTO bars_1m VALUES (?, ?, 100, 1, 1, 1e6, 0, 0, 0.01, 1e6, 0, 10, '[\"wall\"]', 1, ?, ?)",
               ((name, ts, i, i) for s, name in names for i, ts in times))
db.executemany("INSERT INTO bars_1m_ohlc VALUES (?, ?, 100, 101, 99, 100, 10, ?)",
               ((name, ts, i) for s, name in names for i, ts in times))
db.commit()
PY
echo; echo "SQLite: $(python3 -c "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM rankings').fetchone()[0])" "$work/sqlite/scanner.db") ranking rows, $(du -h "$work/sqlite/scanner.db" | cut -f1)"
serve --data-dir "$work/sqlite"
measure_all SQLite
kill "$scanner_pid"; wait "$scanner_pid" || true
echo; echo "--- plans of SQLite"
python3 - "$work/sqlite/scanner.db" <<'PY'
import re, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
columns = "r.ts, r.sequence, r.profile, r.symbol, r.rank, r.score, r.last_price, r.qvol_usdt, r.spread_bps, r.slip_bps, r.manip_score"
for name, statement in {
    "as_of: which cycle": "SELECT sequence, ts FROM cycles WHERE ts <= ?1 ORDER BY ts DESC, sequence DESC LIMIT 1",
    "as_of: its rows": f"SELECT {columns} FROM rankings r WHERE r.ts >= ?1 AND r.ts < ?2 AND r.sequence = ?3 AND r.profile = ?4 "
        "ORDER BY r.rank NULLS LAST, r.score DESC, r.symbol",
    "as_of: their inputs": "SELECT symbol, schema, numbers FROM ranking_inputs WHERE ts >= ?1 AND ts < ?2 AND sequence = ?3",
    "a day of one symbol": f"SELECT {columns} FROM (SELECT r.* FROM rankings r WHERE r.ts >= ?1 AND r.ts < ?2 AND r.profile = ?3 AND "
        "r.symbol = ?4 ORDER BY r.ts, r.sequence, r.profile, r.symbol LIMIT ?8) r ORDER BY r.ts, r.sequence, r.profile, r.symbol",
}.items():
    print(f"\n{name}\n  {statement}")
    values = range(1, 1 + max(int(place) for place in re.findall(r"\?(\d+)", statement)))
    for row in db.execute("EXPLAIN QUERY PLAN " + statement, tuple(values)):
        print("  " + row[3])
PY
