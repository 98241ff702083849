#!/usr/bin/env bash
# From a clean clone to a ranking and the console: how long `make demo` takes, nothing in ccache.
#   bench/demo.sh [COMMIT…]      default: HEAD; several are measured one after the other, to be compared on one machine
# Packages are installed beforehand, so that a mirror's speed does not count. Minutes of every core.
set -euo pipefail
cd "$(dirname "$0")/.."
source=$PWD
work=$(mktemp -d)
demo=
stop() { if [ -n "$demo" ]; then kill -INT -- "-$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; demo=; fi; }
trap 'stop; rm -rf "$work"' EXIT
scripts/install-packages.sh build
for commit in "${@:-HEAD}"; do
  clone=$work/$(git rev-parse --short "$commit")
  git clone -q "$source" "$clone"
  git -C "$clone" checkout -q "$(git rev-parse "$commit")"
  port=$(scripts/free-port) simulator=$(scripts/free-port)
  began=$(date +%s.%N)
  set -m  # a process group of its own, which Ctrl-C would reach as a whole
  CCACHE_DISABLE=1 SCANNER_HTTP_PORT=$port SIMULATOR_PORT=$simulator make -C "$clone" demo >"$work/log" 2>&1 </dev/null &
  demo=$!
  set +m
  until curl -fs -o /dev/null "http://127.0.0.1:$port/rankings?top=1" && curl -fs -o /dev/null "http://127.0.0.1:$port/panel/"; do
    kill -0 "$demo" 2>/dev/null || { echo "make demo ended:" >&2; tail -30 "$work/log" >&2; exit 1; }
    sleep 0.5
  done
  awk -v commit="$commit" -v a="$began" -v b="$(date +%s.%N)" 'BEGIN {printf "%s: a ranking and the console after %.0f s\n", commit, b - a}'
  stop
  rm -rf "$clone"
done
