#!/usr/bin/env bash
# Drives the operator console in Chromium against the real scanner on the simulator.
#   scripts/test-panel.sh BIN_DIR [NAME…]     NAME: table drawer connection manipulation settings access (default: all)
# PANEL_FULL=1 looks for access problems at every width in both themes instead of three of the six pairs.
# CHROMIUM names the browser (default /usr/bin/chromium).
set -euo pipefail
bin=$(realpath "${1:?"usage: scripts/test-panel.sh BIN_DIR [NAME…]"}")
shift
cd "$(dirname "$0")/.."
scripts/build-panel.sh --check
cd tests/panel
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm install --no-save --no-audit --no-fund --loglevel=error
fi
if [ $# -eq 0 ]; then
  for file in *.test.mjs; do set -- "$@" "${file%.test.mjs}"; done
fi
# One file at a time: each starts its own simulator and scanner.
failed=()
for name in "$@"; do
  SCANNER_BIN_DIR="$bin" node --test --test-reporter=spec "$name.test.mjs" || failed+=("$name")
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
