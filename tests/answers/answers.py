#!/usr/bin/env python3
"""Keeps the answers of every GET route, and compares those of another build with them.

    tests/answers/answers.py keep BIN_DIR FOLDER                  records an exchange and the answers on it
    tests/answers/answers.py compare BIN_DIR FOLDER [--by-value]  exit code 1 when an answer is different

The programs' clocks stand still and the exchange says the same in every run (exchange.py), so two runs of one build give
the same bytes, and what differs between two builds was changed. With --by-value numbers may have fewer digits than the
kept ones. A second scanner answers without an exchange, a third from a copy of the database that `keep` left behind, so
that a build which cannot read what an older one stored is found out."""

import argparse
import http.server
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "api"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import questions as ask_about  # noqa: E402
from difference import Report  # noqa: E402
from exchange import Clock, Exchange, Recording, build_clock  # noqa: E402
from service import (Connection, Scanner, Simulator, WebSocket, match_path, request, request_bytes,  # noqa: E402
                     until)

START_MS = 1_795_336_628_000  # 2026-11-22T08:37:08Z; the third cycle is in another minute
BETWEEN = 30  # seconds from a cycle to the next
MOMENTS = ("2026-11-22T08:37:08Z", "2026-11-22T08:37:38Z", "2026-11-22T08:38:08Z")
NEEDED = {"/history/bars": "symbol=BTC-USDT"}
JSON = [("Content-Type", "application/json")]
BY_RUN = ("server", "date", "connection", "keep-alive")  # headers that say nothing of the answer


