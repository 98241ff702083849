#!/usr/bin/env bash
# make install and the Debian package: what is in them, and that the programs run from where they are installed.
#   scripts/test-packaging.sh [preset]      builds nothing: run make build first
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
build=build/$preset
work=$(mktemp -d)
pids=()
stop() {
  trap - EXIT
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
fail() { echo "test-packaging: $*" >&2; exit 1; }

# The installed scanner on the installed simulator: ranks, serves its console, saves a setting, ends when told.
try() {
  local root=$1 simulator_port scanner_port status
  simulator_port=$(scripts/free-port) scanner_port=$(scripts/free-port)
  mkdir -p "$work/data"
  "$root/usr/bin/htx-simulator" --port "$simulator_port" --contracts 20 --market busy >"$work/simulator.log" 2>&1 &
  pids=($!)
  # Whether a market is simulated is asked once, at the start.
  for attempt in $(seq 300); do
    grep -q listening "$work/simulator.log" && break
    [ "$attempt" -lt 300 ] || fail "the installed simulator: $(cat "$work/simulator.log")"
    sleep 0.1
  done
  # The settings file that is installed, with only the addresses changed.
  env -i SCANNER_EXCHANGE_URL="http://127.0.0.1:$simulator_port" SCANNER_HTTP_PORT="$scanner_port" \
    SCANNER_DATA_DIR="$work/data" SCANNER_SCAN_INTERVAL_SEC=1 \
    "$root/usr/bin/market-scanner" serve --env-file "$root/etc/market-scanner/market-scanner.env" >"$work/scanner.log" 2>&1 &
  pids+=($!)
  for attempt in $(seq 600); do
    curl -fsS -o /dev/null "http://127.0.0.1:$scanner_port/ready" 2>/dev/null && break
    kill -0 "${pids[1]}" 2>/dev/null || fail "the installed scanner ended: $(cat "$work/scanner.log")"
    [ "$attempt" -lt 600 ] || fail "not ready within 60 s: $(cat "$work/scanner.log")"
    sleep 0.1
  done
  grep -q '<script type="module"' <<<"$(curl -fsS "http://127.0.0.1:$scanner_port/panel")" || fail "/panel is not the console"
  grep -q swagger-ui <<<"$(curl -fsSL "http://127.0.0.1:$scanner_port/docs")" || fail "/docs is not the interface's page"
  grep -q '"simulated":true' <<<"$(curl -fsS "http://127.0.0.1:$scanner_port/rankings?top=1")" || fail "no ranking of the simulated market"
  curl -fsS -o /dev/null -H 'Content-Type: application/json' -d '{"notional": 6000}' "http://127.0.0.1:$scanner_port/settings"
  kill "${pids[1]}"
  status=0; wait "${pids[1]}" || status=$?
  [ "$status" -eq 0 ] || fail "the installed scanner ended with $status"
  kill "${pids[0]}"; wait "${pids[0]}" || true
  pids=()
  rm -rf "$work/data"
}

cmake -S . -B "$build" -DCMAKE_INSTALL_PREFIX=/usr >/dev/null
DESTDIR=$work/root cmake --install "$build" --strip >/dev/null
for file in usr/bin/market-scanner usr/bin/htx-simulator usr/share/market-scanner/panel/index.html \
    usr/lib/systemd/system/market-scanner.service usr/lib/sysusers.d/market-scanner.conf \
    etc/market-scanner/market-scanner.env usr/share/doc/market-scanner/README.md; do
  [ -f "$work/root/$file" ] || fail "make install leaves out /$file"
done
if grep -rlI "$PWD" "$work/root"; then fail "these name the build's own folder"; fi
"$work/root/usr/bin/market-scanner" config --env-file "$work/root/etc/market-scanner/market-scanner.env" |
  grep -E '^SCANNER_DATA_DIR +/var/lib/market-scanner +file$' >/dev/null || fail "the installed settings do not name /var/lib/market-scanner"
try "$work/root"
echo "install: $(du -sh --apparent-size "$work/root/usr/bin/market-scanner" | cut -f1) market-scanner; runs from DESTDIR"

if command -v systemd-analyze >/dev/null; then
  unit=$work/root/usr/lib/systemd/system/market-scanner.service
  # As root of a file system: where it would look for the program.
  mkdir -p "$work/root/bin" && cp /bin/kill "$work/root/bin/kill"
  found=$(systemd-analyze verify --man=no --recursive-errors=no --root="$work/root" "$unit" 2>&1) ||
    found=${found:-"systemd-analyze verify failed"}
  found=$(grep -F market-scanner.service <<<"$found" | grep -vE 'not found|Failed to (connect|create)' || true)
  [ -z "$found" ] || fail "the unit: $found"
  exposure=$(systemd-analyze security --offline=true --no-pager "$unit" 2>/dev/null |
    sed -nE 's/.*Overall exposure level for .*: ([0-9.]+) .*/\1/p')
  [ -n "$exposure" ] || fail "systemd-analyze security says nothing of the unit"
  awk -v e="$exposure" 'BEGIN { exit !(e <= 2.0) }' || fail "the unit's exposure is $exposure; 2.0 at most"
  rm -r "$work/root/bin"
  echo "systemd: unit verified, exposure $exposure of 10"
fi

(cd "$build" && cpack -B "$work/package" >"$work/cpack.log" 2>&1) || fail "cpack: $(cat "$work/cpack.log")"
package=$(ls "$work"/package/market-scanner_*.deb)
dpkg-deb --contents "$package" >"$work/contents"
for file in ./usr/bin/market-scanner ./usr/share/market-scanner/panel/index.html ./etc/market-scanner/market-scanner.env \
    ./usr/lib/systemd/system/market-scanner.service; do
  grep -qE "root/root .* $file\$" "$work/contents" || fail "the package lacks $file"
done
dpkg-deb --ctrl-tarfile "$package" | tar -t | grep -x ./postinst >/dev/null || fail "the package has no postinst"
dpkg-deb --info "$package" conffiles | grep -qx /etc/market-scanner/market-scanner.env || fail "the settings are no conffile"
for script in postinst prerm postrm; do dpkg-deb --info "$package" "$script" | sh -n || fail "$script"; done
# The list for the image against what the programs are linked to.
depends=$(dpkg-deb --field "$package" Depends | tr ',' '\n' | sed -E 's/^ +//; s/ .*//; s/\|.*//' | sort -u)
mapfile -t runtime < <(scripts/install-packages.sh --list runtime)
# With what these provide: libspdlog1.10 is libspdlog1.10-fmt9 too.
listed=$({ printf '%s\n' "${runtime[@]}"; dpkg-query -W -f='${Provides}\n' "${runtime[@]}" | tr ',' '\n' | sed -E 's/^ +//; s/ .*//'; } | sort -u)
missing=$(comm -23 <(grep -vxE 'libc6|adduser' <<<"$depends") <(echo "$listed"))
[ -z "$missing" ] || fail "scripts/install-packages.sh runtime lacks: $missing"
dpkg-deb --extract "$package" "$work/extracted"
try "$work/extracted"
echo "package: $(basename "$package"), $(stat -c %s "$package" | numfmt --to=iec), runs from where it is extracted"
