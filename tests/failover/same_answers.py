#!/usr/bin/env python3
"""Whether a replica answers as the scanner does, over the whole interface, as two programs on real Redis and Postgres.

    tests/failover/same_answers.py BIN_DIR

Every GET route of /openapi.json with its parameters (tests/answers/questions.py) is asked of both while the same ranking is
the newest, and compared byte for byte, status and headers included; streams frame by frame. Set apart, by name: members that
depend on the clock (CLOCK), and routes that tell of the process that is asked (OF_THE_PROCESS). What is read live is of
another moment in each answer: there both must have the same members. Exit code 1 when anything differs."""

import concurrent.futures
import json
import os
import pathlib
import re
import signal
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests" / part) for part in ("chaos", "deploy", "answers", "api", "failover")]
import questions as ask_about  # noqa: E402
from machines import Postgres, Program, Redis, Simulator, free_port, remove_folder, scratch_folder, wait_for  # noqa: E402
from service import Connection, WebSocket, request, request_bytes  # noqa: E402

TOKEN = "a-token-for-the-comparison-0123456789"
JSON = [("Content-Type", "application/json"), ("Authorization", f"Bearer {TOKEN}")]
# Ages and when the next cycle begins: told as of the moment of the answer.
CLOCK = re.compile(rb'"(?:data_age_ms|next_scan_at|age_sec)": ?(?:null|"[^"]*"|[-0-9.e]+)')
# ETags are compared: they are of the answer without its ages. Lengths are not, which ages change.
# What the process that is asked does and has: its stores, its connections, its recordings, its reading of the exchange.
OF_THE_PROCESS = ("/healthz/details", "/metrics", "/ready", "/exchange", "/recordings")
OF_THE_CONNECTION = ("date", "server", "connection", "keep-alive", "x-data-age-ms", "age", "content-length", "x-request-id")
ATTEMPTS = 40
FOLLOWED_SEC = 5


class Process:
    def __init__(self, bin_dir, folder, role, machines, extra):
        self.port = free_port()
        self.log = os.path.join(folder, role + ".log")
        env = {name: value for name, value in os.environ.items() if not name.startswith("SCANNER_")} | {
            "SCANNER_ROLE": role, "SCANNER_API_TOKEN": TOKEN, "SCANNER_HTTP_PORT": str(self.port), "SCANNER_LOG_FORMAT": "json",
            "SCANNER_DATA_DIR": os.path.join(folder, role), "SCANNER_EXCHANGE_URL": f"http://127.0.0.1:{machines['simulator'].port}",
            "SCANNER_SCAN_INTERVAL_SEC": "4", "SCANNER_RANK_INTERVAL_MS": "2000", "SCANNER_SCAN_TOP_BY_QVOL": "15",
            "SCANNER_REDIS_URL": f"redis://127.0.0.1:{machines['redis'].port}/0", "SCANNER_POSTGRES_URL": machines["postgres"].url(),
            "SCANNER_MIN_QVOL_USDT": "100000", "SCANNER_MAX_SPREAD_BPS": "2000", **extra}
        self.program = Program([f"{os.path.abspath(bin_dir)}/market-scanner", "serve", "--env-file", "/dev/null"], open(self.log, "ab"), env=env)

    def ask(self, target, method="GET", headers=(), body=b""):
        return request(self.port, method, target, list(headers), body)

    def change(self, target, body):
        answer = self.ask(target, "POST", JSON, json.dumps(body).encode())
        if answer.status not in (200, 201):
            raise SystemExit(f"POST {target}: {answer.status} {answer.body[:500]}")

    def ready(self):
        try:
            return self.ask("/ready").status == 200
        except OSError:
            return False

    def sequence(self):
        return self.ask("/rankings?top=1").json().get("seq")


def told(answer):
    headers = {name.lower(): value for name, value in answer.headers if name.lower() not in OF_THE_CONNECTION}
    return answer.status, headers, CLOCK.sub(b'"clock":0', answer.body)


