#!/usr/bin/env bash
# The persistence drills on real stores, for as long as it is told to; what `make test` does in seconds.
#   (a) Postgres away under a fast simulator, the scanner killed with SIGKILL amid it and started again;
#   (b) SQLite, and SIGKILL at random moments;
#   (c) Redis and Postgres that come and go every few seconds, and a client that measures;
#   (d) Redis away, and a client that measures.
# Then the database is counted by sequence number and compared with what a client was shown.
#
#   scripts/persistence-drill.sh [--outage SEC] [--cycles N] [--kills N] [--seed N] [--flap SEC] [--only a|b|c|d]
#                                [--bin DIR]
# Without options: 300 s, 100 cycles, 20 kills, a seed that is printed, 120 s, all of them, build/release/bin. Needs
# redis-server and postgresql (Debian's packages), which it starts itself with throw-away data on free ports.
set -euo pipefail
cd "$(dirname "$0")/.."
export SCANNER_DRILL_OUTAGE_SEC=300 SCANNER_DRILL_CYCLES=100 SCANNER_DRILL_KILLS=20 SCANNER_DRILL_FLAP_SEC=120 SCANNER_DRILL_STRICT=1
bin=build/release/bin only=
while [ $# -gt 0 ]; do
  case $1 in
    --outage) SCANNER_DRILL_OUTAGE_SEC=$2 ;;
    --cycles) SCANNER_DRILL_CYCLES=$2 ;;
    --kills) SCANNER_DRILL_KILLS=$2 ;;
    --seed) export SCANNER_DRILL_SEED=$2 ;;
    --flap) SCANNER_DRILL_FLAP_SEC=$2 ;;
    --only) only=$2 ;;
    --bin) bin=$2 ;;
    *) sed -n '2,12p' "$0" | cut -c3- >&2; exit 2 ;;
  esac
  [ $# -ge 2 ] || { echo "$1: a value is missing" >&2; exit 2; }
  shift 2
done
case $only in
  a) filter='Persistence.a_postgres_outage*' ;;
  b) filter='Persistence.sqlite*' ;;
  c) filter='Persistence.stores*' ;;
  d) filter='Persistence.a_redis_outage*' ;;
  '') filter='Persistence.*' ;;
  *) echo "--only: a, b, c or d" >&2; exit 2 ;;
esac
for program in app_integration_tests market-scanner htx-simulator; do
  [ -x "$bin/$program" ] || { echo "$bin/$program is missing: cmake --build --preset release --target app_integration_tests market-scanner htx-simulator" >&2; exit 2; }
done
exec "$bin/app_integration_tests" --gtest_filter="$filter"
