#!/usr/bin/env bash
# The long quiet run: no faults, the same watch over every answer, memory, descriptors and the database.
#   scripts/soak.sh BIN_DIR        SOAK_MINUTES=360; SHORT=1: one minute
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?"usage: scripts/soak.sh BIN_DIR"}
minutes=${SOAK_MINUTES:-360}
if [ -n "${SHORT:-}" ]; then minutes=1; fi
exec python3 tests/chaos/chaos.py "$bin" --quiet --seconds $((minutes * 60)) ${SOAK_REPORT:+--report "$SOAK_REPORT"}
