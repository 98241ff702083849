#!/usr/bin/env bash
# Builds the image of the Dockerfile without a Docker engine, and runs both programs from it on real Postgres and Redis.
#   scripts/image-check.sh [folder]      root; Debian 12 or 13; about 25 GB and 20 minutes on two cores (kept for the next run)
# The base image is made by debootstrap. NO_BUILD=1 takes the image of the last run, BUILD_JOBS=1 compiles one file at a time.
# What it builds is what is committed.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "image-check: needs root (chroot)" >&2; exit 1; }
scripts/install-packages.sh image test
folder=${1:-/var/tmp/market-scanner-image}
mkdir -p "$folder"
work=$(mktemp -d "$folder/run-XXXXXX")
pids=()
container=
buildah() { command buildah --root "$folder/storage" --runroot "$folder/runroot" --storage-driver vfs "$@"; }
# buildah does not hand a signal on to what it runs.
end_tree() {
  local child
  for child in $(pgrep -P "$1"); do end_tree "$child"; done
  kill "$1" 2>/dev/null || true
}
finish() {
  trap - EXIT
  for pid in "${pids[@]}"; do end_tree "$pid"; done
  if [ -n "${postgres_bin:-}" ]; then runuser -u postgres -- "$postgres_bin/pg_ctl" -D "$work/postgres" -m immediate stop >/dev/null 2>&1 || true; fi
  wait 2>/dev/null || true
  if [ -n "$container" ]; then buildah rm "$container" >/dev/null 2>&1 || true; fi
  rm -rf "$work"
}
trap finish EXIT
fail() { echo "image-check: $*" >&2; exit 1; }

