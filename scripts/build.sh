#!/usr/bin/env bash
# Configures a preset, when that was not done, and builds what is named of it; everything when nothing is.
#   scripts/build.sh PRESET [target…]
# On a terminal ninja shows its one line; elsewhere a line comes every few seconds, and errors as they are.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?"usage: scripts/build.sh PRESET [target…]"}
shift
if [ ! -f "build/$preset/build.ninja" ]; then
  echo "build: configuring build/$preset"
  mkdir -p "build/$preset"
  cmake --preset "$preset" >"build/$preset/configure.log" 2>&1 || { cat "build/$preset/configure.log" >&2; exit 1; }
fi
command=(cmake --build --preset "$preset")
if [ $# -gt 0 ]; then command+=(--target "$@"); fi
export NINJA_STATUS='[%f/%t] '
if [ -t 1 ]; then exec "${command[@]}"; fi
"${command[@]}" | scripts/progress build '^\[[0-9]+/[0-9]+\] '
