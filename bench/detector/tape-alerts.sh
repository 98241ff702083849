#!/usr/bin/env bash
# Episodes a symbol-day that every flag of the tape alone begins on real tapes, up to a quarter of an hour before each
# announced pump: what it would cost a user in false alerts.
#   bench/detector/tape-alerts.sh [BIN_DIR]
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=${1:-build/release/bin}
tapes=../shared/signals/dev
if [ ! -r "$tapes/events.csv" ]; then
  echo "no labelled tapes here ($tapes)"
  exit 0
fi
tail -n +2 "$tapes/events.csv" | while IFS=, read -r file _ onset _; do
  zcat "$tapes/tapes/$file" | awk -F, -v end=$((onset - 900000)) '$1 < end'
  echo next
done | "$bin/tape-alerts"