def same_moment(scanner, replica, target, method, headers):
    """Both answers while the newest ranking was one and the same, before and after."""
    for _ in range(ATTEMPTS):
        before = (scanner.sequence(), replica.sequence())
        one, other = (process.ask(target, method, headers) for process in (scanner, replica))
        if one.header("x-scan-seq") == other.header("x-scan-seq") and one.header("x-scan-seq"):
            return one, other
        after = (scanner.sequence(), replica.sequence())
        if len({*before, *after}) == 1:
            return one, other
        time.sleep(0.2)
    raise SystemExit(f"{method} {target}: the two never had the same newest ranking")


def shape(value):
    """Of an answer that is of another moment: what there is, and of what kind."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    return "list" if isinstance(value, list) else "null" if value is None else "value"


def is_live(target):
    return "/inspect" in target and "seq=" not in target


class Comparison:
    def __init__(self):
        self.asked = 0
        self.different = []

    def note(self, what, one, other):
        self.asked += 1
        if one != other:
            at = next((i for i, (a, b) in enumerate(zip(str(one), str(other))) if a != b), min(len(str(one)), len(str(other))))
            self.different.append(f"{what}\n  scanner: …{str(one)[max(0, at - 60):at + 120]}\n  replica: …{str(other)[max(0, at - 60):at + 120]}")

    def routes(self, scanner, replica, targets):
        for method, target, headers in targets:
            path = target.split("?")[0].rstrip("/")
            if path.startswith("/history") and "to=" not in target and "no_such" not in target:
                continue  # until now: of another moment each time
            if path in OF_THE_PROCESS or path.startswith("/recordings"):
                continue
            one, other = same_moment(scanner, replica, target, method, headers)
            if is_live(target) and one.status == other.status == 200 and one.body and other.body:
                self.note(f"{method} {target} (members)", shape(one.json()), shape(other.json()))
            else:
                self.note(f"{method} {target}", told(one), told(other))

    def streams(self, scanner, replica):
        """Frames of some seconds, by their number: each that both sent must be the same."""
        for read, target in ((events_of, "/stream/events?top=5&min_interval_ms=0"), (events_of, "/stream/events?symbols=btc,eth"),
                             (events_of, "/stream/events?top=15&profile=swing&min_interval_ms=0"),
                             (messages_of, "/stream/rankings?top=15&min_interval_ms=0"), (messages_of, "/stream/rankings?profile=news&top=7")):
            with concurrent.futures.ThreadPoolExecutor(2) as both:
                frames = list(both.map(lambda process: read(process, target), (scanner, replica)))  # noqa: B023
            common = sorted(set(frames[0]) & set(frames[1]))
            if not common:
                self.different.append(f"{target}: no frame of the same number")
            for number in common:
                self.note(f"{target} frame {number}", frames[0][number], frames[1][number])


def events_of(process, target):
    found, text = {}, b""
    with Connection(process.port) as connection:
        connection.send(request_bytes("GET", target))
        connection.read_until(b"\r\n\r\n")
        end = time.monotonic() + FOLLOWED_SEC
        while time.monotonic() < end:
            text += connection.read_chunk()
            *events, text = text.split(b"\n\n")
            for event in events:
                number = re.search(rb"^id: ?(\S+)", event, re.M)
                if number:
                    found[number.group(1).decode()] = CLOCK.sub(b'"clock":0', event)
    return found


def messages_of(process, target):
    found = {}
    with WebSocket(process.port, target) as stream:
        end = time.monotonic() + FOLLOWED_SEC
        while time.monotonic() < end:
            text = stream.read_text()
            if "seq" in json.loads(text):
                found[str(json.loads(text)["seq"])] = CLOCK.sub(b'"clock":0', text.encode() if isinstance(text, str) else text)
    return found


def operators_changes(scanner, replica, compared):
    """What is changed at one is in force at the other within a second."""
    for at, elsewhere, name in ((replica, scanner, "majors"), (scanner, replica, "others")):
        at.change("/watchlists", {"name": name, "symbols": ["btc", "ETH-USDT", "SOL/USDT:USDT"]})
        changed = time.monotonic()
        while elsewhere.ask(f"/watchlists/{name}").status != 200 and time.monotonic() - changed < 10:
            time.sleep(0.02)
        took = time.monotonic() - changed
        print(f"watchlist {name}: elsewhere after {took:.2f} s")
        compared.note(f"watchlist {name} elsewhere in time", took < 10, True)
    replica.change("/profiles", {"name": "calm", "weights": {"liq.qvol": 1.2, "vol.atr": -4}})
    replica.change("/alerts/rules", {"name": "leaders", "expression": "rank <= 2 and spread_bps < 5"})
    replica.change("/settings", {"manipulation_threshold": 55})
    before = scanner.sequence()
    wait_for("rankings with the changes", lambda: (replica.sequence() or 0) > before + 2, 60)


def compare(bin_dir, folder):
    machines = {"redis": Redis(folder), "postgres": Postgres(folder),
                "simulator": Simulator(f"{bin_dir}/htx-simulator", folder, 7)}
    wait_for("the simulator", machines["simulator"].answers, 60)
    processes = []
    compared = Comparison()
    try:
        for role in ("scanner", "replica"):
            processes.append(Process(bin_dir, folder, role, machines, {"SCANNER_FEED": "required"} if role == "scanner" else {}))
        scanner, replica = processes
        for process in processes:
            wait_for("being ready", process.ready, 90)
        operators_changes(scanner, replica, compared)
        wait_for("history", lambda: len(scanner.ask("/history/rankings?limit=200").json().get("items", [])) >= 200, 90)
        now = time.gmtime()
        moments = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.mktime(now) - time.timezone - ago)) for ago in (60, 20, 5)]
        document = scanner.ask("/openapi.json").json()
        universe = scanner.ask("/symbols").json()["items"]
        listed = {row["contract_code"] for row in universe}
        ranked = [item["contract_code"] for item in scanner.ask("/rankings?top=200").json()["items"]]
        outside = sorted(code for code in listed - set(ranked) if code.isascii())[:3]

        for code in outside:
            scanner.ask(f"/symbol/{code}/inspect")  # who looks at it has it followed; the first one sees no ladder yet
        time.sleep(2)

        def concrete(path):
            return path.replace("{symbol}", "BTC-USDT").replace("{name}", "calm").replace("{id}", "none")

        since = f"from={moments[0]}&to={moments[2]}"
        needed = {"/history/bars": f"symbol=BTC-USDT&{since}", "/history/rankings": since}
        targets = list(ask_about.of_every_route(document, needed, concrete))
        targets += [("GET", target, []) for target in ask_about.of_rankings(("score", "spread_bps", "manip_score"))]
        targets += [("GET", target, []) for target in ask_about.of_the_operator()]
        targets += [("GET", f"/symbol/{code}/inspect", []) for code in [*ranked[:3], *outside]]
        targets += [("GET", f"/symbols/{code}/inspect?mode=card", []) for code in ranked[:3]]
        targets += [("GET", target, []) for target in ask_about.of_history(moments) if "to=" in target or "as_of" in target or "cursor" in target]
        compared.routes(scanner, replica, targets)
        for _ in range(3):
            kept = replica.sequence()
            compared.routes(scanner, replica, [("GET", f"/symbol/{code}/inspect?seq={kept}{more}", []) for code in ranked[:5]
                                               for more in ("", "&profile=swing", "&mode=card")])
        compared.streams(scanner, replica)
        # Without the elected one what is live is an error that says so, and what is kept still answers.
        scanner.program.end(signal.SIGKILL, 10)
        answer = replica.ask(f"/symbol/{ranked[0]}/inspect")
        compared.note("a live read without a scanner", (503, "live-read-unanswered"), (answer.status, answer.json().get("type", "").split(":")[-1]))
        compared.note("a kept one", 200, replica.ask(f"/symbol/{ranked[0]}/inspect?seq={replica.sequence()}").status)
    finally:
        for process in processes:
            process.program.end(signal.SIGKILL, 10)
        for name in ("simulator", "redis", "postgres"):
            machines[name].program.end(signal.SIGKILL, 10)
        machines["postgres"].disk.close()
    return compared


def main():
    folder = scratch_folder()
    try:
        compared = compare(sys.argv[1], folder)
    finally:
        remove_folder(folder)
    for difference in compared.different:
        print(difference)
    print(f"{compared.asked} comparisons, {len(compared.different)} different")
    return 1 if compared.different else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main())
