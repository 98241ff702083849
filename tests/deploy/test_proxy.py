#!/usr/bin/env python3
"""The scanner behind nginx as docs/operations.md configures it: TLS, WebSocket, events, saving, compression, base paths.

    python3 tests/deploy/test_proxy.py BIN_DIR [unittest arguments]"""
import base64
import json
import os
import pathlib
import re
import socket
import ssl
import sys
import time
import unittest
from http.client import HTTPSConnection
from urllib.parse import urljoin, urlsplit

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from nginx import Nginx  # noqa: E402
from stack import ROOT, Stack, request, wait_until  # noqa: E402

BIN = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else ROOT / "build/release/bin"
TOKEN = "a-token-for-the-proxy-0123456789"


def trusting(nginx):
    return ssl.create_default_context(cafile=str(nginx.folder / "cert.pem"))


def ask(nginx, method, target, headers=(), body=None):
    """(status, headers, body) over TLS; the certificate is checked."""
    connection = HTTPSConnection("127.0.0.1", nginx.port, timeout=20, context=trusting(nginx))
    try:
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def save(nginx, target, body, **headers):
    """As the console does it: the page's own origin, the token."""
    return ask(nginx, "POST", target, {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", "Origin": nginx.origin,
                                       **{name.replace("_", "-"): value for name, value in headers.items()}}, json.dumps(body))


class Stream:
    """Bytes over TLS as they arrive."""

    def __init__(self, nginx, target, headers=()):
        self.socket = trusting(nginx).wrap_socket(socket.create_connection(("127.0.0.1", nginx.port), 20), server_hostname="127.0.0.1")
        lines = [f"GET {target} HTTP/1.1", f"Host: 127.0.0.1:{nginx.port}", *(f"{name}: {value}" for name, value in headers)]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.data = b""

    def read_until(self, done):
        while not done(self.data):
            more = self.socket.recv(65536)
            if not more:
                raise AssertionError(f"closed after {self.data[:2000]!r}")
            self.data += more
        return self.data

    def head(self):
        self.read_until(lambda data: b"\r\n\r\n" in data)
        return self.data.split(b"\r\n\r\n", 1)[0].decode("latin-1")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def websocket(nginx, target, origin=None):
    return Stream(nginx, target, [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                                  ("Sec-WebSocket-Key", base64.b64encode(os.urandom(16)).decode()), ("Origin", origin or nginx.origin)])


class Behind(unittest.TestCase):
    """nginx and scanner, started once for the class."""
    settings = {}
    path, strip, change = None, False, None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(BIN, {"SCANNER_API_TOKEN": TOKEN, "SCANNER_TRUSTED_PROXIES": "127.0.0.1", **cls.settings}).wait_ready()
        cls.addClassCleanup(cls.stack.stop)
        cls.nginx = Nginx(cls.stack.port, cls.path, cls.strip, cls.change)
        cls.addClassCleanup(cls.nginx.stop)
        cls.at = cls.path or ""

    def websocket_flows(self):
        with websocket(self.nginx, self.at + "/stream/rankings?top=3") as stream:
            self.assertIn(" 101 ", stream.head())
            stream.read_until(lambda data: len(set(re.findall(rb'"seq":(\d+)', data))) >= 3)

    def events_flow(self):
        began = time.monotonic()
        with Stream(self.nginx, self.at + "/stream/events?top=3", [("Accept-Encoding", "gzip")]) as stream:
            head = stream.head()
            self.assertIn(" 200 ", head)
            self.assertNotIn("gzip", head.lower())
            stream.read_until(lambda data: b"event: ranking" in data and data.endswith(b"\n\n\r\n"))
            first = time.monotonic() - began
            # One by one: the second comes with the next cycle, not with a full buffer.
            stream.read_until(lambda data: data.count(b"event: ranking") >= 3)
        self.assertLess(first, 2.0, "the newest ranking comes at once")

    def saving_works(self):
        status, headers, body = ask(self.nginx, "GET", self.at + "/settings", {"Accept-Encoding": "gzip"})
        self.assertEqual(status, 200, body)
        notional = 5_000 + int(time.monotonic() * 1000) % 4_000
        status, _, body = save(self.nginx, self.at + "/settings", {"notional": notional}, If_Match=headers["ETag"])
        self.assertEqual(status, 200, body)
        self.assertEqual(json.loads(request(self.stack.url + "/settings")[1])["notional"], notional)
        status, _, body = save(self.nginx, self.at + "/settings", {"notional": 1_000}, If_Match=headers["ETag"])
        self.assertEqual(status, 412, "the tag of before")


