#!/bin/sh
# A client of the market scanner with curl and jq.
#   examples/shell_client.sh [http://127.0.0.1:8010]
set -eu
base=${1:-http://127.0.0.1:8010}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --fail-with-body: an error ends the script with the problem's text shown. Errors say what would be right.
get() { curl -sS --fail-with-body --max-time 10 "$@"; }
change() {
  if [ -n "${SCANNER_API_TOKEN:-}" ]; then set -- -H "Authorization: Bearer $SCANNER_API_TOKEN" "$@"; fi
  get -H 'Content-Type: application/json' "$@"
}

# 1. Poll; curl keeps the ETag, and an unchanged ranking is not sent again.
poll() {
  get -o "$work/ranking.json" --etag-save "$work/etag" --etag-compare "$work/etag" -w '%{http_code}' "$base/rankings?top=5"
}
poll >/dev/null
jq -r '"cycle \(.seq) of \(.ts)\(if .simulated then " (SIMULATED)" else "" end)",
       (.items[] | "  \(.rank) \(.symbol) score \(.score) spread \(.spread_bps) bps")' "$work/ranking.json"
cp "$work/ranking.json" "$work/first.json"
case $(poll) in 304) echo "asked again: unchanged, not sent again" ;; *) echo "asked again: a new cycle" ;; esac

# 2. For a spreadsheet.
get "$base/rankings?top=5&format=csv&fields=rank,symbol,score,spread_bps,manip_score"

# 3. Keep a list that the ranking can be narrowed to, here and in the console.
change -d "$(jq -c '{name: "shell-example", symbols: [.items[:3][].contract_code]}' "$work/first.json")" "$base/watchlists" >/dev/null
get "$base/rankings?watchlist=shell-example&fields=symbol,rank" | jq -r '"my list: " + ([.items[] | "\(.symbol) (rank \(.rank))"] | join(", "))'
change -X DELETE "$base/watchlists/shell-example"

# 4. Follow. Three frames here; without head it goes on until the connection ends.
curl -sSN --max-time 60 "$base/stream/events?top=3" | sed -un 's/^data: *//p' | head -n 3 |
  jq -r '"frame \(.seq): \([.items[] | "\(.symbol | split("/")[0]) \(.score)"] | join(" "))"'
