#!/usr/bin/env bash
# Fail-over: scanners killed, stopped and cut off from Redis, Redis restarted empty, all renewed one by one; epochs, numbers, history,
# alerts and answers checked over the whole run (docs/reliability.md).
#   scripts/failover.sh BIN_DIR     FAILOVER_SEED=1; SHORT=1: each fault once or twice, less than a minute
# As root with iproute2, scanners and Redis are in network namespaces; without, relays cut them off, and the report says so.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?"usage: scripts/failover.sh BIN_DIR"}
arguments=(--seed "${FAILOVER_SEED:-1}" ${FAILOVER_REPORT:+--report "$FAILOVER_REPORT"})
if [ -n "${SHORT:-}" ]; then arguments+=(--kills 2 --pause 5 --partitions 4); fi
exec python3 tests/failover/failover.py "$bin" "${arguments[@]}"