class AsDocumented(Behind):
    def test_websocket_frames_flow(self):
        self.websocket_flows()

    def test_events_arrive_at_once(self):
        self.events_flow()

    def test_settings_are_saved_with_token_origin_and_tag(self):
        self.saving_works()

    def test_foreign_pages_open_no_websocket(self):
        for origin in ("https://evil.example", "null", f"https://127.0.0.1.evil.example:{self.nginx.port}"):
            with websocket(self.nginx, "/stream/rankings", origin) as stream:
                self.assertIn(" 403 ", stream.head(), origin)

    def test_changes_need_the_token_wherever_they_come_from(self):
        for token, status in (("wrong", 403), (None, 401)):
            headers = {"Content-Type": "application/json", "Origin": self.nginx.origin}
            if token:
                headers["Authorization"] = f"Bearer {token}"
            self.assertEqual(ask(self.nginx, "POST", "/settings", headers, '{"notional": 6000}')[0], status)

    def test_a_tag_that_nginx_made_weak_is_understood(self):
        # Where the client's Accept-Encoding does not reach the scanner, nginx compresses, and every tag is a weak one.
        plain = Nginx(self.stack.port, change=lambda text: text.replace("gzip_min_length 256", "gzip_min_length 20").replace(
            "    proxy_buffering off;", '    proxy_set_header Accept-Encoding "";\n    proxy_buffering off;'))
        with plain:
            status, headers, _ = ask(plain, "GET", "/settings", {"Accept-Encoding": "gzip"})
            self.assertEqual((status, headers["Content-Encoding"]), (200, "gzip"))
            self.assertRegex(headers["ETag"], r'^W/"', "this test is about weak tags")
            self.assertEqual(ask(plain, "GET", "/settings", {"Accept-Encoding": "gzip", "If-None-Match": headers["ETag"]})[0], 304)
            status, _, body = save(plain, "/settings", {"notional": 6_123}, If_Match=headers["ETag"])
            self.assertEqual(status, 200, body)
            self.assertEqual(save(plain, "/settings", {"notional": 6_124}, If_Match=headers["ETag"])[0], 412)

    def test_documents_have_tags_and_compression_through_it(self):
        status, headers, body = ask(self.nginx, "GET", "/rankings?top=5", {"Accept-Encoding": "gzip"})
        self.assertEqual((status, headers["Content-Encoding"]), (200, "gzip"))
        self.assertTrue(headers["ETag"] and headers["X-Scan-Seq"] and headers["X-Data-Age-Ms"], headers)
        self.assertLess(len(body), 20_000)

    def test_pages_of_the_site_are_the_console(self):
        status, headers, body = ask(self.nginx, "GET", "/panel")
        self.assertEqual(status, 200)
        self.assertIn("Content-Security-Policy", headers)
        for address in re.findall(rb'(?:src|href)="([^"]+)"', body):
            target = urlsplit(urljoin(self.nginx.url + "/panel", address.decode().replace("&amp;", "&")))
            status, _, _ = ask(self.nginx, "GET", target.path + ("?" + target.query if target.query else ""))
            self.assertEqual(status, 200, target)


class WithABareProxyPass(Behind):
    """Without Host: what the document asked for until now, and what many a proxy is set to."""

    @staticmethod
    def change(text):
        return text.replace("    proxy_set_header Host $http_host;            # the console's own origin, with its port\n", "")

    def test_the_scanner_does_not_see_the_host(self):
        self.assertNotIn("Host $http_host", (self.nginx.folder / "nginx.conf").read_text())

    def test_everything_works_by_the_token(self):
        self.events_flow()
        self.saving_works()

    def test_pages_of_this_machine_open_websockets(self):
        self.websocket_flows()
        with websocket(self.nginx, "/stream/rankings", "https://evil.example") as stream:
            self.assertIn(" 403 ", stream.head())


class BelowAPath(Behind):
    settings = {"SCANNER_BASE_PATH": "/scanner"}
    path = "/scanner"

    def test_streams_and_saving(self):
        self.websocket_flows()
        self.events_flow()
        self.saving_works()

    def test_every_address_that_is_given_leads_somewhere(self):
        for page in ("/panel", "/panel/", "/docs", "/docs/"):
            status, _, body = ask(self.nginx, "GET", self.path + page)
            self.assertEqual(status, 200, page)
            addresses = [address for address in re.findall(r'(?:src|href)="([^"#]+)"', body.decode()) if not address.startswith("data:")]
            self.assertGreater(len(addresses), 3, body)
            for address in addresses:
                target = urlsplit(urljoin(self.nginx.url + page, address.replace("&amp;", "&")))
                self.assertTrue(target.path.startswith(self.path + "/"), f"{page}: {address}")
                status, _, _ = ask(self.nginx, "GET", target.path + ("?" + target.query if target.query else ""))
                self.assertEqual(status, 200, f"{page}: {address}")

    def test_pages_of_history_are_followed_by_their_links(self):
        wait_until(lambda: len(json.loads(ask(self.nginx, "GET", self.path + "/history/rankings?limit=5")[2])["items"]) == 5, "history")
        target, seen = self.path + "/history/rankings?limit=1&format=csv", set()
        for _ in range(3):
            status, headers, body = ask(self.nginx, "GET", target)
            self.assertEqual(status, 200, target)
            seen.add(body)
            target = re.fullmatch(r'<(.+)>; rel="next"', headers["Link"])[1]
            self.assertTrue(target.startswith(self.path + "/history/rankings?"), target)
        self.assertEqual(len(seen), 3)

    def test_the_interface_names_its_server(self):
        document = json.loads(ask(self.nginx, "GET", self.path + "/openapi.json")[2])
        self.assertEqual([server["url"] for server in document["servers"]], [self.path])

    def test_nothing_else_of_the_site_is_the_scanner(self):
        self.assertEqual(ask(self.nginx, "GET", "/rankings")[0], 404)
        self.assertEqual(ask(self.nginx, "GET", "/scanners/rankings")[0], 404)


class BelowAPathThatIsTakenOff(BelowAPath):
    strip = True


class Plain(Behind):
    def test_plain_http_is_sent_to_tls(self):
        configuration = (self.nginx.folder / "nginx.conf").read_text()
        port = int(re.search(r"listen 127\.0\.0\.1:(\d+);", configuration)[1])
        with socket.create_connection(("127.0.0.1", port), 20) as plain:
            plain.sendall(b"GET /panel HTTP/1.1\r\nHost: scanner.example.com\r\nConnection: close\r\n\r\n")
            answer = plain.recv(4096).decode()
        self.assertIn(" 308 ", answer)
        self.assertIn("Location: https://scanner.example.com/panel", answer)


if __name__ == "__main__":
    unittest.main(verbosity=1)
