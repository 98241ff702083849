#!/usr/bin/env python3
"""Hostile input against the real scanner: each case of hostile_cases.py must come to the status or close code beside it,
and after each of them the scanner answers as before. At the end its memory, its descriptors and its log are looked at.

    tests/api/hostile.py BIN_DIR [NAME…]     NAME: targets raw bodies types expressions sockets slow crowds
"""

import json
import os
import socket
import struct
import sys
import time

import hostile_cases as cases
from service import CLOSE, Connection, Scanner, Simulator, WebSocket, frame, request, request_bytes, until, upgrade_headers

JSON = ("Content-Type", "application/json")
MOST_GROWTH = 96 << 20  # bytes of memory, after everything
MOST_PROBLEM_BYTES = 64 << 10
MOST_HEALTH_SEC = 10.0


class Attack:
    def __init__(self, scanner):
        self.scanner = scanner
        self.failures = []
        self.count = 0

    def fail(self, name, message):
        self.failures.append(name)
        print(f"FAILED: {name}: {message}", flush=True)

    def expect(self, name, outcome, wanted, evidence=""):
        self.count += 1
        if outcome not in (wanted if isinstance(wanted, tuple) else (wanted,)):
            self.fail(name, f"{outcome}, expected {wanted} {evidence}")
        self.still_there(name)

    def still_there(self, name):
        began = time.monotonic()
        if not self.scanner.alive():
            print(self.scanner.output()[-5000:])
            raise SystemExit(f"FAILED: {name}: the scanner is gone")
        answer = self.scanner.get("/health")
        took = time.monotonic() - began
        if answer.status != 200 or took > MOST_HEALTH_SEC:
            self.fail(name, f"afterwards /health is {answer.status} after {took:.1f} s")

    def send(self, name, data, wanted):
        """Sends bytes and holds the answer to what was expected, and to the form of a problem."""
        with Connection(self.scanner.port) as connection:
            connection.send(data)
            try:
                answer = connection.read_answer("HEAD" if data.startswith(b"HEAD") else "GET")
            except (socket.timeout, ValueError) as error:
                return self.expect(name, repr(error), wanted)
        if answer is None:
            return self.expect(name, cases.CLOSED, wanted)
        self.check_form(name, answer)
        return self.expect(name, answer.status, wanted, answer.body[:300])

    def check_form(self, name, answer):
        for header, value in answer.headers:
            if header not in ("allow", "link") and len(value) > 2_000:
                self.fail(name, f"a header of {len(value)} bytes: {header}")
        if answer.status < 400 or (answer.header("content-type") or "").startswith("text/html"):
            return
        if answer.header("content-type") != "application/problem+json":
            return self.fail(name, f"{answer.status} comes as {answer.header('content-type')}")
        try:
            problem = answer.json()
        except ValueError as error:
            return self.fail(name, f"{error}: {answer.body[:300]!r}")
        if problem["status"] != answer.status or not problem["detail"]:
            self.fail(name, f"a problem that says nothing: {problem}")
        if len(answer.body) > MOST_PROBLEM_BYTES:
            self.fail(name, f"a problem of {len(answer.body)} bytes")


def shown(text):
    text = text if isinstance(text, str) else text.decode("utf-8", "backslashreplace")
    return repr(text if len(text) < 70 else text[:60] + f"… ({len(text)})")


def targets(attack):
    for target, wanted in cases.TARGETS:
        attack.send(f"target {shown(target)}", cases.get(target), wanted)


def raw(attack):
    for name, data, wanted in cases.RAW:
        attack.send(name, data, wanted)


def bodies(attack):
    for target, body, wanted in cases.BODIES:
        attack.send(f"POST {shown(target)} {shown(body)}", post(target, body), wanted)


def post(target, body, content_type=JSON[1]):
    headers = [("Content-Type", content_type)] if content_type else []
    return request_bytes("POST", target, headers + ([("Content-Length", "0")] if not body else []), body)


def types(attack):
    for content_type, wanted in cases.TYPES:
        attack.send(f"Content-Type {shown(content_type)}", post("/settings", b"{}", content_type), wanted)


