#!/usr/bin/env python3
"""nginx as the profile `scale` runs it (deploy/nginx), in front of two scanners: requests, events without buffering,
WebSockets, a scanner that is killed, limits, TLS. With real replicas it is part of tests/failover.

    python3 tests/deploy/test_gateway.py BIN_DIR [unittest arguments]"""
import base64
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from gateway import Gateway  # noqa: E402
from stack import ROOT, Simulator, Stack, free_port, request  # noqa: E402

BIN = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else ROOT / "build/release/bin"


class Stream:
    """Bytes of one answer as they arrive."""

    def __init__(self, port, target, headers=()):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        lines = [f"GET {target} HTTP/1.1", "Host: gateway.test", *(f"{name}: {value}" for name, value in headers)]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.data = b""

    def read_until(self, done):
        while not done(self.data):
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError(f"closed after {self.data[-500:]!r}")
            self.data += more
        return self.data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def websocket(port, target):
    return Stream(port, target, [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                                 ("Sec-WebSocket-Key", base64.b64encode(os.urandom(16)).decode())])


TOKEN = "a-token-for-the-gateway-0123456789"
SETTINGS = {"SCANNER_API_TOKEN": TOKEN, "SCANNER_TRUSTED_PROXIES": "127.0.0.1", "SCANNER_SCAN_TOP_BY_QVOL": "15"}


class TwoScanners(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.simulator = Simulator(BIN)
        cls.addClassCleanup(cls.simulator.stop)
        cls.scanners = [Stack(BIN, SETTINGS, simulator=cls.simulator) for _ in range(2)]
        for scanner in cls.scanners:
            cls.addClassCleanup(scanner.stop)
        for scanner in cls.scanners:
            scanner.wait_ready()
        cls.gateway = Gateway([scanner.port for scanner in cls.scanners], tls=True)
        cls.addClassCleanup(cls.gateway.stop)

    def requests_served(self, scanner):
        counts = re.findall(r'^scanner_http_requests_total{[^}]*route="/symbols"[^}]*} (\d+)', request(scanner.url + "/metrics")[1], re.M)
        return sum(map(int, counts))

    def test_both_get_requests(self):
        for _ in range(20):
            self.assertEqual(request(self.gateway.url + "/symbols")[0], 200)
        self.assertTrue(all(self.requests_served(scanner) > 0 for scanner in self.scanners))

    def test_the_first_event_comes_at_once_and_each_by_itself(self):
        with Stream(self.gateway.port, "/stream/events?top=1&fields=symbol", [("Accept-Encoding", "gzip")]) as stream:
            # A buffering proxy would hold frames of a hundred bytes until it had kilobytes of them.
            stream.read_until(lambda data: b"\r\n\r\n" in data)
            self.assertIn(b" 200 ", stream.data.split(b"\r\n", 1)[0])
            stream.read_until(lambda data: data.count(b"event: ranking") == 1 and data.endswith(b"\n\n\r\n"))
            stream.read_until(lambda data: data.count(b"event: ranking") >= 3)
            self.assertLess(len(stream.data), 4096, "they came one by one")

    def test_websocket_frames_flow(self):
        with websocket(self.gateway.port, "/stream/rankings?top=1") as stream:
            stream.read_until(lambda data: len(set(re.findall(rb'"seq":(\d+)', data))) >= 3)
            self.assertIn(b" 101 ", stream.data.split(b"\r\n", 1)[0])

    def test_tls_by_the_example(self):
        context = ssl.create_default_context(cafile=str(self.gateway.folder / "tls/scanner.example.com.pem"))
        connection = http.client.HTTPSConnection("127.0.0.1", self.gateway.tls_port, timeout=20, context=context)
        connection.request("GET", "/rankings?top=3")
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()

    def test_too_many_requests_of_one_address_are_429(self):
        def change(text):
            return text.replace("rate=200r/s", "rate=1r/s").replace("burst=400", "burst=5")
        with Gateway([self.scanners[0].port], change=change) as strict:
            answers = [request(strict.url + "/symbols")[0] for _ in range(12)]
        self.assertEqual(answers[:6], [200] * 6)
        self.assertIn(429, answers)
        self.assertLessEqual(set(answers), {200, 429})

    def test_nobody_there_is_a_problem_and_no_page(self):
        with Gateway([free_port()]) as alone:
            status, text = request(alone.url + "/rankings")
            self.assertEqual((status, json.loads(text)["status"]), (503, 503))
            self.assertEqual(request(alone.url + "/nginx-health")[0], 200)

    def test_a_change_reaches_a_scanner_with_its_token(self):
        self.assertEqual(request(self.gateway.url + "/watchlists", "POST", {"name": "mine", "symbols": ["btc"]})[0], 401)
        status, text = request(self.gateway.url + "/watchlists", "POST", {"name": "mine", "symbols": ["btc"]}, TOKEN)
        self.assertEqual(status, 200, text)


class OneIsKilled(unittest.TestCase):
    def test_costs_a_request_nothing_and_a_stream_a_reconnect(self):
        with Simulator(BIN) as simulator, Stack(BIN, SETTINGS, simulator=simulator) as kept:
            killed = Stack(BIN, SETTINGS, simulator=simulator)
            try:
                kept.wait_ready()
                killed.wait_ready()
                with Gateway([kept.port, killed.port]) as gateway:
                    streams = [websocket(gateway.port, "/stream/rankings?top=1") for _ in range(6)]
                    for stream in streams:
                        stream.read_until(lambda data: b"\r\n\r\n" in data)
                        self.assertIn(b" 101 ", stream.data.split(b"\r\n", 1)[0])
                        stream.read_until(lambda data: b'"seq":' in data)
                    killed.scanner.stop(signal.SIGKILL)
                    self.assertEqual({request(gateway.url + "/rankings?top=1")[0] for _ in range(100)}, {200})
                    cut = 0
                    for stream in streams:
                        seen = len(stream.data)
                        try:
                            stream.read_until(lambda data: b'"seq":' in data[seen:])
                        except ConnectionError:
                            cut += 1
                            again = websocket(gateway.port, "/stream/rankings?top=1")
                            again.read_until(lambda data: b'"seq":' in data)
                            again.socket.close()
                        stream.socket.close()
                    self.assertGreater(cut, 0, "none of the streams was at the one that was killed")
                    self.assertLess(cut, len(streams), "the streams of the other are not touched")
            finally:
                killed.scanner.stop()


if __name__ == "__main__":
    unittest.main(verbosity=1)
