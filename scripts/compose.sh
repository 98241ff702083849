#!/usr/bin/env bash
# Starts or stops the stack of docker-compose.yml, with whichever Compose there is.
#   scripts/compose.sh up | down | …any command of Compose
set -euo pipefail
cd "$(dirname "$0")/.."
if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
else
  echo "compose: needs Docker with its Compose plugin, or the docker-compose program." >&2
  exit 1
fi
if [ "${1:-}" != up ]; then exec "${compose[@]}" "$@"; fi
shift
"${compose[@]}" up --build --detach "$@"
echo
echo "  console      $("${compose[@]}" exec -T scanner console-link)"
echo "  dashboard    http://127.0.0.1:${GRAFANA_PORT:-3000}"
echo "  prometheus   http://127.0.0.1:${PROMETHEUS_PORT:-9090}/alerts"
echo "  make down stops it."
