#!/usr/bin/env bash
# Records a scanner on the simulator, with its feed, every kind of fault and an operator's changes in the middle, and replays
# the recording as fast as it goes: as it is, on one core beside a busy loop, by another build's program, and from each of its
# segments. Digests of all rankings and the rows of history and alerts must equal the live ones (docs/recording.md).
#   scripts/replay-check.sh BIN_DIR     REPLAY_SECONDS=1800, REPLAY_CONTRACTS=25, REPLAY_SEED=1, REPLAY_INTERVAL=5,
#                                       REPLAY_MAX_GB=10 (a small one loses its oldest segments on the way, and compares
#                                       digests alone), REPLAY_REPORT=FILE, REPLAY_KEEP=FOLDER,
#                                       OTHER=market-scanner of another build, or its folder, which replays it too
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?"usage: scripts/replay-check.sh BIN_DIR"}
other=${OTHER:-${REPLAY_OTHER:-}}
exec python3 tests/chaos/replay_check.py "$bin" --seconds "${REPLAY_SECONDS:-1800}" --contracts "${REPLAY_CONTRACTS:-25}" \
  --seed "${REPLAY_SEED:-1}" --interval "${REPLAY_INTERVAL:-5}" --max-gb "${REPLAY_MAX_GB:-10}" ${other:+--other "$other"} \
  ${REPLAY_REPORT:+--report "$REPLAY_REPORT"} ${REPLAY_KEEP:+--keep "$REPLAY_KEEP"}