def expressions(attack):
    for expression, wanted in cases.EXPRESSIONS:
        body = json.dumps({"expression": expression}).encode()
        attack.send(f"expression {shown(expression)}", post("/alerts/rules:test", body), wanted)


def sockets(attack):
    for name, data, wanted in cases.SOCKETS:
        name = f"WebSocket: {name}"
        with WebSocket(attack.scanner.port, "/stream/rankings?top=1") as stream:
            if stream.answer is None or stream.answer.status != 101:
                attack.fail(name, "no handshake")
                continue
            stream.send(data)
            attack.expect(name, after_attack(stream, goes_on=wanted == cases.OPEN), wanted)


def after_attack(stream, goes_on):
    """OPEN once three more frames of the stream have come, else how it ended."""
    frames = 0
    try:
        while True:
            received = stream.read_frame()
            if received is None:
                return cases.DROPPED
            if received[0] == CLOSE:
                payload = received[1] or b""
                return struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
            frames += received[0] == 1
            if goes_on and frames >= 3:
                return cases.OPEN
    except socket.timeout:
        return "silence"


# -- what takes time or many connections --------------------------------------------------------------------------------

def slow(attack):
    """Requests that arrive little by little share their time: 15 s for each, all at once here."""
    starts = {
        "a head a byte a second": (b"GET /health HTTP/1.1\r\n", b"X"),
        "a header a second": (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"X: y\r\n"),
        "a body a byte a second": (b"POST /settings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n", b" "),
        "a chunk a second": (b"POST /settings HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        "an expectation without its body": (b"POST /settings HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
                                            b"Content-Length: 5\r\n\r\n", b""),
    }
    held = {}
    for name, (start, _) in starts.items():
        held[name] = Connection(attack.scanner.port)
        held[name].send(start)
    for _ in range(20):
        time.sleep(1)
        for name, (_, more) in starts.items():
            held[name].send(more)
    for name, connection in held.items():
        try:
            answer = connection.read_answer()
        except (OSError, ValueError) as error:
            answer = None
            print(f"  {name}: {error!r}")
        # A byte that comes after the end resets the connection, and the answer may be lost with it.
        attack.expect(name, cases.CLOSED if answer is None else answer.status, (408, cases.CLOSED))
        connection.socket.close()
    handshake = Connection(attack.scanner.port)
    handshake.send(request_bytes("GET", "/stream", upgrade_headers())[:-10])
    attack.expect("half a handshake", attack.scanner.get("/ready").status, 200)
    handshake.socket.close()


