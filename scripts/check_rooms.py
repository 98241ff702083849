#!/usr/bin/env python3
"""Who may know whom: a room includes only rooms above it (docs/architecture.md), and the heavy libraries stay where
they belong. Prints every breach and exits 1, or nothing and exits 0."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ORDER = {  # a room: what it may include directly beside itself
    "core": "",
    "settings": "core",
    "market": "core",
    "signals": "core market",
    "ranking": "core market signals",
    "rules": "core market signals ranking",
    "net": "core",
    "exchange": "core market net",
    "storage": "core market signals ranking net",
    "operator": "core market signals ranking rules storage",
    "engine": "core market signals ranking net exchange storage operator",
    "alerts": "core market signals ranking rules net storage",
    "api": "core market signals ranking rules net exchange storage operator engine alerts",
    "app": "core settings market signals ranking rules net exchange storage operator engine alerts api",
    "simulator": "core market net",
}
ALLOWED = {room: set(known.split()) for room, known in ORDER.items()}
PURE = {"core", "settings", "market", "signals", "ranking", "rules"}
BEAST = {"src/net/server/http_server.cpp", "src/net/server/websocket.cpp", "src/net/server/beast_compiled.cpp",
         "tests/support/websocket_client.cpp"}
NOT_IN_HEADERS = ("boost/beast", "curl/", "boost/asio/ssl", "pqxx/", "nlohmann/json.hpp", "simdjson", "spdlog/", "prometheus/")

breaches = []
for path in sorted([*ROOT.glob("include/**/*.hpp"), *ROOT.glob("src/**/*.[ch]pp"), *ROOT.glob("tests/**/*.[ch]pp")]):
    name = path.relative_to(ROOT).as_posix()
    parts = name.split("/")
    room = parts[2] if parts[0] == "include" else parts[1]
    for number, line in enumerate(path.read_text().splitlines(), 1):
        include = re.match(r'\s*#include\s+[<"]([^">]+)[">]', line)
        if not include:
            continue
        target = include.group(1)
        where = f"{name}:{number}"
        if target.startswith("boost/beast") and name not in BEAST:
            breaches.append(f"{where}: Beast belongs in {', '.join(sorted(BEAST))} only (it costs 10 s a file to compile)")
        if parts[0] == "include" and target.startswith(NOT_IN_HEADERS):
            breaches.append(f"{where}: a public header must not pull in {target}")
        if parts[0] == "tests" or room not in ALLOWED:
            continue
        if room in PURE and target.startswith("boost/asio"):
            breaches.append(f"{where}: {room} is pure and must not know Asio")
        known = re.match(r"(?:scanner/)?([a-z]+)/", target)
        if known and known.group(1) in ALLOWED and known.group(1) != room and known.group(1) not in ALLOWED[room]:
            breaches.append(f"{where}: {room} must not know {known.group(1)}")

print("\n".join(breaches))
sys.exit(1 if breaches else 0)
