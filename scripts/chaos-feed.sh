#!/usr/bin/env bash
# Every fault of the exchange's WebSockets, in rounds that follow from a seed, while each book that the API calls live is
# compared with the simulator's own, and rankings must go on (docs/reliability.md).
#   scripts/chaos-feed.sh BIN_DIR       CHAOS_SECONDS=1800, CHAOS_SEED=1, CHAOS_COMPARISONS (fewer are a failure)
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?"usage: scripts/chaos-feed.sh BIN_DIR"}
seconds=${CHAOS_SECONDS:-1800}
comparisons=${CHAOS_COMPARISONS:-$([ "$seconds" -ge 1800 ] && echo 100000 || echo 0)}
exec python3 tests/chaos/live.py "$bin" --seconds "$seconds" --seed "${CHAOS_SEED:-1}" --comparisons "$comparisons" \
  ${CHAOS_REPORT:+--report "$CHAOS_REPORT"}
