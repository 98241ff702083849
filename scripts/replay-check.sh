#!/usr/bin/env bash
# Records a scanner on the simulator, with its feed, every kind of fault and an operator's changes in the middle, and
# replays the recording: from its beginning, once more on one core with a busy loop beside it, and from each of its
# segments. Every digest must equal the live one.
#   scripts/replay-check.sh BIN_DIR     REPLAY_SECONDS=1800, REPLAY_CONTRACTS=130, REPLAY_SEED=1,
#                                       REPLAY_MAX_GB=10 (a small one loses its oldest segments on the way),
#                                       REPLAY_OTHER=BIN_DIR of another build, which replays it too
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?"usage: scripts/replay-check.sh BIN_DIR"}
seconds=${REPLAY_SECONDS:-1800}
work=$(mktemp -d /tmp/replay-check-XXXXXX)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  [ -n "${REPLAY_KEEP:-}" ] && mv "$work" "$REPLAY_KEEP" || rm -rf "$work"
}
trap finish EXIT
fail() {
  echo "replay-check: $*" >&2
  exit 1
}

exchange_port=$(scripts/free-port)
"$bin/htx-simulator" --port "$exchange_port" --market busy --contracts "${REPLAY_CONTRACTS:-130}" \
  --seed "${REPLAY_SEED:-1}" >"$work/simulator.log" 2>&1 &
pids+=($!)
port=$(scripts/free-port)
env SCANNER_EXCHANGE_URL="http://127.0.0.1:$exchange_port" SCANNER_HTTP_PORT="$port" SCANNER_DATA_DIR="$work/data" \
  SCANNER_RECORD=on SCANNER_RECORD_DIR="$work/recording" SCANNER_RECORD_MAX_GB="${REPLAY_MAX_GB:-10}" \
  SCANNER_MANIP_MODEL=seed SCANNER_FEED=required SCANNER_SCAN_INTERVAL_SEC="${REPLAY_INTERVAL:-5}" \
  SCANNER_MIN_QVOL_USDT=1000 "$bin/market-scanner" serve >"$work/scanner.log" 2>&1 &
scanner=$!
pids+=("$scanner")
count() { grep -c '"event":"cycle_digest"' "$work/scanner.log" || true; }
until [ "$(count)" -ge 2 ]; do
  kill -0 "$scanner" 2>/dev/null || { cat "$work/scanner.log" >&2; fail "the scanner ended"; }
  sleep 0.2
done

faults=('["5xx:rate=0.05","ws-drop-version:rate=0.02"]' '["ws-disconnect:rate=0.2","slow:rate=0.02"]'
  '["ws-stall:rate=0.05","truncated:rate=0.03"]' '["ws-garbage:rate=0.01","malformed:rate=0.03"]'
  '["ws-duplicate:rate=0.05","empty:rate=0.03","reset:rate=0.03"]' '["ws-half-open:rate=0.2","429:rate=0.02"]'
  '["ws-slow:rate=0.2","1032:rate=0.02"]' '["ws-wrong-book:rate=0.005","cached:rate=0.2"]'
  '["ws-refuse:rate=0.5","ws-disconnect:rate=0.2"]' '["ws-bomb:rate=0.002","stale-candles:rate=0.1"]'
  '["resize:rate=0.05","relist:rate=0.05"]' '["vanish:rate=0.05","stale-book:rate=0.1"]' '[]')
begun=$SECONDS
round=0
while [ $((SECONDS - begun)) -lt "$seconds" ]; do
  curl -sf -X POST -H 'Content-Type: application/json' -d "${faults[$((round % ${#faults[@]}))]}" \
    "http://127.0.0.1:$exchange_port/_simulator/faults" >"$work/faults.json" || fail "the simulator refuses its faults"
  [ $((round % 3)) -ne 1 ] || curl -sf -X POST -H 'Content-Type: application/json' \
    -d "{\"notional\":$((5000 + 100 * (round % 20)))}" "http://127.0.0.1:$port/settings" >"$work/settings.json" ||
    fail "the scanner refuses its settings"
  round=$((round + 1))
  sleep "$(((seconds + 29) / 30))"
done
kill -TERM "$scanner"
wait "$scanner" || fail "the scanner did not end well"
live=$(count)
echo "recorded $live rankings in $(ls "$work/recording" | wc -l) segments, $(du -sm "$work/recording" | cut -f1) MB"
grep -o '"event":"recording_checkpoint".*' "$work/scanner.log" | tail -n 1 || true
"$bin/market-scanner" recording verify "$work/recording" >"$work/verify.txt" || { cat "$work/verify.txt" >&2; fail "damaged"; }

# Every digest that a replay tells is that of the log, and the replay itself compares those in the recording.
grep -o '"event":"cycle_digest".*' "$work/scanner.log" | sed -E 's/.*"seq":([0-9]+),"digest":"([0-9a-f]+)".*/\1 \2/' |
  sort >"$work/live.txt"
check() {
  local what=$1
  shift
  local from=$SECONDS
  "$@" >"$work/replayed.txt" 2>"$work/told.txt" || { tail -n 20 "$work/told.txt" >&2; fail "$what: parted or differs"; }
  sort "$work/replayed.txt" >"$work/sorted.txt"
  local others
  others=$(comm -23 "$work/sorted.txt" "$work/live.txt" | wc -l)
  [ "$others" -eq 0 ] || fail "$what: $others digests are not those of the log"
  echo "$what: $(tail -n 1 "$work/told.txt"), $((SECONDS - from)) s"
}
check "replay" "$bin/market-scanner" replay "$work/recording" --digest
[ -n "${REPLAY_MAX_GB:-}" ] || [ "$(wc -l <"$work/sorted.txt")" -eq "$live" ] || fail "rankings are missing"
cp "$work/sorted.txt" "$work/first.txt"
taskset -c 0 sh -c 'while :; do :; done' &
pids+=($!)
check "on one core beside a busy loop" taskset -c 0 "$bin/market-scanner" replay "$work/recording" --digest
kill "${pids[-1]}"
cmp -s "$work/sorted.txt" "$work/first.txt" || fail "another replay comes to another end"
if [ -n "${REPLAY_OTHER:-}" ]; then
  check "another build" "$REPLAY_OTHER/market-scanner" replay "$work/recording" --digest
  cmp -s "$work/sorted.txt" "$work/first.txt" || fail "another build comes to another end"
fi
segments=("$work"/recording/*.amsrec)
for place in "${!segments[@]}"; do
  [ "$place" -eq 0 ] || check "from segment $((place + 1))" "$bin/market-scanner" replay "${segments[@]:$place}" --digest
done
