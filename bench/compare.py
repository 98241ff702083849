#!/usr/bin/env python3
"""Two builds side by side, turn about: is the new one dearer than the old one?

    bench/compare.py BASE_BIN_DIR NEW_BIN_DIR [--pairs 10] [--only numbers,cycle,rankings,streams,history,memory]

Processor time (user and system) of the program under measurement, not the time that passes: so it says something on a
machine that does other things too. Of each pair the ratio new / base is taken; printed are their geometric mean and its
95 % interval (Student's t of the logarithms). "worse" means that the whole interval lies above 1. Exit code 1 when
something is worse.

`numbers`, and its cycle of 130 and 350 contracts, need numbers-bench, `history` history-writes and Postgres: both from
-DSCANNER_BUILD_BENCH=ON. What a folder lacks is left out and said."""

import argparse
import json
import math
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/api"))
from service import Connection, Scanner, Simulator, request_bytes, until  # noqa: E402

# The quantile 0.975 of Student's t by degrees of freedom; beyond the table the normal distribution's.
STUDENT = {1: 12.71, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228,
           11: 2.201, 12: 2.179, 13: 2.160, 14: 2.145, 15: 2.131, 19: 2.093, 24: 2.064, 29: 2.045}
CONTRACTS = 130


def student(freedom):
    return STUDENT[max(known for known in STUDENT if known <= freedom)] if freedom < 60 else 1.96


