#!/usr/bin/env bash
# Install script, build and unit tests on a bare Debian 13, in a chroot made for it.
#   scripts/debian13-check.sh [folder for the chroot]      root; about 3 GB of disk and 15 minutes on two cores
# The chroot is kept for the next run; remove the folder to start afresh.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "debian13-check: needs root (chroot)" >&2; exit 1; }
root=${1:-/var/tmp/market-scanner-debian13}
command -v debootstrap >/dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends debootstrap >/dev/null; }

mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
  awk '/^URIs:.*\/debian\/?$/ {print $2; exit} /^deb / && /\/debian\/? / {for (i = 2; i <= NF; i++) if ($i ~ /^http/) {print $i; exit}}')
if [ ! -x "$root/usr/bin/apt-get" ]; then
  debootstrap --variant=minbase trixie "$root" "${mirror:-http://deb.debian.org/debian}"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/hosts "$root/etc/hosts"
# The host's proxy settings for apt, where it has any.
mkdir -p "$root/etc/apt/apt.conf.d"
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
rm -f "$root"/etc/apt/apt.conf.d/*docker*

mounted=()
unmount() { for at in "${mounted[@]}"; do umount -l "$at" 2>/dev/null || true; done; }
trap unmount EXIT
for at in proc sys dev; do
  mountpoint -q "$root/$at" || { mount --rbind "/$at" "$root/$at"; mounted+=("$root/$at"); }
done

rm -rf "$root/project"
git clone -q . "$root/project"
chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
  http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" bash -euo pipefail -c '
  cd /project
  apt-get update -qq
  scripts/install-packages.sh build
  cmake --preset release
  cmake --build --preset release
  ctest --preset release -L unit -j2
  clang++-19 --version | head -1
  dpkg-query -W libboost1.83-dev libpqxx-dev libsimdjson-dev libspdlog-dev
'
echo "debian13-check: passed in $root"
