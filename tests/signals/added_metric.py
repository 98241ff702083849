#!/usr/bin/env python3
"""Adds a metric where a developer adds one (its formula, its line in the table of numbers, its paragraph) to a copy of the
sources, builds that, and looks for it in every output of the running program. Nothing else of the copy is touched.

    tests/signals/added_metric.py BIN_DIR [FOLDER]

BIN_DIR is that of a finished build of the sources as they are; nothing of it is written to. What the new metric reaches is
compiled anew, without optimisation, and linked with the rest of that build: a third of its objects. The copy and all that is
made go to FOLDER, which is kept, or to a folder inside the build that is removed, whatever happens.
On the way the line is left out, which must not compile, the paragraph, which a test must notice, and, in the end, the codec
leaves the number out, which a test must notice too.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/api"))

from service import Scanner, Simulator, WebSocket, accepts, free_port, request, until  # noqa: E402

NAME = "touch_depth_usdt"
MOST_SECONDS = 120  # of one compiler, linker or program

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
    files = subprocess.check_output(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard",
                                     "include", "src", "tests", "docs"])
    for name in files.decode().split("\0"):
        if not name or not (ROOT / name).is_file():
            continue
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)  # with its time: ccache looks twice at what is new


# -- Building -----------------------------------------------------------------------------------------------------------

def run(words, **options):
    return subprocess.run(words, capture_output=True, text=True, timeout=MOST_SECONDS, **options)


class Build:
    """The build in `folder` with what changes in `tree` compiled anew. An object of the old build that none of the changed
    files reaches is the same in the new one; of the others every symbol is in an object that is linked in front of it."""

    def __init__(self, folder, tree, work):
        self.folder, self.tree, self.objects, self.binaries = folder, tree, work / "objects", work / "bin"
        self.binaries.mkdir(parents=True, exist_ok=True)
        self.done = set()
        self.compiles, self.links = {}, {}
        for line in self.ninja("commands", "market-scanner", "signals_unit_tests", "ranking_io_tests").splitlines():
            words = shlex.split(line)
            if "-c" in words:
                self.compiles[words[words.index("-o") + 1]] = words
            elif "-o" in words:
                self.links[pathlib.Path(words[words.index("-o") + 1]).name] = words[words.index("&&") + 1:-2]
        self.reached = self.reached_by({MEMBER[0], LINE[0], FORMULA})

    def ninja(self, tool, *arguments):
        """What the old build says of itself; -n: without writing to its logs."""
        return subprocess.check_output(["ninja", "-n", "-C", self.folder, "--quiet", "-t", tool, *arguments], text=True)

    def reached_by(self, files):
        """The objects that one of these was read for."""
        paths, found, read_by = {str(ROOT / file) for file in files}, set(), None
        for line in self.ninja("deps").splitlines():
            if line and not line.startswith(" "):
                read_by = line.split(":")[0]
            elif line.strip() in paths:
                found.add(read_by)
        return found & set(self.compiles)

    def moved(self, word):
        """An argument of the old build as that of the new one."""
        for option in ("", "-I", "-DSCANNER_SOURCE_DIR=\""):
            for room in ("/include", "/src", "/tests", "\"" if option.startswith("-D") else None):
                if room and word.startswith(f"{option}{ROOT}{room}"):
                    return word.replace(str(ROOT), str(self.tree), 1)
        return str(self.objects / word) if word in self.compiles else word

    def compile(self, name):
        """The compiler's exit code and what it said."""
        words, output = [], self.objects / name
        for word in self.compiles[name]:
            if word.endswith(".pch") and not name.endswith(".pch"):
                pch = str(pathlib.Path(word).relative_to(self.folder))
                words.append(str(self.objects / pch))
            elif word == "-g" or word.startswith(("-g1", "-D_FORTIFY_SOURCE")):
                continue
            elif re.fullmatch("-O[0-3]", word):
                words += ["-O0", "-g0"]
            else:
                words.append(self.moved(word))
        if "-MF" in words:
            words[words.index("-MF") + 1] = f"{output}.d"
        output.parent.mkdir(parents=True, exist_ok=True)
        made = run(words, cwd=self.folder)
        return made.returncode, made.stdout + made.stderr

    def make(self, program, tests=()):
        """Of the objects of a test program only those of `tests`."""
        link = self.links[program]
        own = [word for word in link if word.endswith(".o")]
        wanted = [word for word in own if not tests or any(word.endswith(f"/{test}.cpp.o") for test in tests)]
        rooms = {word.removeprefix("libscanner_").removesuffix(".a") for word in link if word.startswith("libscanner_")}
        reached = [name for name in self.reached if name.startswith("CMakeFiles/scanner_") and
                   name.split("/")[1].removeprefix("scanner_").removesuffix(".dir") in rooms]
        self.compile_all([*reached, *(name for name in wanted if name in self.reached or tests)])
        objects = [self.objects / word if word in self.done else word for word in wanted]
        words = [word for word in link if word not in own]
        at = words.index("-o")
        words[at + 1] = self.binaries / program
        words[at + 2:at + 2] = [*objects, *(self.objects / name for name in sorted(reached))]
        made = run(words, cwd=self.folder)
        if made.returncode != 0:
            raise SystemExit(f"linking {program} failed:\n{made.stderr[-4000:]}")

    def compile_all(self, names):
        names = [name for name in names if name not in self.done]
        pchs = {str(pathlib.Path(word).relative_to(self.folder)) for name in names for word in self.compiles[name]
                if word.endswith(".pch")}
        for batch in (sorted(pchs - self.done), sorted(names)):
            pool = concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0)))
            try:
                for name, (code, output) in zip(batch, pool.map(self.compile, batch)):
                    if code != 0:
                        raise SystemExit(f"compiling {name} failed:\n{output[-4000:]}")
                    self.done.add(name)
            finally:
                pool.shutdown(cancel_futures=True)

    def test(self, program, pattern):
        return run([self.binaries / program, f"--gtest_filter={pattern}"])


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
    # Not among what is required: `fields` may leave any out.
    report.expect(NAME in schemas["RankingFrame"]["properties"]["items"]["items"]["properties"], "/openapi.json: frames")
    with WebSocket(scanner.port, "/stream/rankings?top=1") as stream:
        report.expect(NAME in json.loads(stream.read_text())["items"][0], "frames")
    newest = until(lambda: scanner.get("/history/rankings?limit=1").json()["items"], "history")[0]
    report.expect(NAME in scanner.get("/history/rankings?limit=1&inputs=1").body.decode(), "stored inputs, /history/rankings?inputs=1")
    past = scanner.get("/rankings?top=1&as_of=" + newest["ts"])
    report.expect(past.status == 200 and past.json()["items"][0].get(NAME) is not None, "/rankings?as_of=")