def processor_seconds(pid):
    """Time on a processor of all of a process's threads: by the scheduler's nanoseconds, not by ticks of 10 ms."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        except OSError:
            pass  # it has ended since
    return total / 1e9


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def details(scanner):
    return scanner.get("/healthz/details").json()


class Build:
    def __init__(self, folder, simulator):
        self.folder, self.simulator = pathlib.Path(folder).resolve(), simulator

    def has(self, program):
        return (self.folder / program).exists()

    def scanner(self, **settings):
        scanner = Scanner(self.folder, self.simulator.url, {
            "SCANNER_SCAN_TOP_BY_QVOL": str(CONTRACTS), "SCANNER_REQUEST_BUDGET_PER_SEC": "800",
            "SCANNER_FEED": "off", **settings})
        scanner.wait_until_ready()
        return scanner


# -- what is measured: a function of a build gives {name: cost} ---------------------------------------------------------

def numbers(build):
    """Functions on one core, in nanoseconds of processor time."""
    output = subprocess.run([build.folder / "numbers-bench", "--benchmark_format=json", "--benchmark_min_time=0.2"],
                            check=True, capture_output=True, text=True).stdout
    return {f"numbers: {entry['name']}": entry["cpu_time"] for entry in json.loads(output)["benchmarks"]
            if not entry["name"].startswith("dom_")}


def cycle(build, cycles=30):
    """A cycle of the serving program with everything after it: history, alerts, frames. And memory, and history read."""
    scanner = build.scanner(SCANNER_SCAN_INTERVAL_SEC="0.1")
    try:
        until(lambda: details(scanner)["cycle_count"] >= 5, "cycles to warm up")
        began, before = details(scanner)["cycle_count"], processor_seconds(scanner.pid)
        until(lambda: details(scanner)["cycle_count"] >= began + cycles, "cycles to measure", 120)
        spent = processor_seconds(scanner.pid) - before
        done = details(scanner)["cycle_count"] - began
        return {"cycle: serving, 130 contracts": spent / done, "memory: after 35 cycles": resident_mb(scanner.pid)}
    finally:
        scanner.stop()


def rankings(build, requests=3000):
    """An answer that is kept, one that is made for the request, one that was not modified; and history, read back."""
    scanner = build.scanner(SCANNER_SCAN_INTERVAL_SEC="3600", SCANNER_REDIS_SNAPSHOTS_TTL_SEC="7200")
    try:
        until(lambda: scanner.get("/history/rankings?limit=1").json().get("items"), "a cycle in the database")
        tag = scanner.get("/rankings").header("etag")
        costs = {}
        for name, count, target, headers in (
                ("/rankings", requests, "/rankings", ()),
                ("/rankings, 304", requests, "/rankings", [("If-None-Match", tag)]),
                ("/rankings, a fresh query each time", requests, "/rankings?min_qvol={}", ()),
                ("/rankings, all, another notional each time", 200, "/rankings?top=200&page_size=200&notional={}", ()),
                ("/opportunities, a fresh query each time", 500, "/opportunities?top=50&notional={}", ()),
                ("/symbol/btc/inspect?mode=card", requests, "/symbol/btc/inspect?mode=card", ()),
                ("history: as_of read back", 60, "/rankings?as_of=2100-01-01&top=200&page_size=200&_={}", ()),
                ("history: a cycle with inputs", 10, "/history/rankings?format=ndjson&inputs=1&_={}", ())):
            costs[f"rankings: {name}" if name[0] == "/" else name] = cost_of_requests(scanner, count, target, headers)
        return costs
    finally:
        scanner.stop()


def cost_of_requests(scanner, count, target, headers):
    with Connection(scanner.port) as connection:
        def ask(number):
            connection.send(request_bytes("GET", target.format(1_000_000 + number), headers))
            answer = connection.read_answer()
            if answer.status not in (200, 304):
                raise SystemExit(f"compare: {target} → {answer.status}: {answer.body[:300]!r}")
        for number in range(max(count // 10, 1)):
            ask(number)
        before = processor_seconds(scanner.pid)
        for number in range(count):
            ask(count + number)
        return (processor_seconds(scanner.pid) - before) / count


def streams(build, seconds=6):
    """Serving 300 WebSockets and 50 event streams, two frames a second each: by frame, and by kilobyte, for builds whose
    frames do not say the same."""
    scanner = build.scanner(SCANNER_SCAN_INTERVAL_SEC="0.5")
    try:
        load = subprocess.Popen([build.folder / "stream-load", "--port", str(scanner.port), "--websockets", "300",
                                 "--events", "50", "--stuck", "0", "--seconds", str(seconds), "--query", "top=50",
                                 "--pid", str(scanner.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: details(scanner)["streams"]["subscribers"] >= 350, "350 subscribers")
        sent, before = details(scanner)["streams"]["sent"], processor_seconds(scanner.pid)
        time.sleep(seconds - 2)
        spent, frames = processor_seconds(scanner.pid) - before, details(scanner)["streams"]["sent"] - sent
        load.wait(60)
        if frames < 350:
            raise SystemExit(f"compare: only {frames} frames were sent")
        return {"streams: a frame sent, 350 subscribers": spent / frames,
                "streams: a kilobyte sent, 350 subscribers": spent / frames / (frame_bytes(scanner) / 1000)}
    finally:
        scanner.stop()


def frame_bytes(scanner):
    with Connection(scanner.port) as connection:
        connection.send(request_bytes("GET", "/stream/events?top=50"))
        connection.read_until(b"\r\n\r\n")
        connection.read_until(b"data: ")
        return len(connection.read_until(b"\n\n"))


def history(build, postgres_url, cycles=200):
    """390 rows a cycle through the store (spool, then Postgres)."""
    subprocess.run(["psql", "-q", "-X", postgres_url, "-c", "DROP SCHEMA public CASCADE; CREATE SCHEMA public"],
                   check=True, capture_output=True)
    with tempfile.TemporaryDirectory(prefix="compare-") as work:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([build.folder / "history-writes", postgres_url, work, str(cycles)], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"history: a cycle of 390 rows written": spent / cycles}


class Postgres:
    """A throw-away server, as bench/lib.sh starts it."""

    def __init__(self):
        self.work = tempfile.mkdtemp(prefix="compare-postgres-")
        started = subprocess.run(
            ["bash", "-ec", f'. bench/lib.sh; start_postgres "{self.work}/server" >&2; echo "$postgres_pid $postgres_url"'],
            cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        self.pid, self.url = int(started[0]), started[1]

    def stop(self):
        subprocess.run(["kill", "-INT", str(self.pid)], check=False)
        time.sleep(1)
        subprocess.run(["rm", "-rf", self.work], check=False)


# -- comparing ----------------------------------------------------------------------------------------------------------

def summarize(name, base, new):
    """Prints one line; whether the new build is worse."""
    logs = [math.log(after / before) for before, after in zip(base, new)]
    middle = statistics.mean(logs)
    half = student(len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else math.inf
    low, high = math.exp(middle - half), math.exp(min(middle + half, 700))
    verdict = "worse" if low > 1 else "better" if high < 1 else "same"
    print(f"{name:52} {math.exp(middle):6.3f} x  ({low:.3f} to {high:.3f})  {verdict:6}  "
          f"base {readable(name, statistics.median(base))}, {len(logs)} pairs", flush=True)
    return verdict == "worse"


def readable(name, cost):
    if name.startswith("memory"):
        return f"{cost:.1f} MB"
    if name.startswith("numbers"):
        return f"{cost:.4g} (as numbers-bench has it)"
    return f"{cost * 1e6:.1f} us"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("new")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--only", default="numbers,cycle,rankings,streams,history,memory")
    arguments = parser.parse_args()
    wanted = set(arguments.only.split(","))
    simulator = Simulator(arguments.base, ["--contracts", str(CONTRACTS), "--over-limit", "none"])
    builds = [Build(arguments.base, simulator), Build(arguments.new, simulator)]
    postgres = None
    measures = []
    if "numbers" in wanted:
        measures.append(("numbers-bench", numbers))
    if wanted & {"cycle", "memory"}:
        measures.append((None, cycle))
    if "rankings" in wanted:
        measures.append((None, rankings))
    if "streams" in wanted:
        measures.append(("stream-load", streams))
    if "history" in wanted:
        measures.append(("history-writes", lambda build: history(build, postgres.url)))
    worse = False
    try:
        for program, measure in measures:
            if program and not all(build.has(program) for build in builds):
                print(f"left out: {program} is not in both folders", flush=True)
                continue
            if program == "history-writes":
                postgres = Postgres()
            costs = ({}, {})
            for pair in range(arguments.pairs):
                order = (0, 1) if pair % 2 == 0 else (1, 0)
                for side in order:
                    for name, cost in measure(builds[side]).items():
                        costs[side].setdefault(name, []).append(cost)
            for name in costs[0]:
                if name in costs[1]:
                    worse = summarize(name, costs[0][name], costs[1][name]) or worse
    finally:
        simulator.stop()
        if postgres is not None:
            postgres.stop()
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
