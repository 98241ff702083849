"""The promises, checked all along: what is served is finite, fresh or labelled, and goes forward."""

import csv
import io
import json
import math
import socket
import threading
import time
import urllib.error

TARGETS = [
    "/rankings?top=200&min_qvol=0&max_spread_bps=9999",
    "/opportunities?top=20",
    "/rankings?profile=swing&fields=symbol,score,age_ms,slip_bps,funding_8h_pct&explain=1",
    "/healthz/details",
    "/rankings?format=csv&top=200&min_qvol=0",
    "/symbol/BTC-USDT/inspect?mode=card",
    "/symbols",
    "/symbol/ETH-USDT/inspect",
]


def refuse_constant(text):
    raise ValueError(f"{text} in JSON")


def non_finite(value, path=""):
    """Where a number is not finite; None where all are."""
    if isinstance(value, float):
        return None if math.isfinite(value) else path
    if isinstance(value, dict):
        return next(filter(None, (non_finite(v, f"{path}.{k}") for k, v in value.items())), None)
    if isinstance(value, list):
        return next(filter(None, (non_finite(v, f"{path}[]") for v in value)), None)
    return None


class Watch:
    def __init__(self, scanner, ttl_sec):
        self.scanner = scanner
        self.ttl = ttl_sec
        self.violations = []
        self.first_seen = {}  # sequence: our own steady time
        self.newest = 0
        self.answers = {}
        self.unanswered = 0
        self.frames = 0
        self.reconnects = 0
        self.slowest = 0.0
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=run, daemon=True) for run in (self.poll, self.follow)]
        for thread in self.threads:
            thread.start()

    def violated(self, what):
        with self.lock:
            self.violations.append(f"{time.strftime('%H:%M:%S')} {what}")
        print("VIOLATION:", what, flush=True)

    def saw(self, sequence, where, asked_at):
        """Sequences go forward: an answer may not be older than what was there when it was asked for. For how long it
        had been known by then: at least so old is it, however late this machine lets us read it.
        """
        now = time.monotonic()
        with self.lock:
            self.first_seen.setdefault(sequence, now)
            before = max((s for s, at in self.first_seen.items() if at < asked_at), default=0)
            self.newest = max(self.newest, sequence)
        if sequence < before:
            self.violated(f"{where}: sequence {sequence} after {before}")
        return asked_at - self.first_seen[sequence]

    def poll(self):
        turn = 0
        while not self.over.is_set():
            target = TARGETS[turn % len(TARGETS)]
            turn += 1
            asked_at = time.monotonic()
            try:
                status, body = self.scanner.get(target)
            except urllib.error.HTTPError as error:
                status, body = error.code, error.read()
            except OSError:
                self.unanswered += 1
                self.over.wait(0.2)
                continue
            self.slowest = max(self.slowest, time.monotonic() - asked_at)
            self.answers[status] = self.answers.get(status, 0) + 1
            try:
                self.check(target, status, body, asked_at)
            except Exception as error:  # whatever is wrong with an answer is a finding
                self.violated(f"{target}: {status} {error!r} in {body[:200]!r}")
            self.over.wait(0.15)

    def check(self, target, status, body, asked_at):
        if status not in (200, 404, 429, 503, 504, 502):
            self.violated(f"{target}: status {status}: {body[:200]!r}")
        if "format=csv" in target and status == 200:
            for row in csv.reader(io.StringIO(body.decode())):
                if any(cell.lower() in ("nan", "inf", "-inf") for cell in row):
                    self.violated(f"{target}: {row}")
            return
        answer = json.loads(body, parse_constant=refuse_constant)
        if where := non_finite(answer):
            self.violated(f"{target}: {where} is not finite")
        # A contract outside of the scan is read by itself, and says so and how old it is; the list of contracts has
        # its time, and serves however old it is.
        by_itself = answer.get("in_scan") is False or target == "/symbols"
        if status == 200 and "seq" in answer and not by_itself:
            known_for = self.saw(answer["seq"], target, asked_at)
            # By the scanner's own account, and by our own steady clock, whatever was done to its wall clock.
            ages = [item["age_ms"] for item in answer.get("items", []) if "age_ms" in item]
            if ages and min(ages) > 1000 * self.ttl:
                self.violated(f"{target}: the youngest number is {min(ages)} ms old and served")
            if known_for > self.ttl + 2.0:
                self.violated(f"{target}: seq {answer['seq']} served {known_for:.1f} s after it was made")

    def follow(self):
        """Server-sent events, reconnecting for ever."""
        while not self.over.is_set():
            try:
                self.follow_once()
            except (OSError, ValueError):
                pass
            self.reconnects += 1
            self.over.wait(1.0)

    def follow_once(self):
        with socket.create_connection(("127.0.0.1", self.scanner.port), timeout=30) as connection:
            connection.settimeout(30)
            connection.sendall(b"GET /stream/events?top=50 HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            stream = connection.makefile("rb")
            last = 0
            for line in stream:
                if self.over.is_set():
                    return
                if not line.startswith(b"data: "):
                    continue
                at = time.monotonic()
                try:
                    frame = json.loads(line[6:], parse_constant=refuse_constant)
                except ValueError as error:
                    if line.endswith(b"\n"):
                        self.violated(f"a frame that is no JSON: {error}")
                    continue
                self.frames += 1
                if where := non_finite(frame):
                    self.violated(f"a frame's {where} is not finite")
                if frame["seq"] < last:
                    self.violated(f"a frame with seq {frame['seq']} after {last}")
                last = frame["seq"]
                age = self.saw(last, "a frame", at)
                # A frame may have waited for us to read it.
                if age > self.ttl + 15.0 and not all(item["stale"] for item in frame["items"]):
                    self.violated(f"a frame of seq {last}, {age:.1f} s old, is not labelled stale")

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(35)
