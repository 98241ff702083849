"""An exchange that always says the same, and clocks that stand still: what answers are recorded from and compared on."""

import base64
import gzip
import http.client
import http.server
import json
import mmap
import os
import pathlib
import struct
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
SECOND = 1_000_000_000


class Clock:
    """The clocks of a program that is started with `environment`: they stand still until they are moved. With
    `wall_only` the monotonic clock, hence every timer, runs as ever."""

    def __init__(self, folder, library, wall_ms, wall_only=False):
        self.path = os.path.join(folder, f"clock-{id(self)}")
        self.library = library
        with open(self.path, "wb") as file:
            file.write(bytes(24))
        with open(self.path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 24)
        # In whole milliseconds, so that differences of floored times are the same in every run.
        self.wall, self.wall_only = wall_ms * 1_000_000, wall_only
        self.end = time.monotonic_ns() // SECOND * SECOND
        self.write()

    def write(self):
        shift = self.end - time.monotonic_ns() + SECOND  # so the end has been reached by now
        self.shared[:] = struct.pack("<3q", self.wall, *((2**62, 0) if self.wall_only else (self.end, shift)))

    def move(self, seconds):
        self.wall += seconds * SECOND
        self.end += seconds * SECOND
        self.write()

    @property
    def environment(self):
        return {"LD_PRELOAD": self.library, "STOPPED_CLOCK": self.path}


def build_clock(folder):
    """The library that stops the clocks of a program; needs a C compiler."""
    compiler = next((name for name in ("cc", "clang-19", "clang", "gcc")
                     if subprocess.run(["which", name], capture_output=True).returncode == 0), None)
    if compiler is None:
        raise SystemExit("answers: a C compiler is needed to build stopped_clock.c")
    library = os.path.join(folder, "stopped_clock.so")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "stopped_clock.c"], check=True)
    return library


class Recording:
    """Answers by phase (a moment at which the market stands still) and target."""

    def __init__(self):
        self.answers = {}

    def save(self, path):
        rows = [[phase, target, status, headers, base64.b64encode(body).decode()]
                for (phase, target), (status, headers, body) in sorted(self.answers.items())]
        with gzip.open(path, "wt") as file:
            json.dump(rows, file)

    @classmethod
    def load(cls, path):
        recording = cls()
        with gzip.open(path, "rt") as file:
            for phase, target, status, headers, body in json.load(file):
                recording.answers[phase, target] = (status, headers, base64.b64decode(body))
        return recording


class Exchange:
    """Serves a recording on a free loopback port. With `source`, the port of a simulator, what is not in the recording
    is asked there and recorded."""

    KEPT_HEADERS = ("content-type", "content-encoding")  # not the rate limits, which count what a run asked before

    def __init__(self, recording, source=None):
        self.recording, self.source = recording, source
        self.phase = 0
        self.asked = []  # (phase, target)
        self.unknown = []  # targets that the recording does not have
        self.lock = threading.Lock()
        exchange = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, headers, body = exchange.answer(self.path)
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, target):
        with self.lock:
            key = (self.phase, target)
            self.asked.append(key)
            found = self.recording.answers.get(key)
            if found is None and self.source is not None:
                found = self.recording.answers[key] = self.ask(target)
            elif found is None:
                self.unknown.append(target)
                found = (404, [["content-type", "application/json"]],
                         b'{"status":"error","err-code":"not-recorded","err-msg":"not in the recording"}')
            return found

    def ask(self, target):
        connection = http.client.HTTPConnection("127.0.0.1", self.source, timeout=20)
        connection.request("GET", target)
        answer = connection.getresponse()
        body = answer.read()
        headers = [[name, value] for name, value in answer.getheaders() if name.lower() in self.KEPT_HEADERS]
        connection.close()
        return answer.status, headers, body

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