class Refusing(http.server.BaseHTTPRequestHandler):
    """A webhook that is gone: each alert ends as a dead letter."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(410)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def without_ports(text):
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)


def names_of_metrics(text):
    """What metrics there are, with their types, meanings and labels, without what they count."""
    lines = set()
    for line in text.splitlines():
        if not line.startswith("#"):
            name = re.match(r"[\w:]+", line)[0]
            labels = re.findall(r'(\w+)="', line)
            line = f"{name}{{{','.join(labels)}}}"
        lines.add(line)
    return "\n".join(sorted(lines))


def kept_form(target, answer):
    body = answer.body.decode("utf-8")
    if target.startswith("/metrics") and answer.status == 200:
        body = names_of_metrics(body)
    headers = [(name, without_ports(value)) for name, value in answer.headers
               if name not in BY_RUN and not (target.startswith("/metrics") and name in ("content-length", "etag"))]
    return {"status": answer.status, "headers": sorted(headers), "body": without_ports(body)}


class Run:
    """One build under all questions. `kept`: the answers whose questions are asked again; none asks anew."""

    def __init__(self, binaries, folder, recording, source=None, simulator_clock=None, kept=None):
        self.binaries, self.folder, self.recording = binaries, pathlib.Path(folder), recording
        self.source, self.simulator_clock, self.kept = source, simulator_clock, kept
        self.answers = []
        self.problems = []
        self.work = tempfile.mkdtemp(prefix="answers-")
        self.library = build_clock(self.work)

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)

    # -- asking --

    def take(self, scene, port, method, target, headers=()):
        answer = request(port, method, target, headers)
        self.answers.append({"scene": scene, "method": method, "target": target, "asked_with": list(headers),
                             **kept_form(target, answer)})
        return answer

    def take_stream(self, scene, port, target):
        if target.startswith("/stream/events"):
            with Connection(port) as connection:
                connection.send(request_bytes("GET", target))
                head = connection.read_until(b"\r\n\r\n")
                if b" 200 " not in head.split(b"\r\n")[0]:
                    connection.pending = head + connection.pending
                    answer = connection.read_answer()
                else:
                    answer = type("Answer", (), {})()
                    answer.status, answer.headers, answer.body = 200, [("content-type", "text/event-stream")], b""
                    while b"data: " not in answer.body or not answer.body.endswith(b"\n\n"):
                        answer.body += connection.read_chunk()
        else:
            with WebSocket(port, target) as socket:
                answer = socket.answer
                if answer.status == 101:
                    answer.headers = [("content-type", "application/json")]
                    answer.body = socket.read_text().encode()
        self.answers.append({"scene": scene, "method": "STREAM", "target": target, "asked_with": [],
                             **kept_form(target, answer)})

    def ask(self, scene, scanner, new_questions):
        if self.kept is not None:
            for answer in self.kept:
                if answer["scene"] == scene:
                    self.ask_one(scene, scanner.port, answer["method"], answer["target"],
                                 [tuple(header) for header in answer["asked_with"]])
        else:
            for question in new_questions():
                self.ask_one(scene, scanner.port, *question)
        if not scanner.alive():
            raise SystemExit(f"answers: the scanner ended: {scanner.output()[-3000:]}")

    def ask_one(self, scene, port, method, target, headers=()):
        try:
            if method == "STREAM":
                return self.take_stream(scene, port, target)
            return self.take(scene, port, method, target, headers)
        except (AssertionError, OSError) as error:
            self.answers.append({"scene": scene, "method": method, "target": target, "asked_with": list(headers),
                                 "status": 0, "headers": [], "body": f"no answer: {error}"})
            return None

    # -- scenes --

    def settings(self, clock, **more):
        return {"SCANNER_SCAN_INTERVAL_SEC": "20", "SCANNER_SCAN_TOP_BY_QVOL": "25", "SCANNER_REQUEST_BUDGET_PER_SEC": "800",
                "SCANNER_REDIS_SNAPSHOTS_TTL_SEC": "3600", "SCANNER_FEED": "off", **clock.environment, **more}

    def with_market(self):
        """Three cycles, then everything there is to ask."""
        clock = Clock(self.work, self.library, START_MS)
        exchange = Exchange(self.recording, self.source)
        receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        data = os.path.join(self.work, "data")
        scanner = None
        try:
            self.begin_phase(exchange, 1)
            scanner = Scanner(self.binaries, exchange.url, self.settings(
                clock, SCANNER_DATA_DIR=data, SCANNER_ALERT_WEBHOOK_ALLOW_PRIVATE="true",
                SCANNER_ALERT_WEBHOOK_URL=f"http://127.0.0.1:{receiver.server_port}/"))
            for phase in (1, 2, 3):
                if phase > 1:
                    self.begin_phase(exchange, phase)
                    clock.move(BETWEEN)
                until(lambda: scanner.get("/ready").status == 200
                      and scanner.get("/rankings?top=1").json()["seq"] == phase, f"cycle {phase}")
                if phase == 1:
                    self.change_things(scanner)
            clock.move(10)  # what is written and sent some seconds later happens now; the next cycle does not
            until(lambda: self.is_settled(scanner), "history, alerts and their deliveries")
            self.ask("market", scanner, lambda: self.market_questions(scanner))
            if exchange.unknown:
                self.problems.append(f"asked of the exchange and not in the recording: {sorted(set(exchange.unknown))[:10]}")
            self.asked = [sum(1 for phase, _ in exchange.asked if phase == number) for number in (1, 2, 3)]
        finally:
            if scanner is not None:
                scanner.stop()
            exchange.stop()
            receiver.shutdown()
            receiver.server_close()
        return data

    def begin_phase(self, exchange, phase):
        if self.simulator_clock is not None:
            self.simulator_clock.move(60 if phase == 1 else BETWEEN)
            time.sleep(1)  # the simulated market catches up
        exchange.phase = phase

    def change_things(self, scanner):
        for target, body in (
                ("/watchlists", {"name": "majors", "symbols": ["btc", "ETH-USDT", "SOL/USDT:USDT"]}),
                ("/profiles", {"name": "calm", "weights": {"vol.atr": -2, "edges.momentum": 0}}),
                ("/settings", {"manipulation_threshold": 50}),
                ("/alerts/rules", {"name": "leaders", "expression": "rank <= 2", "cooldown_sec": 0}),
                ("/alerts/rules", {"name": "wide", "expression": "spread_bps > 1 and manip_score >= 5", "enabled": False,
                                   "scope": {"watchlist": "majors", "profile": "swing"}})):
            answer = request(scanner.port, "POST", target, JSON, json.dumps(body).encode())
            if answer.status != 200:
                raise SystemExit(f"answers: POST {target} → {answer.status}: {answer.body[:500]!r}")

    def is_settled(self, scanner):
        """All three cycles are in the database, and every alert has been given up."""
        details = scanner.get("/healthz/details").json()
        rows = scanner.get(f"/history/rankings?from={MOMENTS[2]}&limit=1")
        letters = scanner.get("/alerts/dead-letters?limit=500").json()["items"]
        return (rows.status == 200 and rows.json()["items"] and scanner.get("/history/bars?symbol=btc").json()["items"]
                and all(store["backlog"] == 0 for store in details["stores"].values())
                and details["alerts"]["waiting"] == 0 and letters
                and len(letters) == len(scanner.get("/alerts?limit=500").json()["items"]))

    def market_questions(self, scanner):
        document = scanner.get("/openapi.json").json()
        yield from ask_about.of_every_route(document, NEEDED, concrete)
        fields = document["components"]["schemas"]["RankingItem"]["properties"]
        universe = scanner.get("/symbols").json()["items"]
        for target in (*ask_about.of_the_operator(), *ask_about.of_rankings(fields), *ask_about.of_contracts(universe),
                       *ask_about.of_history(MOMENTS)):
            yield "GET", target, []
        for target in ("/rankings?top=200&page_size=100", "/openapi.json", "/symbols"):
            yield "HEAD", target, [("Accept-Encoding", "gzip")]
        cursor = scanner.get("/history/rankings?limit=7").json()["next_cursor"]
        yield "GET", f"/history/rankings?limit=7&cursor={cursor}", []
        for target in ask_about.STREAMS:
            yield "STREAM", target, []
        routes = {path for path, operations in document["paths"].items() if "get" in operations}
        asked = {route_of(document, answer["target"]) for answer in self.answers}
        if missing := routes - asked:
            self.problems.append(f"routes that nothing is asked of: {sorted(missing)}")

    def without_market(self):
        clock = Clock(self.work, self.library, START_MS, wall_only=True)
        scanner = Scanner(self.binaries, "http://127.0.0.1:1", self.settings(
            clock, SCANNER_POSTGRES_URL="postgresql://none:x@127.0.0.1:1/none", SCANNER_METRICS_ENABLED="false"))
        try:
            until(lambda: scanner.get("/healthz/details").json()["failure_streak"] > 0, "a failed cycle")
            document = scanner.get("/openapi.json").json()
            self.ask("nothing", scanner, lambda: [
                ("GET", concrete(path) + (f"?{NEEDED[path]}" if path in NEEDED else ""), [])
                for path, operations in document["paths"].items()
                if "get" in operations and not path.startswith("/stream") and path != "/healthz/details"])
        finally:
            scanner.stop()

    def from_kept_database(self):
        """What the kept build stored, read by this one."""
        data = os.path.join(self.work, "kept-data")
        shutil.copytree(self.folder / "data", data)
        clock = Clock(self.work, self.library, START_MS + 2 * BETWEEN * 1000 + 10_000, wall_only=True)
        scanner = Scanner(self.binaries, "http://127.0.0.1:1", self.settings(clock, SCANNER_DATA_DIR=data))
        try:
            until(lambda: scanner.get("/history/rankings?limit=1").status == 200
                  and scanner.get("/settings").status == 200, "the database opens")
            self.ask("database", scanner, lambda: [
                ("GET", target, []) for target in (*ask_about.of_history(MOMENTS), *ask_about.of_the_operator())
                if not target.startswith(("/health", "/ready", "/metrics"))])
        finally:
            scanner.stop()


def concrete(path):
    return path.replace("{symbol}", "BTC-USDT").replace("{id}", "1").replace("{name}", "majors")


def route_of(document, target):
    path = target.split("?")[0].rstrip("/")
    templates = sorted(document["paths"], key=lambda template: ("{" in template, -len(template)))
    return next((template for template in templates if match_path(template, path)), "(none)")


def take_all(run, keep_data=False):
    try:
        data = run.with_market()
        if keep_data:
            shutil.rmtree(run.folder / "data", ignore_errors=True)
            shutil.copytree(data, run.folder / "data")
        run.without_market()
        run.from_kept_database()
        return run.answers
    finally:
        run.close()


def keep(binaries, folder):
    folder.mkdir(parents=True, exist_ok=True)
    recording = Recording()
    with tempfile.TemporaryDirectory(prefix="answers-") as work:
        clock = Clock(work, build_clock(work), START_MS - 60_000)
        simulator = Simulator(binaries, ["--contracts", "40", "--scenario", "all", "--prevalence", "0.15",
                                         "--over-limit", "none"], clock.environment)
        try:
            run = Run(binaries, folder, recording, simulator.port, clock)
            try:
                run.with_market()
            finally:
                run.close()
        finally:
            simulator.stop()
    recording.save(folder / "exchange.json.gz")
    run = Run(binaries, folder, recording)
    answers = take_all(run, keep_data=True)
    (folder / "answers.json").write_text(json.dumps(answers, indent=0))
    print(f"{len(answers)} answers kept, on {len(recording.answers)} recorded answers of the exchange")
    for problem in run.problems:
        print("PROBLEM:", problem)
    return 1 if run.problems else 0


def compare(binaries, folder, by_value):
    kept = json.loads((folder / "answers.json").read_text())
    document = json.loads(next(a["body"] for a in kept if a["target"] == "/openapi.json" and a["method"] == "GET"))
    run = Run(binaries, folder, Recording.load(folder / "exchange.json.gz"), kept=kept)
    answers = take_all(run)
    report = Report(by_value)
    for old, new in zip(kept, answers, strict=True):
        route = f"{old['scene']} {old['method']} {route_of(document, old['target'])}"
        report.compare(route, old["target"], old, json.loads(json.dumps(new)))
    report.print(sys.stdout)
    now = next((a for a in answers if a["target"] == "/openapi.json" and a["method"] == "GET" and a["status"] == 200), None)
    if now is not None:
        for path, operations in json.loads(now["body"])["paths"].items():
            if "get" in operations and path not in document["paths"]:
                print(f"  a new route, not compared: GET {path}")
    for problem in run.problems:
        print("PROBLEM:", problem)
    return 1 if report.different or run.problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("keep", "compare"))
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--by-value", action="store_true", help="numbers may have fewer digits than the kept ones")
    arguments = parser.parse_args()
    if arguments.action == "keep":
        return keep(arguments.binaries, arguments.folder)
    return compare(arguments.binaries, arguments.folder, arguments.by_value)


if __name__ == "__main__":
    sys.exit(main())
