#!/usr/bin/env python3
"""Who may know whom: a room includes only rooms above it (docs/architecture.md), and the heavy libraries stay where
they belong; one exchange's name stays in its own folder. Prints every breach and exits 1, or nothing and exits 0.

--inside also looks into the rooms: no include cycle between units (x.hpp and x.cpp are one), no file over 450 lines, no
folder over 25 files."""
import collections
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
    "recording": "core market net exchange storage",
    "operator": "core market signals ranking rules storage",
    "engine": "core market signals ranking net exchange storage operator",
    "alerts": "core market signals ranking rules net storage",
    "api": "core market signals ranking rules net exchange storage operator engine alerts",
    "app": "core settings market signals ranking rules net exchange storage recording operator engine alerts api",
    "simulator": "core market net",
}
ALLOWED = {room: set(known.split()) for room, known in ORDER.items()}
PURE = {"core", "settings", "market", "signals", "ranking", "rules"}
BEAST = {"src/net/server/http_server.cpp", "src/net/server/websocket.cpp", "src/net/server/beast_compiled.cpp",
         "src/net/client/websocket_client.cpp", "src/net/client/websocket_layer.hpp",
         "tests/support/websocket_client.cpp", "tests/support/websocket_server.cpp"}
NOT_IN_HEADERS = ("boost/beast", "curl/", "boost/asio/ssl", "pqxx/", "nlohmann/json.hpp", "simdjson", "spdlog/", "prometheus/",
                  "zstd")

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

# One exchange's name, hosts and paths are known in its own folder alone. Elsewhere only where it is chosen, where it is
# played, and in texts for readers.
EXCHANGE_WORDS = re.compile(r"htx|huobi|hbdm", re.IGNORECASE)
EXCHANGE_PLACES = ("src/exchange/htx/", "src/simulator/", "src/api/openapi/", "src/exchange/exchange_factory.cpp")
EXCHANGE_EXCEPTIONS = re.compile(r"htx-simulator")  # the program's name

for top in ("include", "src", "web/panel/src"):
    for path in sorted((ROOT / top).rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if not path.is_file() or name.startswith(EXCHANGE_PLACES):
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if EXCHANGE_WORDS.search(EXCHANGE_EXCEPTIONS.sub("", line)):
                breaches.append(f"{name}:{number}: only exchange/htx knows the exchange by name: {line.strip()[:80]}")

MAX_LINES = 450
MAX_FILES = 25
CODE = {".hpp", ".cpp", ".py", ".ts", ".js", ".svelte", ".css", ".sh"}
GENERATED = {"node_modules", "dist", "vendor", "__pycache__"}


def units():
    """(room, stem) of every source file, and which of them each includes within its room."""
    unit_of, includes = {}, collections.defaultdict(set)
    files = [*ROOT.glob("include/**/*.hpp"), *ROOT.glob("src/**/*.[ch]pp")]
    for path in files:
        parts = path.relative_to(ROOT).parts
        name = "/".join(parts[1:])
        unit_of[name] = (parts[2] if parts[0] == "include" else parts[1], path.stem)
    for path in files:
        unit = unit_of["/".join(path.relative_to(ROOT).parts[1:])]
        for target in re.findall(r'^\s*#include\s+"([^"]+)"', path.read_text(), re.MULTILINE):
            other = unit_of.get(target)
            if other and other[0] == unit[0] and other != unit:
                includes[unit].add(other)
    return includes


def cycles(includes):
    """The strongly connected parts of more than one unit (Tarjan's algorithm)."""
    order, lowest, path, found = {}, {}, [], []

    def visit(unit):
        order[unit] = lowest[unit] = len(order)
        path.append(unit)
        for other in sorted(includes.get(unit, ())):
            if other not in order:
                visit(other)
            if other in path:
                lowest[unit] = min(lowest[unit], lowest[other])
        if lowest[unit] == order[unit]:
            part = path[path.index(unit):]
            del path[path.index(unit):]
            if len(part) > 1:
                found.append(part)

    for unit in sorted(includes):
        if unit not in order:
            visit(unit)
    return found


def look_inside():
    includes = units()
    for part in cycles(includes):
        room = part[0][0]
        names = {unit for unit in part}
        steps = "; ".join(f"{unit[1]} includes {', '.join(sorted(other[1] for other in includes[unit] & names))}"
                          for unit in sorted(part))
        breaches.append(f"{room}: include cycle: {steps}")
    folders = collections.Counter()
    for top in ("include", "src", "tests", "bench", "scripts", "web"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in CODE or GENERATED & set(path.parts) or not path.is_file():
                continue
            folders[path.parent] += 1
            lines = path.read_bytes().count(b"\n")
            if lines > MAX_LINES:
                breaches.append(f"{path.relative_to(ROOT)}: {lines} lines; at most {MAX_LINES}")
    for folder, count in folders.items():
        if count > MAX_FILES:
            breaches.append(f"{folder.relative_to(ROOT)}: {count} files; at most {MAX_FILES}")


if "--inside" in sys.argv[1:]:
    look_inside()
print("\n".join(breaches))
sys.exit(1 if breaches else 0)
