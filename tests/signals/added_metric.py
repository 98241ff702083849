#!/usr/bin/env python3
"""Adds a metric where a developer adds one (its formula, its line in the table of numbers, its paragraph) to a copy of the
sources, builds that, and looks for it in every output of the running program. Nothing else of the copy is touched.

    tests/signals/added_metric.py BIN_DIR [BUILD_FOLDER]

BIN_DIR has the htx-simulator of the sources as they are. The copy and its build go to BUILD_FOLDER (kept, so that the next
run builds only what has changed), or to a folder that is removed. Takes as long as building the daemon without optimisation.
Then it leaves the line out, which must not compile, and lets the codec leave the number out, which a test must notice.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/api"))

from service import Scanner, Simulator, WebSocket, accepts, free_port, request, until  # noqa: E402

NAME = "touch_depth_usdt"

# -- The three places ---------------------------------------------------------------------------------------------------

MEMBER = ("include/scanner/signals/snapshot.hpp", "    double depth_to_volume_ratio = 0.0;\n",
          "    double depth_to_volume_ratio = 0.0;\n    double touch_depth_usdt = 0.0;\n")
FORMULA = "src/signals/metrics.cpp"  # see patch_formula
LINE = ("include/scanner/signals/numbers.hpp", "    detail::line<&Edges::liquidity_edge>(",
        '    detail::line<&Metrics::touch_depth_usdt>("touch_depth_usdt", "USDT", decimals(2), {.nullable = false},\n'
        '                                             "Value of the best bid and the best ask.", "book"),\n'
        "    detail::line<&Edges::liquidity_edge>(")
PARAGRAPH = ("docs/metrics.md", "| `depth_to_volume_ratio` | ratio |",
             "| `touch_depth_usdt` | USDT | Σ price · size of the best bid and the best ask | book |\n"
             "| `depth_to_volume_ratio` | ratio |")


def replace_once(tree, file, old, new):
    path = tree / file
    text = path.read_text()
    if text.count(old) != 1:
        raise SystemExit(f"{file}: {old!r} is there {text.count(old)} times, once is expected")
    path.write_text(text.replace(old, new))


def patch_formula(tree):
    """A line behind the one that fills depth_to_volume_ratio."""
    path = tree / FORMULA
    text = path.read_text()
    found = re.search(r"^(\s*)(\w+)\.depth_to_volume_ratio = .*?;\n", text, re.M | re.S)
    if not found:
        raise SystemExit(f"{FORMULA}: nothing fills depth_to_volume_ratio")
    line = f"{found[1]}{found[2]}.touch_depth_usdt = depth_usdt(book, 1);\n"
    path.write_text(text[:found.end()] + line + text[found.end():])


def copy_sources(tree):
    """Files that have not changed keep their times, so that they are not built again."""
    files = subprocess.check_output(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    for name in files.decode().split("\0"):
        source, copy = ROOT / name, tree / name
        if not name or not source.is_file():
            continue
        if copy.exists() and copy.read_bytes() == source.read_bytes():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)


# -- Building -----------------------------------------------------------------------------------------------------------

class Build:
    def __init__(self, tree):
        self.folder = tree / "build/added-metric"
        subprocess.run(["cmake", "-S", tree, "-B", self.folder, "-G", "Ninja", "-DCMAKE_CXX_COMPILER=clang++-19",
                        "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0 -g0"], check=True, stdout=subprocess.DEVNULL)

    def run(self, *targets):
        """The exit code and what the compiler said."""
        done = subprocess.run(["ninja", "-C", self.folder, "-k", "1", *targets], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def make(self, *targets):
        code, output = self.run(*targets)
        if code != 0:
            raise SystemExit(f"building {' '.join(targets)} failed:\n{output[-4000:]}")

    def test(self, program, pattern):
        return subprocess.run([self.folder / "bin" / program, f"--gtest_filter={pattern}"], capture_output=True, text=True)

    @property
    def binaries(self):
        return self.folder / "bin"


# -- Looking for it -----------------------------------------------------------------------------------------------------

class Report:
    def __init__(self):
        self.missing = []

    def expect(self, found, where):
        print(f"  {'found  ' if found else 'MISSING'} {where}", flush=True)
        if not found:
            self.missing.append(where)


def redis_value(port, key):
    with socket.create_connection(("127.0.0.1", port), 10) as link:
        link.sendall(f"*2\r\n$3\r\nGET\r\n${len(key)}\r\n{key}\r\n".encode())
        data = b""
        while b"\r\n" not in data:
            data += link.recv(65536)
        size = int(data[1:data.index(b"\r\n")])
        while len(data) < size:
            data += link.recv(1 << 20)
        return data.decode("utf-8", "replace")


def look_in_answers(scanner, report):
    item = scanner.get("/rankings?top=1").json()["items"][0]
    report.expect(NAME in item, "items of /rankings")
    page = scanner.get(f"/symbol/{item['contract_code']}/inspect").json()
    touch = sum(page["orderbook"][side][0][0] * page["orderbook"][side][0][1] for side in ("bids", "asks"))
    value = page["snapshot"].get(NAME)
    report.expect(value is not None and abs(value - touch) < 0.01, f"snapshot of an inspection, right: {value} is {touch}")
    report.expect(value is not None and round(value, 2) == value, "rounded as its line says")
    lines = scanner.get(f"/rankings?top=3&format=csv&fields=symbol,{NAME}&sort={NAME}").body.decode().splitlines()
    report.expect(lines[0] == f"symbol,{NAME}" and len(lines) > 1 and float(lines[1].split(",")[1]) > 0, "CSV, fields=, sort=")
    values = [float(line.split(",")[1]) for line in lines[1:]]
    report.expect(values == sorted(values, reverse=True), "sorted by it")
    report.expect(NAME in scanner.get("/rankings?format=csv").body.decode().splitlines()[0].split(","), "CSV without fields=")
    tried = request(scanner.port, "POST", "/alerts/rules:test", [("Content-Type", "application/json")],
                    json.dumps({"expression": f"{NAME} > 0"}).encode())
    report.expect(tried.status == 200, "rules")
    fields = [field for field in scanner.get("/fields").json()["fields"] if field["name"] == NAME]
    report.expect(len(fields) == 1 and fields[0]["unit"] == "USDT" and fields[0]["in_items"], "/fields")
    document = scanner.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    report.expect(NAME in schemas["RankingItem"]["properties"], "/openapi.json: items")
    report.expect(NAME in schemas["Inspection"]["properties"]["snapshot"]["required"], "/openapi.json: inspections")
    frame = schemas["RankingFrame"]["properties"]["items"]["items"]
    report.expect(NAME in frame["properties"] and NAME in frame["required"], "/openapi.json: frames")
    with WebSocket(scanner.port, "/stream/rankings?top=1") as stream:
        report.expect(NAME in json.loads(stream.read_text())["items"][0], "frames")
    until(lambda: scanner.get("/history/rankings?limit=1").json()["items"], "history")
    report.expect(NAME in scanner.get("/history/rankings?limit=1&inputs=1").body.decode(), "stored inputs, /history/rankings?inputs=1")
    past = request(scanner.port, "GET", "/rankings?top=1&as_of=" + scanner.get("/rankings?top=1").json()["ts"], [])
    if past.status == 200:
        report.expect(past.json()["items"][0].get(NAME) is not None, "/rankings?as_of=")


def look_in_programs(build, exchange_url, report):
    example = re.search(r"```json\n(\{\"cycle\".*?)```", (ROOT / "docs/metrics.md").read_text(), re.S)[1]
    computed = subprocess.run([build.binaries / "market-scanner", "compute"], input=json.dumps(json.loads(example)) + "\n",
                              capture_output=True, text=True, check=True)
    value = json.loads(computed.stdout)["results"][0]["snapshot"].get(NAME, 0)
    report.expect(abs(value - 20_000) < 1e-6, "compute")  # 100 at 99.9 and 100 at 100.1
    with tempfile.TemporaryDirectory() as data:
        once = subprocess.run([build.binaries / "market-scanner", "collect-once", "--json", "--env-file", "/dev/null"],
                              env={"PATH": os.environ["PATH"], "SCANNER_EXCHANGE_URL": exchange_url, "SCANNER_DATA_DIR": data},
                              capture_output=True, text=True)
    report.expect(once.returncode == 0 and NAME in json.loads(once.stdout)["items"][0], "collect-once")


def look_everywhere(build, binaries, report):
    simulator = Simulator(binaries, ["--contracts", "5", "--scenario", "none"])
    redis, scanner, settings = None, None, {}
    try:
        if shutil.which("redis-server"):
            port = free_port()
            redis = subprocess.Popen(["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"],
                                     stdout=subprocess.DEVNULL)
            until(lambda: accepts(port), "redis listens")
            settings["SCANNER_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        scanner = Scanner(build.binaries, simulator.url, settings)
        scanner.wait_until_ready()
        look_in_answers(scanner, report)
        if redis:
            until(lambda: "contracts" in redis_value(port, "snaps:latest"), "a ranking in the cache")
            report.expect(f'"{NAME}":' in redis_value(port, "snaps:latest"), "the cache that replicas and restarts read")
        look_in_programs(build, simulator.url, report)
    finally:
        if scanner:
            scanner.stop()
        if redis:
            redis.terminate()
            redis.wait()
        simulator.stop()


def main(binaries, folder):
    report = Report()
    tree = pathlib.Path(folder or tempfile.mkdtemp(prefix="added-metric-")).resolve()
    try:
        copy_sources(tree)
        replace_once(tree, *MEMBER)
        patch_formula(tree)
        build = Build(tree)
        code, output = build.run("CMakeFiles/scanner_signals.dir/src/signals/numbers.cpp.o")
        report.expect(code != 0 and "static assertion failed" in output, "a refusal to compile a member without its line")
        replace_once(tree, *LINE)
        build.make("market-scanner", "signals_unit_tests", "ranking_io_tests")
        without = build.test("signals_unit_tests", "MetricsDocument.*")
        report.expect(without.returncode != 0 and NAME in without.stdout, "a failing test of a number without its paragraph")
        replace_once(tree, *PARAGRAPH)
        report.expect(build.test("signals_unit_tests", "MetricsDocument.*:NumbersTable.*").returncode == 0, "all three places: docs")
        report.expect(build.test("ranking_io_tests", "RankingCodec.*").returncode == 0, "the codec keeps it")
        look_everywhere(build, binaries, report)
        codec = "src/ranking/ranking_encode.cpp"
        loop = "    for (const signals::NumberField& field : signals::numbers_of(group)) {\n"
        replace_once(tree, codec, loop, loop + f'        if (field.name == "{NAME}") continue;\n')
        build.make("ranking_io_tests")
        report.expect(build.test("ranking_io_tests", "RankingCodec.keeps_every_member*").returncode != 0,
                      "a failing test of a codec that leaves it out")
    finally:
        if not folder:
            shutil.rmtree(tree, ignore_errors=True)
    print(f"added_metric: {len(report.missing)} missing")
    return 1 if report.missing else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else None))
