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
# What surrounds the programs, once: a minute of faults in everything that they stand on; the console in a browser;
# compose file, container scripts, alert rules and dashboard; nginx in front; what make install and the Debian package put
# where; every command that the documents show, against make demo; a metric added to a copy of the sources, in every output
# (half a minute with what ccache knows, five minutes of processor time without it).
if [ "$preset" = release ]; then
  SHORT=1 CHAOS_SEED=7 scripts/chaos.sh build/release/bin
  scripts/test-panel.sh build/release/bin
  python3 tests/deploy/test_deploy.py build/release/bin
  python3 tests/deploy/test_make.py
  python3 tests/deploy/test_proxy.py build/release/bin
  python3 tests/deploy/test_inventory.py build/release/bin
  scripts/test-packaging.sh release
  scripts/check-docs.py --preset release build/release/bin
  timeout --kill-after=30 1200 python3 tests/signals/added_metric.py build/release/bin
fi
