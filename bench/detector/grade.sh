#!/usr/bin/env bash
# Grades `market-scanner detect` as it is shipped on the labelled tapes of ../shared/signals, where they are: recall at
# so many false alerts a symbol-day, delay, calibration. The model was fitted on these very events: for what it reaches on
# others see bench/detector/fit.py, which measures out of fold.
#   bench/detector/grade.sh [BIN_DIR]
set -euo pipefail
cd "$(dirname "$0")/../.."
scanner=${1:-build/release/bin}/market-scanner
signals=../shared/signals
if [ ! -r "$signals/grade.py" ]; then
  echo "no labelled tapes here ($signals): nothing to grade"
  exit 0
fi
bars=$(mktemp --suffix=.jsonl)
trap 'rm -f "$bars"' EXIT
"$scanner" detect "$signals"/dev/tapes/*.csv.gz >"$bars"
python3 "$signals/grade.py" "$bars"
