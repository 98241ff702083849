#!/usr/bin/env bash
# Runs every test of a preset: unit, io and integration. The integration tests start their own servers on free ports.
#   scripts/test.sh [release|debug|asan|tsan]
set -euo pipefail
preset=${1:-release}
export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
export TSAN_OPTIONS="second_deadlock_stack=1:${TSAN_OPTIONS:-}"
ctest --preset "$preset" -L unit -j"$(nproc)"
# One at a time: these start servers and programs and look at how those behave in time.
ctest --preset "$preset" -L 'io|integration'
# What surrounds the programs, once: a minute of faults in everything that they stand on, and one of fail-overs; a quarter of one
# recorded under them and replayed; the console in a browser;
# compose file, container scripts, alert rules and dashboard; nginx in front, of one scanner and of several; manifests;
# what make install and the Debian package put where; every command that the documents show, against make demo; beside the console,
# which leaves it the time of a processor, a metric added to a copy of the sources, in every output (five minutes of
# compiling where ccache is new).
if [ "$preset" = release ]; then
  SHORT=1 CHAOS_SEED=7 scripts/chaos.sh build/release/bin
  SHORT=1 scripts/failover.sh build/release/bin
  python3 tests/failover/same_answers.py build/release/bin
  REPLAY_SECONDS=15 REPLAY_INTERVAL=1 scripts/replay-check.sh build/release/bin
  added=$(mktemp)
  trap 'kill "${adding:-}" 2>/dev/null || true; rm -f "$added"' EXIT
  timeout --kill-after=30 1800 nice -n 19 python3 tests/signals/added_metric.py build/release/bin >"$added" 2>&1 &
  adding=$!
  scripts/test-panel.sh build/release/bin
  python3 tests/deploy/test_deploy.py build/release/bin
  python3 tests/deploy/test_make.py
  python3 tests/deploy/test_proxy.py build/release/bin
  python3 tests/deploy/test_gateway.py build/release/bin
  /usr/bin/python3 tests/deploy/test_kubernetes.py build/release/bin
  python3 tests/failover/test_invariants.py
  python3 tests/deploy/test_inventory.py build/release/bin
  scripts/test-packaging.sh release
  scripts/check-docs.py --preset release build/release/bin
  wait "$adding" || { cat "$added" >&2; exit 1; }
  tail -3 "$added"
fi
