"""The two real programs on free loopback ports, and clients that can say what no proper client would."""

import base64
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

DEADLINE = 60.0  # seconds for whatever has to happen eventually, on a slow machine


def free_port():
    return int(subprocess.check_output([pathlib.Path(__file__).resolve().parents[2] / "scripts/free-port"]))


def until(check, what, seconds=DEADLINE):
    """The first true value of `check`."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Program:
    def __init__(self, arguments, environment=None):
        self.log = tempfile.TemporaryFile()
        env = {key: value for key, value in os.environ.items() if not key.startswith("SCANNER_")}
        env.update(environment or {})
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=env)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def output(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def stop(self):
        """The exit code."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def memory_bytes(self):
        with open(f"/proc/{self.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Simulator(Program):
    def __init__(self, binaries, arguments=(), environment=None):
        self.port = free_port()
        super().__init__([os.path.join(binaries, "htx-simulator"), "--port", str(self.port), "--market", "busy",
                          "--contracts", "30", *arguments], environment)
        until(lambda: accepts(self.port) or not self.alive(), "the simulator listens")
        if not self.alive():
            raise AssertionError("htx-simulator ended: " + self.output())

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


class Scanner(Program):
    """Under the seed model, unless `settings` say otherwise: what a client asks is answered with a score of manipulation from the
    first cycle on, while the measured model learns for a quarter of an hour."""

    def __init__(self, binaries, exchange_url, settings=None):
        self.port = free_port()
        self.data = tempfile.mkdtemp(prefix="market-scanner-api-")
        environment = {"SCANNER_EXCHANGE_URL": exchange_url, "SCANNER_HTTP_PORT": str(self.port),
                       "SCANNER_DATA_DIR": self.data, "SCANNER_SCAN_INTERVAL_SEC": "1", "SCANNER_LOG_LEVEL": "warning",
                       "SCANNER_MANIP_MODEL": "seed"}
        environment.update(settings or {})
        super().__init__([os.path.join(binaries, "market-scanner"), "serve", "--env-file", "/dev/null"], environment)
        until(lambda: accepts(self.port) or not self.alive(), "the scanner listens")
        if not self.alive():
            raise AssertionError("market-scanner ended: " + self.output())

    def wait_until_ready(self):
        until(lambda: self.get("/ready").status == 200, "a ranking")

    def get(self, target, headers=()):
        return request(self.port, "GET", target, headers)

    def stop(self):
        code = super().stop()
        shutil.rmtree(self.data, ignore_errors=True)
        return code


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


# -- HTTP -----------------------------------------------------------------------------------------------------------

class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # (lower-case name, value)
        self.body = body

    def header(self, name):
        for known, value in self.headers:
            if known == name.lower():
                return value
        return None

    def json(self):
        """Strictly: no NaN, no member twice."""
        def members(pairs):
            names = [name for name, _ in pairs]
            if len(names) != len(set(names)):
                raise ValueError("a member is there twice")
            return dict(pairs)

        def refuse(constant):
            raise ValueError(f"{constant} is not JSON")
        return json.loads(self.body.decode("utf-8"), object_pairs_hook=members, parse_constant=refuse)


class Connection:
    """Bytes to the server and back."""

    def __init__(self, port, timeout=20.0, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout, (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """False when the server does not take it any more."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def receive(self):
        """More bytes; b"" when the server has closed."""
        try:
            return self.socket.recv(65536)
        except ConnectionError:
            return b""

    def read_exactly(self, count):
        while len(self.pending) < count:
            more = self.receive()
            if not more:
                return None
            self.pending += more
        taken, self.pending = self.pending[:count], self.pending[count:]
        return taken

    def read_until(self, end):
        while end not in self.pending:
            more = self.receive()
            if not more:
                return None
            self.pending += more
        place = self.pending.index(end) + len(end)
        taken, self.pending = self.pending[:place], self.pending[place:]
        return taken

    def is_closed(self):
        """Waits for the server's end."""
        try:
            return self.receive() == b""
        except socket.timeout:
            return False

    def read_answer(self, method="GET"):
        """None when the server closes without one."""
        while True:
            head = self.read_until(b"\r\n\r\n")
            if head is None:
                return None
            lines = head.decode("latin-1").split("\r\n")
            status = int(lines[0].split(" ")[1])
            if status != 100:
                break
        headers = []
        for line in lines[1:]:
            if line:
                name, value = line.split(":", 1)
                headers.append((name.lower(), value.strip()))
        answer = Answer(status, headers, b"")
        if method == "HEAD" or status in (101, 204, 304):
            return answer
        if (answer.header("transfer-encoding") or "").lower() == "chunked":
            answer.body = self.read_chunks()
        elif answer.header("content-length") is not None:
            answer.body = self.read_exactly(int(answer.header("content-length")))
        else:
            while True:
                more = self.receive()
                if not more:
                    break
                answer.body += more
        return answer

    def read_chunk(self):
        size = int(self.read_until(b"\r\n").strip(), 16)
        data = self.read_exactly(size)
        self.read_exactly(2)
        return data

    def read_chunks(self):
        body = b""
        while True:
            chunk = self.read_chunk()
            if not chunk:
                return body
            body += chunk


def request_bytes(method, target, headers=(), body=b""):
    lines = [f"{method} {target} HTTP/1.1".encode("latin-1"), b"Host: 127.0.0.1"]
    for name, value in headers:
        lines.append(f"{name}: {value}".encode("latin-1"))
    if body:
        lines.append(f"Content-Length: {len(body)}".encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def request(port, method, target, headers=(), body=b""):
    with Connection(port) as connection:
        connection.send(request_bytes(method, target, headers, body))
        answer = connection.read_answer(method)
        if answer is None:
            raise AssertionError(f"{method} {target[:200]}: closed without an answer")
        return answer


# -- WebSocket ------------------------------------------------------------------------------------------------------

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0


def upgrade_headers(extra=()):
    key = base64.b64encode(os.urandom(16)).decode()
    return [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key), *extra]


def frame(opcode, payload=b"", final=True, masked=True, reserved=0, length=None):
    """`length` declares another one than the payload's."""
    declared = len(payload) if length is None else length
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    if declared < 126:
        head += bytes([bit | declared])
    elif declared < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", declared)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", declared)
    if not masked:
        return head + payload
    mask = b"\x12\x34\x56\x78"
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


class WebSocket(Connection):
    def __init__(self, port, target, headers=()):
        super().__init__(port)
        self.send(request_bytes("GET", target, upgrade_headers(headers)))
        self.answer = self.read_answer()

    def read_frame(self):
        """Opcode and payload; None when the server closes without one."""
        head = self.read_exactly(2)
        if head is None:
            return None
        length = head[1] & 0x7F
        if length == 126:
            length = struct.unpack(">H", self.read_exactly(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.read_exactly(8))[0]
        return head[0] & 0x0F, self.read_exactly(length)

    def read_text(self):
        while True:
            received = self.read_frame()
            if received is None or received[0] == CLOSE:
                raise AssertionError(f"closed: {received}")
            if received[0] == TEXT:
                return received[1].decode("utf-8")

    def read_close_code(self):
        """The code of the server's close frame; 1005 without one in it, None when it only drops the connection."""
        while True:
            received = self.read_frame()
            if received is None:
                return None
            if received[0] == CLOSE:
                payload = received[1] or b""
                return struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005


def match_path(template, path):
    """Whether an OpenAPI path is the one of a request; a variable takes slashes, as it does in the server."""
    pattern = re.sub(r"\\\{[a-z]+\\\}", "(.+)", re.escape(template))
    return re.fullmatch(pattern, path) is not None
