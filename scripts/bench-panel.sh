#!/usr/bin/env bash
# Measures the operator console against its limits: size, first rows, main thread with 350 contracts, paints, heap.
# Needs a machine that does nothing else; PANEL_SOAK_SEC is how long the heap is watched (default 300).
#   scripts/bench-panel.sh BIN_DIR
set -euo pipefail
bin=$(realpath "${1:?"usage: scripts/bench-panel.sh BIN_DIR"}")
cd "$(dirname "$0")/.."
scripts/build-panel.sh
cd tests/panel
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm install --no-save --no-audit --no-fund --loglevel=error
fi
SCANNER_BIN_DIR="$bin" exec node --test --test-reporter=spec performance.bench.mjs
