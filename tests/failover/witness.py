"""What is seen of a run, by eyes of its own: the ranking stream, the answers of every process, a client that follows events,
and the receiver of alerts. It writes down and judges nothing; invariants.py does."""

import hashlib
import http.client
import http.server
import json
import socket
import threading
import time
import urllib.error
import urllib.request

from invariants import Answer, Claim, Published

RANKINGS = "/rankings?top=200&min_qvol=0&max_spread_bps=9999"


def digest(text):
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()[:16]


class Redis:
    """Enough of the protocol to read a stream: what a command answers, as bytes, numbers, lists and None."""

    def __init__(self, host, port, timeout=5):
        self.socket = socket.create_connection((host, port), timeout)
        self.file = self.socket.makefile("rb")

    def command(self, *words):
        words = [word.encode() if isinstance(word, str) else word for word in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        return self.answer()

    def answer(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis is gone")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise ConnectionError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if rest == b"-1":
                return None
            data = self.file.read(int(rest) + 2)
            if len(data) != int(rest) + 2:
                raise ConnectionError("Redis is gone")
            return data[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.answer() for _ in range(int(rest))]
        return rest

    def close(self):
        self.socket.close()


class Watcher:
    """A thread that goes on until the end, whatever connections do."""

    def __init__(self):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.over.is_set():
            try:
                self.turn()
            except (OSError, ValueError, http.client.HTTPException):
                self.over.wait(0.05)

    def start(self):
        self.thread.start()
        return self

    def end(self):
        self.over.set()
        self.thread.join(40)


class StreamReader(Watcher):
    """Every entry of the ranking stream since the beginning, over restarts of Redis."""

    def __init__(self, host, port, key="stream:rankings"):
        super().__init__()
        self.host, self.port, self.key = host, port, key
        self.entries, self.sizes = [], []
        self.server, self.run_id, self.last = 0, None, "0"
        self.restarts = []  # how many entries there were before each

    def turn(self):
        redis = Redis(self.host, self.port)
        try:
            told = redis.command("INFO", "server").decode()
            run_id = next(line.split(":")[1] for line in told.split("\r\n") if line.startswith("run_id:"))
            if run_id != self.run_id:
                if self.run_id is not None:
                    self.restarts.append(len(self.entries))
                self.server, self.run_id, self.last = self.server + 1, run_id, "0"
            while not self.over.is_set():
                for _, entries in redis.command("XREAD", "COUNT", "100", "BLOCK", "500", "STREAMS", self.key, self.last) or []:
                    for identity, pairs in entries:
                        self.saw(dict(zip(pairs[::2], pairs[1::2])))
                        self.last = identity.decode()
        finally:
            redis.close()

    def saw(self, entry):
        self.sizes.append(len(entry[b"delta"]))
        self.entries.append(Published(time.monotonic(), self.server, int(entry[b"epoch"]), int(entry[b"seq"]), entry[b"recorded"] == b"1",
                                      digest(entry[b"delta"])))

    def snapshot_bytes(self):
        redis = Redis(self.host, self.port)
        try:
            return redis.command("HSTRLEN", "stream:snapshot", "bytes")
        finally:
            redis.close()

    def newest(self):
        return self.entries[-1] if self.entries else None


def content(body):
    """A ranking without what depends on when it was asked for."""
    body = {name: value for name, value in body.items() if name not in ("data_age_ms", "next_scan_at")}
    return digest(json.dumps(body, sort_keys=True))


class Poller(Watcher):
    """Asks a process again and again. `label` tells which life of it answers."""

    def __init__(self, url, label, targets, pause=0.1):
        super().__init__()
        self.url, self.label, self.targets, self.pause = url, label, targets, pause
        self.answers, self.claims, self.unanswered = [], [], 0
        self.place = 0

    def turn(self):
        target = self.targets[self.place % len(self.targets)]
        self.place += 1
        process, asked = self.label(), time.monotonic()
        try:
            with urllib.request.urlopen(self.url + target, timeout=8) as answer:
                status, headers, text = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, headers, text = error.code, error.headers, error.read()
        except (OSError, http.client.HTTPException):
            self.unanswered += 1
            self.over.wait(self.pause)
            return
        answered = time.monotonic()
        if process == self.label():  # else two lives of it were about
            self.wrote(process, asked, answered, target, status, headers, text)
        self.over.wait(self.pause)

    def wrote(self, process, asked, answered, target, status, headers, text):
        told = {}
        if status == 200 and "/rankings" in target:
            body, age = json.loads(text), headers.get("X-Data-Age-Ms")
            told = {"epoch": body.get("epoch"), "seq": body["seq"], "content": content(body), "age_ms": float(age) if age else None}
        elif status == 200 and target == "/healthz/details":
            scale = json.loads(text).get("scale")
            if scale and scale.get("elected"):
                self.claims.append(Claim(answered, process, scale["epoch"]))
        self.answers.append(Answer(process, asked, answered, target, status, **told))


class Follower(Watcher):
    """A client that reads events, and connects again with the last number that it got."""

    def __init__(self, host, port, pause=0.1):
        super().__init__()
        self.host, self.port, self.pause = host, port, pause
        self.numbers, self.connections, self.refused = [], 0, []

    def turn(self):
        headers = {"Last-Event-ID": str(self.numbers[-1])} if self.numbers else {}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=15)
        try:
            connection.request("GET", "/stream/events?top=1&min_interval_ms=0&fields=symbol", headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                self.refused.append((time.monotonic(), answer.status))
                self.over.wait(self.pause)
                return
            self.connections += 1
            while not self.over.is_set() and (line := answer.readline()):
                if line.startswith(b"id:"):
                    self.numbers.append(int(line[3:]))
        finally:
            connection.close()


class Receiver:
    """Takes webhooks, and keeps the id of each."""

    def __init__(self, address):
        received = self.received = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                received.append(self.headers["webhook-id"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
