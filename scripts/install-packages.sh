#!/usr/bin/env bash
# Installs what Debian 12 or 13 needs to build, test, lint or measure this project.
#   scripts/install-packages.sh [build] [test] [lint] [bench]      (default: build)
# Does nothing, and needs no network or root, when everything is already there.
set -euo pipefail

[ $# -gt 0 ] || set -- build
. /etc/os-release
case "${ID:-}:${VERSION_ID:-}" in
  debian:12) boost=libboost1.81-dev ;;
  debian:13) boost=libboost1.83-dev ;;
  *)
    echo "install-packages: this script knows Debian 12 and 13; this is ${PRETTY_NAME:-unknown}." >&2
    echo "Install the equivalents of the packages listed in it by hand, then use cmake directly." >&2
    exit 1 ;;
esac

packages=()
for group in "$@"; do
  case "$group" in
    build) packages+=(
        ca-certificates git make cmake ninja-build pkg-config ccache mold
        clang-19 lld-19 libclang-rt-19-dev llvm-19
        "$boost" libcurl4-openssl-dev libssl-dev zlib1g-dev nlohmann-json3-dev libsimdjson-dev
        libhiredis-dev libpqxx-dev libsqlitecpp-dev libsqlite3-dev
        prometheus-cpp-dev libspdlog-dev libfmt-dev libgtest-dev libgmock-dev curl jq) ;;
    test) packages+=(redis-server postgresql chromium python3) ;;
    lint) packages+=(clang-format-19 clang-tidy-19 python3) ;;
    bench) packages+=(libbenchmark-dev wrk nginx-light) ;;
    *) echo "install-packages: unknown group '$group' (build, test, lint, bench)" >&2; exit 2 ;;
  esac
done

# Any node from 18 on serves; a machine may already have a newer one that Debian's npm would conflict with.
if ! { command -v node && command -v npm; } >/dev/null 2>&1; then packages+=(nodejs npm); fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "install-packages: not root and no sudo; install: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
# The tests start their own servers on free ports; a package must not start one of its own.
policy=/usr/sbin/policy-rc.d
made_policy=false
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
  made_policy=true
fi
trap '$made_policy && "${as_root[@]}" rm -f "$policy"' EXIT

echo "installing: ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