def crowds(attack):
    port = attack.scanner.port
    with Connection(port) as connection:
        connection.send(cases.get("/health") * 2_000)
        statuses = {connection.read_answer().status for _ in range(2_000)}
        attack.expect("2 000 requests in one piece", statuses == {200}, True)
    with Connection(port) as connection:
        connection.send(cases.get("/nowhere/%zz") * 500)
        statuses = {connection.read_answer().status for _ in range(500)}
        attack.expect("500 wrong requests in one piece", statuses == {400}, True)
    # Loopback's own address has no limits; another one is a client like any other.
    with Connection(port, source="127.0.0.2") as connection:
        began = time.monotonic()
        asked, refused = 0, None
        while refused is None and asked < 20_000:
            connection.send(cases.get("/health") * 1_000)
            answers = [connection.read_answer() for _ in range(1_000)]
            asked += 1_000
            refused = next((answer for answer in answers if answer is None or answer.status != 200), None)
        if refused is None and asked / (time.monotonic() - began) < 1_500:
            print("  this machine cannot ask fast enough to be refused")
        else:
            attack.expect("a client that asks as fast as it can", refused and refused.status, 429)
            attack.expect("it is told when to come again", refused and refused.header("Retry-After") is not None, True)
    held = [Connection(port) for _ in range(500)]
    attack.expect("500 connections that say nothing", attack.scanner.get("/ready").status, 200)
    for connection in held:
        connection.send(b"GET /rankings HTTP/1.1\r\nHo")
    attack.expect("500 half requests", attack.scanner.get("/ready").status, 200)
    close_hard(held)
    held = [WebSocket(port, f"/stream/rankings?top={number % 200 + 1}") for number in range(400)]
    attack.expect("400 subscribers that never read", attack.scanner.get("/ready").status, 200)
    time.sleep(3)
    close_hard(held)
    held = []
    for number in range(300):
        profile = ("scalp", "swing")[number // 200]
        held.append(WebSocket(port, f"/stream/rankings?top={number % 200 + 1}&profile={profile}"))
    codes = set()
    for stream in held[-5:]:
        codes.add(after_attack(stream, goes_on=True))
    attack.expect("300 different subscriptions", codes == {1013}, True, codes)
    close_hard(held)
    held = [Connection(port) for _ in range(200)]
    for connection in held:
        connection.send(cases.get("/openapi.json") * 20)
    attack.expect("4 000 large answers that are never read", attack.scanner.get("/ready").status, 200)
    close_hard(held)
    held = []
    for _ in range(30):
        connection = Connection(port)
        connection.send(cases.get("/history/rankings?format=ndjson&from=2000-01-01"))
        held.append(connection)
    attack.expect("30 exports that are never read", attack.scanner.get("/ready").status, 200)
    close_hard(held)
    held = []
    for number in range(200):
        connection = Connection(port)
        connection.send(cases.get(f"/symbol/{('btc', 'eth', 'sol', 'bless')[number % 4]}/inspect?_={number}"))
        held.append(connection)
    close_hard(held)
    attack.expect("200 inspections whose askers are gone", attack.scanner.get("/ready").status, 200)
    for _ in range(300):
        connection = Connection(port)
        connection.send(post("/watchlists", json.dumps({"name": "churn", "symbols": ["btc"]}).encode()))
        connection.socket.close()
    attack.expect("300 changes whose askers are gone", request(port, "GET", "/watchlists").status, 200)
    until(lambda: open_files(attack.scanner) < 100, "descriptors are given back")
    attack.expect("descriptors are given back", open_files(attack.scanner) < 100, True)


def close_hard(connections):
    """With a reset, as a client that dies."""
    for connection in connections:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.socket.close()


def is_sanitized(binaries):
    """Sanitizers hold back what was freed."""
    with open(os.path.join(binaries, "market-scanner"), "rb") as program:
        content = program.read()
    return b"__asan_init" in content or b"__tsan_init" in content


def open_files(scanner):
    return len(os.listdir(f"/proc/{scanner.pid}/fd"))


ALL = {attack.__name__: attack for attack in (targets, raw, bodies, types, expressions, sockets, slow, crowds)}


def main(binaries, names):
    simulator = Simulator(binaries, ["--scenario", "none"])
    scanner = None
    try:
        scanner = Scanner(binaries, simulator.url, {"SCANNER_SCAN_INTERVAL_SEC": "0.5"})
        scanner.wait_until_ready()
        until(lambda: scanner.get("/history/rankings?limit=1").json()["items"], "history")
        attack = Attack(scanner)
        for name in ("targets", "raw") if not names else ():  # until what is kept for good is there
            ALL[name](Attack(scanner))
        before = scanner.memory_bytes()
        for name in names or ALL:
            counted = attack.count
            ALL[name](attack)
            print(f"{name}: {attack.count - counted} cases", flush=True)
        growth = scanner.memory_bytes() - before
        if growth > MOST_GROWTH * (8 if is_sanitized(binaries) else 1):
            attack.fail("memory", f"grew by {growth >> 20} MiB")
        healthy = scanner.get("/healthz/details").json()
        if healthy["failure_streak"] != 0:
            attack.fail("cycles", f"fail: {healthy['last_error']}")
        code = scanner.stop()
        log = scanner.output()
        for line in log.splitlines():
            if any(word in line for word in ("Sanitizer", "runtime error", "task_failed", "stream_failed", '"exception"')):
                attack.fail("log", line[:500])
        if code != 0:
            attack.fail("exit", f"code {code}: {log[-2000:]}")
    finally:
        if scanner is not None:
            scanner.stop()
        simulator.stop()
    print(f"{attack.count} hostile cases, {len(attack.failures)} failures; memory grew by {growth >> 10} KiB")
    return 1 if attack.failures else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
