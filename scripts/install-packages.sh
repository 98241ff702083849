#!/usr/bin/env bash
# Installs what Debian 12 or 13 needs to build, test, lint, measure, package or run this project.
#   scripts/install-packages.sh [build] [test] [lint] [bench] [package] [image]      (default: build)
# For the stages of the image, which want less: compile and panel (the two halves of build), runtime.
# --list first: prints the names and installs nothing.
# Does nothing, and needs no network or root, when everything is already there.
set -euo pipefail

list=false
if [ "${1:-}" = --list ]; then list=true; shift; fi
[ $# -gt 0 ] || set -- build
. /etc/os-release
case "${ID:-}:${VERSION_ID:-}" in
  debian:12)
    boost=libboost1.81-dev
    runtime=(libcurl4 libssl3 zlib1g libdeflate0 libsimdjson14 libhiredis0.14 libpqxx-6.4 libsqlite3-0 libprometheus-cpp-core1.0
      libspdlog1.10 libfmt9 libxxhash0 libzstd1 libstdc++6 libgcc-s1 ca-certificates) ;;
  debian:13)
    boost=libboost1.83-dev
    runtime=(libcurl4t64 libssl3t64 zlib1g libdeflate0 libsimdjson25 libhiredis1.1.0 libpqxx-7.10 libsqlite3-0
      libprometheus-cpp-core1.0 libspdlog1.15 libfmt10 libxxhash0 libzstd1 libstdc++6 libgcc-s1 ca-certificates) ;;
  *)
    echo "install-packages: this script knows Debian 12 and 13; this is ${PRETTY_NAME:-unknown}." >&2
    echo "Install the equivalents of the packages listed in it by hand, then use cmake directly." >&2
    exit 1 ;;
esac

packages=()
node=false
for group in "$@"; do
  case "$group" in
    runtime) ;;
    compile) ;;
    *) node=true ;;
  esac
  case "$group" in
    build | compile) packages+=(
        ca-certificates git make cmake ninja-build pkg-config ccache mold
        clang-19 lld-19 libclang-rt-19-dev llvm-19
        "$boost" libcurl4-openssl-dev libssl-dev zlib1g-dev libdeflate-dev nlohmann-json3-dev libsimdjson-dev
        libhiredis-dev libpqxx-dev libsqlitecpp-dev libsqlite3-dev
        prometheus-cpp-dev libspdlog-dev libfmt-dev libxxhash-dev libzstd-dev libgtest-dev libgmock-dev curl jq) ;;
    panel) packages+=(ca-certificates) ;;
    runtime) packages+=("${runtime[@]}") ;;
    test) packages+=(redis-server postgresql faketime chromium python3 python3-jsonschema prometheus docker-compose dpkg-dev file
      nginx-light openssl iproute2 python3-yaml) ;;
    package) packages+=(dpkg-dev file) ;;
    image) packages+=(buildah debootstrap) ;;
    lint) packages+=(clang-format-19 clang-tidy-19 python3 prometheus) ;;
    bench) packages+=(libbenchmark-dev wrk nginx-light) ;;
    *) echo "install-packages: unknown group '$group' (build, test, lint, bench, package, image; compile, panel, runtime)" >&2; exit 2 ;;
  esac
done

# Any node from 18 on serves; a machine may already have a newer one that Debian's npm would conflict with.
if $node && ! { command -v node && command -v npm; } >/dev/null 2>&1; then packages+=(nodejs npm); fi

if $list; then printf '%s\n' "${packages[@]}"; exit 0; fi

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

# Minutes on a bare machine, in which something is to be seen. The image's stages have this script alone.
report() { if [ -x "$(dirname "$0")/progress" ]; then "$(dirname "$0")/progress" packages; else cat >/dev/null; fi; }
echo "packages: installing ${#missing[@]}: ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q | report
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" | report
