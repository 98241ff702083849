# Sourced by the benchmarks.

# A throw-away Postgres: start_postgres FOLDER sets `postgres_url`; `postgres_pid` ends it.
start_postgres() {
  local folder=$1 bin port
  bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
  port=$(scripts/free-port)
  mkdir -p "$folder"
  local as=()
  if [ "$(id -u)" -eq 0 ]; then chown postgres "$folder"; chmod 755 "$(dirname "$folder")"; as=(setpriv --reuid postgres --regid postgres --clear-groups); fi
  (cd / && "${as[@]}" "$bin/initdb" -D "$folder/data" -U scanner -A trust -E UTF8 --locale=C >/dev/null)
  (cd / && exec "${as[@]}" "$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= >"$folder.log" 2>&1) &
  postgres_pid=$!
  postgres_url="postgresql://scanner@127.0.0.1:$port/postgres"
  for _ in $(seq 200); do "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" && return; sleep 0.1; done
  echo "postgres did not start:" >&2; cat "$folder.log" >&2; return 1
}
