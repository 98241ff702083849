#!/usr/bin/env bash
# The report card of the detectors on the simulator's planted scenarios, as Markdown on standard output: through the feed
# and through polling. Seeds below 1000 are for development; those of the card are others.
#   bench/detector/study.sh [BIN_DIR] [FIRST_SEED LAST_SEED]
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=${1:-build/release/bin}
first=${2:-4001}
last=${3:-4004}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for input in feed poll; do
  seq "$first" "$last" | xargs -P "$(nproc)" -I SEED sh -c \
    '"$0"/detector-study --seeds SEED --hours 3 --contracts 30 --prevalence 0.06 --input '"$input"' --out "$1"/'"$input"'SEED.bin >"$1"/'"$input"'SEED.txt' \
    "$bin" "$folder"
done
/usr/bin/python3 bench/detector/report.py --feed "$folder"/feed*.bin --poll "$folder"/poll*.bin