def look_in_programs(build, exchange_url, report):
    example = re.search(r"```json\n(\{\"cycle\".*?)```", (ROOT / "docs/metrics.md").read_text(), re.S)[1]
    computed = run([build.binaries / "market-scanner", "compute"], input=json.dumps(json.loads(example)) + "\n", check=True)
    value = json.loads(computed.stdout)["results"][0]["snapshot"].get(NAME, 0)
    report.expect(abs(value - 20_000) < 1e-6, "compute")  # 100 at 99.9 and 100 at 100.1
    with tempfile.TemporaryDirectory() as data:
        once = run([build.binaries / "market-scanner", "collect-once", "--json", "--env-file", "/dev/null"],
                   env={"PATH": os.environ["PATH"], "SCANNER_EXCHANGE_URL": exchange_url, "SCANNER_DATA_DIR": data})
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
        # Polled: an inspection's book is the one its numbers were made of, not a newer one of the feed.
        scanner = Scanner(build.binaries, simulator.url, {**settings, "SCANNER_FEED": "off"})
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


NUMBERS = "CMakeFiles/scanner_signals.dir/src/signals/numbers.cpp.o"
ENCODER = "src/ranking/ranking_encode.cpp"


def add_everywhere(build, binaries, report):
    tree = build.tree
    copy_sources(tree)
    replace_once(tree, *MEMBER)
    patch_formula(tree)
    code, output = build.compile(NUMBERS)
    report.expect(code != 0 and "static assertion failed" in output, "a refusal to compile a member without its line")
    replace_once(tree, *LINE)
    build.make("signals_unit_tests", ["docs_test", "numbers_test"])
    without = build.test("signals_unit_tests", "MetricsDocument.*")
    report.expect(without.returncode != 0 and NAME in without.stdout, "a failing test of a number without its paragraph")
    replace_once(tree, *PARAGRAPH)
    report.expect(build.test("signals_unit_tests", "MetricsDocument.*:NumbersTable.*").returncode == 0, "all three places: docs")
    build.make("ranking_io_tests", ["ranking_codec_io_test"])
    report.expect(build.test("ranking_io_tests", "RankingCodec.*").returncode == 0, "the codec keeps it")
    build.make("market-scanner")
    look_everywhere(build, binaries, report)
    loop = "    for (const signals::NumberField& field : signals::numbers_of(group)) {\n"
    replace_once(tree, ENCODER, loop, loop + f'        if (field.name == "{NAME}") continue;\n')
    build.done.remove(f"CMakeFiles/scanner_ranking.dir/{ENCODER}.o")
    build.make("ranking_io_tests", ["ranking_codec_io_test"])
    report.expect(build.test("ranking_io_tests", "RankingCodec.keeps_every_member*").returncode == 1,
                  "a failing test of a codec that leaves it out")


def main(binaries, folder):
    report, begun = Report(), time.monotonic()
    old = pathlib.Path(binaries).resolve().parent
    work = pathlib.Path(folder or old / "added-metric").resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that what follows is cleared away then too
    for part in ("sources", "objects", "bin", "tmp"):  # of the last time; whatever else is in the folder is not ours
        shutil.rmtree(work / part, ignore_errors=True)
    try:
        (work / "tmp").mkdir(parents=True)
        tempfile.tempdir = str(work / "tmp")
        add_everywhere(Build(old, work / "sources", work), binaries, report)
    finally:
        if not folder:
            shutil.rmtree(work, ignore_errors=True)
    print(f"added_metric: {len(report.missing)} missing, {time.monotonic() - begun:.0f} s")
    return 1 if report.missing else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else None))
