#!/usr/bin/env bash
# Chaos: every fault the simulator knows, stores that stop, freeze and fill up, a clock that steps, no descriptors left,
# crowds of connections; in rounds that follow from a seed, with every promise checked all along.
#   scripts/chaos.sh BIN_DIR       CHAOS_SECONDS=1800, CHAOS_SEED=1; SHORT=1: one minute and a half, the live feed's faults
#                                  (scripts/chaos-feed.sh) among them
# As root, stores get small disks of their own (tmpfs) that can be filled, and libfaketime, where it is installed
# (apt-get install faketime), lets the scanner's wall clock step. Without them the report says so.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?"usage: scripts/chaos.sh BIN_DIR"}
seconds=${CHAOS_SECONDS:-1800}
if [ -n "${SHORT:-}" ]; then
  seconds=40
  CHAOS_SECONDS=40 scripts/chaos-feed.sh "$bin"
fi
exec python3 tests/chaos/chaos.py "$bin" --seconds "$seconds" --seed "${CHAOS_SEED:-1}" ${CHAOS_REPORT:+--report "$CHAOS_REPORT"}