# --- base images -----------------------------------------------------------------------------------------------------
import() { # NAME FOLDER
  local made
  made=$(buildah from scratch)
  buildah copy --quiet "$made" "$2" / >/dev/null
  buildah commit --quiet --format docker --rm "$made" "$1" >/dev/null
}
if ! buildah inspect --type image localhost/trixie-build >/dev/null 2>&1; then
  mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
    awk '/^URIs:.*\/debian\/?$/ {print $2; exit} /^deb / && /\/debian\/? / {for (i = 2; i <= NF; i++) if ($i ~ /^http/) {print $i; exit}}')
  rm -rf "$folder/base"
  debootstrap --variant=minbase trixie "$folder/base" "${mirror:-http://deb.debian.org/debian}" >"$folder/debootstrap.log"
  # As Debian's slim images: without what only people read.
  rm -rf "$folder"/base/usr/share/{doc,man,info,locale,lintian}/* "$folder"/base/var/cache/apt/*.bin \
    "$folder"/base/var/cache/apt/archives/*.deb "$folder"/base/var/lib/apt/lists/* "$folder"/base/var/log/*
  printf 'path-exclude /usr/share/%s/*\n' doc man info locale lintian >"$folder/base/etc/dpkg/dpkg.cfg.d/docker"
  import localhost/trixie-slim "$folder/base"
  # The stages that build also know this machine's ways to the registries.
  mkdir -p "$folder/base/etc/apt/apt.conf.d"
  for file in /etc/apt/apt.conf.d/*; do case "$file" in *docker* | *autoremove*) ;; *) cp "$file" "$folder/base/etc/apt/apt.conf.d/" ;; esac; done
  if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
    cp /etc/ssl/certs/ca-certificates.crt "$folder/base/etc/registry-ca.pem"
    echo 'cafile=/etc/registry-ca.pem' >"$folder/base/root/.npmrc"
  fi
  import localhost/trixie-build "$folder/base"
  rm -rf "$folder/base"
fi

# --- the image -------------------------------------------------------------------------------------------------------
if [ -z "${NO_BUILD:-}" ]; then
  git clone -q . "$work/context"
  started=$SECONDS
  buildah bud --isolation chroot --format docker --layers --tag localhost/market-scanner \
    --build-arg DEBIAN=localhost/trixie-slim --build-arg BUILD_DEBIAN=localhost/trixie-build \
    --build-arg BUILD_JOBS="${BUILD_JOBS:-}" --build-arg REVISION="$(git rev-parse HEAD)" "$work/context" >"$folder/build.log" 2>&1 ||
    fail "the build failed: $(tail -40 "$folder/build.log")"
  echo "image: built in $((SECONDS - started)) s"
fi
container=$(buildah from localhost/market-scanner)
root=$(buildah mount "$container")
buildah push --quiet localhost/market-scanner "oci-archive:$work/image.tar" >/dev/null
echo "image: $(du -sm --apparent-size "$root" | cut -f1) MB unpacked, $(($(stat -c %s "$work/image.tar") / 1000000)) MB compressed;" \
  "of this the base $(du -sm --apparent-size "$(buildah mount "$(buildah from --name base-$$ localhost/trixie-slim)")" | cut -f1) MB;" \
  "market-scanner $(stat -c %s "$root/usr/bin/market-scanner" | numfmt --to=si), htx-simulator $(stat -c %s "$root/usr/bin/htx-simulator" | numfmt --to=si)"
buildah rm "base-$$" >/dev/null
for tool in clang clang++ clang++-19 gcc g++ cc c++ ld make cmake npm node git curl; do
  [ ! -e "$root/usr/bin/$tool" ] || fail "the image has $tool"
done
config=$(buildah inspect --type image localhost/market-scanner | jq -c '.Docker.config')
jq -e '.User == "10010:10010" and .StopSignal == "SIGTERM" and (.Healthcheck.Test | length) > 0 and (.Labels | length) >= 5' \
  <<<"$config" >/dev/null || fail "the image's configuration: $config"
echo "image: no compilers; user, stop signal, health check and labels as declared;" \
  "$(wc -l <"$root/usr/share/market-scanner/runtime-packages.txt") packages"

# --- stores on this machine ------------------------------------------------------------------------------------------
postgres_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
postgres_port=$(scripts/free-port) redis_port=$(scripts/free-port) simulator_port=$(scripts/free-port) scanner_port=$(scripts/free-port)
chmod 755 "$folder" "$work"
install -d -o postgres "$work/postgres"
runuser -u postgres -- "$postgres_bin/initdb" -D "$work/postgres" -U scanner --auth=trust >/dev/null
runuser -u postgres -- "$postgres_bin/pg_ctl" -D "$work/postgres" -w -l "$work/postgres/log" \
  -o "-c listen_addresses=127.0.0.1 -c port=$postgres_port -c unix_socket_directories=''" start >/dev/null
redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --appendonly no >"$work/redis.log" &
pids+=($!)
sql() { "$postgres_bin/psql" -X -A -t -h 127.0.0.1 -p "$postgres_port" -U scanner -d postgres -c "$1"; }

# --- both programs from the image, as its user -----------------------------------------------------------------------
touch "$work/start"
inside() { buildah run --isolation chroot --user 10010:10010 "$@"; }
inside "$container" -- /usr/libexec/market-scanner/entrypoint htx-simulator --port "$simulator_port" --contracts 60 --market busy \
  >"$work/simulator.log" 2>&1 &
pids+=($!)
# Whether a market is simulated is asked once, at the start.
for attempt in $(seq 60); do
  grep -q listening "$work/simulator.log" && break
  [ "$attempt" -lt 60 ] || fail "the simulator of the image: $(cat "$work/simulator.log")"
  sleep 1
done
inside --env SCANNER_HTTP_ADDRESS=127.0.0.1 --env SCANNER_HTTP_PORT="$scanner_port" \
  --env SCANNER_EXCHANGE_URL="http://127.0.0.1:$simulator_port" --env SCANNER_SCAN_INTERVAL_SEC=2 \
  --env SCANNER_REDIS_URL="redis://127.0.0.1:$redis_port/0" \
  --env SCANNER_POSTGRES_URL="postgresql://scanner@127.0.0.1:$postgres_port/postgres" \
  --env CONSOLE_URL="http://127.0.0.1:$scanner_port" \
  "$container" -- /usr/libexec/market-scanner/entrypoint serve >"$work/scanner.log" 2>&1 &
scanner=$!
pids+=("$scanner")
url=http://127.0.0.1:$scanner_port
for attempt in $(seq 120); do
  curl -fsS -o /dev/null "$url/ready" 2>/dev/null && break
  kill -0 "$scanner" 2>/dev/null || fail "the scanner ended: $(cat "$work/scanner.log")"
  [ "$attempt" -lt 120 ] || fail "not ready within 120 s: $(cat "$work/scanner.log" "$work/simulator.log")"
  sleep 1
done
curl -fsS "$url/rankings?top=3" | jq -e '.simulated and (.items | length) == 3' >/dev/null || fail "no ranking"
grep -q '<script type="module"' <<<"$(curl -fsS "$url/panel")" || fail "/panel is not the console"
curl -fsS "$url/openapi.json" | jq -e '.openapi' >/dev/null || fail "/openapi.json"
grep -q swagger-ui <<<"$(curl -fsSL "$url/docs")" || fail "/docs is not the interface's page"
inside --env SCANNER_HTTP_PORT="$scanner_port" "$container" -- /usr/libexec/market-scanner/healthcheck || fail "the health check"
link=$(inside --env CONSOLE_URL="$url" "$container" -- console-link)
token=$(grep -oE '#token=[0-9a-f]{64}$' <<<"$link" | cut -d= -f2) || fail "console-link: $link"
if grep -q "$token" "$work/scanner.log"; then fail "the log has the token"; fi
[ "$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{"notional": 6000}' "$url/settings")" = 401 ] ||
  fail "a change without a token is not refused"
curl -fsS -o /dev/null -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d '{"notional": 6000}' "$url/settings" ||
  fail "a change with the token is refused"
stores=
for attempt in $(seq 60); do
  stores=$(curl -fsS "$url/healthz/details" | jq -c '.stores')
  jq -e 'all(.[]; .state == "ready")' <<<"$stores" >/dev/null && break
  [ "$attempt" -lt 60 ] || fail "the stores: $stores"
  sleep 1
done
rows=0
for attempt in $(seq 60); do
  rows=$(sql 'select count(*) from rankings' 2>/dev/null || echo 0)
  [ "$rows" -gt 0 ] && break
  [ "$attempt" -lt 60 ] || fail "no rows in Postgres: $(sql '\dt')"
  sleep 1
done
[ "$(redis-cli -p "$redis_port" exists snaps:latest)" = 1 ] || fail "no snapshots in Redis"
echo "stores: $rows rows of rankings in Postgres $(sql 'show server_version'), snapshots in Redis $(redis-cli -p "$redis_port" info server | sed -n 's/redis_version:\([^\r]*\).*/\1/p')"
written=$(find "$root" -xdev -newer "$work/start" \( -type f -o -type l \) -not -path "$root/var/lib/market-scanner/*" \
  -not -path "$root/tmp/*" -not -path "$root/proc/*" -not -path "$root/sys/*" -not -path "$root/dev/*" -printf '/%P\n')
[ -z "$written" ] || fail "written outside of the data folder, so the root file system cannot be read-only: $written"
daemon=$(pgrep -u 10010 -x market-scanner -n) || fail "the scanner does not run as user 10010"
kill -TERM "$daemon"
status=0; wait "$scanner" || status=$?
[ "$status" -eq 0 ] || fail "SIGTERM ended the scanner with $status: $(tail -5 "$work/scanner.log")"
echo "image-check: passed; ranked, refused a change without a token, wrote to both stores, nothing outside of its data folder, ended in order"
