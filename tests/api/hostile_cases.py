"""What the interface is attacked with: a line a case. `hostile.py` runs them and says what each expectation means."""

from service import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, request_bytes, upgrade_headers


def get(target, *headers):
    return request_bytes("GET", target, headers)


def head_lines(*lines):
    """A request of exactly these lines."""
    return b"\r\n".join(line if isinstance(line, bytes) else line.encode("latin-1") for line in lines) + b"\r\n\r\n"


def with_host(*lines):
    return head_lines(lines[0], "Host: x", *lines[1:])


def chunked(*pieces):
    return with_host("POST /settings HTTP/1.1", "Content-Type: application/json",
                     "Transfer-Encoding: chunked") + b"".join(pieces)


def websocket(target="/stream/rankings", *replaced):
    """An upgrade with some headers replaced (None: left out)."""
    headers = dict(upgrade_headers())
    headers.update(replaced)
    return request_bytes("GET", target, [(name, value) for name, value in headers.items() if value is not None])


LONG = "x" * 9_000
# As many different names as a target holds: each would like an answer of its own.
MANY = ",".join(f"{i:x}" for i in range(2_000))[:8_000]

# Targets: path and query → status. A refused one says what is wrong in problem+json.
TARGETS = [
    ("/%", 400), ("/%z", 400), ("/%zz", 400), ("/%0", 400), ("/rankings%00", 400), ("/rankings%0d%0aX: y", 400),
    ("/%ff%fe", 400), ("/%c0%af", 400), ("/%ed%a0%80", 400), ("/%f4%90%80%80", 400), ("/rankings%7f", 400),
    ("/..", 400), ("/../etc/passwd", 400), ("/panel/../rankings", 400), ("/panel/%2e%2e/%2e%2e/etc/passwd", 400),
    ("/panel/..%2f..%2fetc%2fpasswd", 400), ("/panel//etc/passwd", 404), ("/docs/%2e%2e/index.html", 400),
    ("/docs/....//....//etc/passwd", 404), ("/docs\\..\\..", 400), ("/panel/%5c..%5c", 400), ("/./rankings", 400),
    ("//rankings", 200), ("/rankings//", 200), ("/rankings/%2e", 400), ("/rankings;x=1", 404), ("/RANKINGS", 404),
    ("/ranking%73", 200), ("/rankings%20", 404), ("/%2frankings", 404), ("http://elsewhere/rankings?top=1", 200),
    ("/symbol//inspect", 404), ("/symbol/%20/inspect", 404), ("/symbol/%E2%82%BF/inspect", 404),
    ("/symbol/BTC%2FUSDT%3AUSDT/inspect?mode=card", 200), ("/symbol/" + "A" * 4_000 + "/inspect", 404),
    ("/symbol/'; DROP TABLE rankings;--/inspect".replace(" ", "%20"), 404), ("/symbol/<script>/inspect", 404),
    ("/symbol/" + "a/" * 2_000 + "inspect", 404), ("/" + LONG, 414), ("/rankings?x=" + LONG, 414), ("/?" + "a&" * 200, 400),
    ("/rankings?" + "&".join(f"_{i}=1" for i in range(128)), 200),
    ("/rankings?" + "&".join(f"_{i}=1" for i in range(129)), 400),
    ("/rankings?=1", 400), ("/rankings?top", 422), ("/rankings?top=", 422), ("/rankings?top=1&top=2", 422),
    ("/rankings?top=1&top=1", 422), ("/rankings?top=%31", 200), ("/rankings?t%6fp=1", 200), ("/rankings?top=+1", 422),
    ("/rankings?top=1%00", 400), ("/rankings?top=1%0a", 400), ("/rankings?top=%EF%BC%91", 422), ("/rankings?top=1e1", 422),
    ("/rankings?top=0x10", 422), ("/rankings?top=-1", 422), ("/rankings?top=201", 422),
    ("/rankings?top=99999999999999999999999999", 422), ("/rankings?top=9223372036854775808", 422),
    ("/rankings?page=9223372036854775807&page_size=100", 200), ("/rankings?page=9223372036854775808", 422),
    ("/rankings?page=18446744073709551617", 422), ("/rankings?seq=18446744073709551615", 422),
    ("/rankings?seq=9223372036854775807", 404), ("/rankings?seq=-1", 422), ("/rankings?min_qvol=nan", 422),
    ("/rankings?min_qvol=inf", 422), ("/rankings?min_qvol=-inf", 422), ("/rankings?min_qvol=1e999", 422),
    ("/rankings?min_qvol=1e308", 200), ("/rankings?min_qvol=1e-400", 422), ("/rankings?min_qvol=" + "9" * 5_000, 422),
    ("/rankings?min_qvol=-0", 200), ("/rankings?min_qvol=1_000", 422), ("/rankings?min_qvol=1,5", 422),
    ("/rankings?notional=1.7976931348623157e308", 200), ("/rankings?notional=0", 422), ("/rankings?max_spread_bps=%20", 422),
    ("/rankings?max_manip_score=100.0000001", 422), ("/rankings?include_carry=maybe", 422), ("/rankings?explain=%F0%9F%92%A9", 422),
    ("/rankings?fields=" + ",".join(["symbol"] * 1_000), 200), ("/rankings?fields=,,,,", 422),
    ("/rankings?fields=__proto__", 422), ("/rankings?symbols=" + MANY, 422),
    ("/rankings?fields=" + MANY, 422), ("/rankings?exclude_flags=" + MANY, 422),
    ("/rankings?symbols=" + ",".join(f"X{i}" for i in range(500)), 422), ("/rankings?as_of=2026-01-01&fields=" + MANY, 422),
    ("/rankings?symbols=" + MANY + "&" + "&".join(f"u{i}" for i in range(20)), 422),
    ("/rankings?" + "&".join(f"{i:x}" for i in range(128)), 422), ("/opportunities?exclude_flags=" + MANY, 422),
    ("/rankings?symbols=" + ",".join(["btc"] * 2_000), 200), ("/rankings?symbols=%2C%2C", 422),
    ("/rankings?exclude_flags=" + "," * 8_000, 200), ("/rankings?watchlist=%27%20OR%201=1--", 422),
    ("/rankings?watchlist=" + "w" * 7_000, 422), ("/rankings?profile=..%2F..%2Fscalp", 422), ("/rankings?sort=score;drop", 422),
    ("/rankings?format=csv&explain=1", 422), ("/rankings?as_of=99999-01-01", 422), ("/rankings?as_of=0000-00-00", 422),
    ("/rankings?as_of=2026-02-30", 422), ("/rankings?as_of=2026-11-22T25:61:61Z", 422), ("/rankings?as_of=-1", 422),
    ("/rankings?as_of=9999-12-31T23:59:59.999Z", 200), ("/rankings?as_of=1e18", 422),
    ("/history/rankings?from=0000-01-01&to=9999-12-31&limit=1", 200), ("/history/rankings?limit=0", 422),
    ("/history/rankings?limit=1e9", 422), ("/history/rankings?cursor=%F0%9F%98%80", 422),
    ("/history/rankings?cursor=" + "A" * 7_000, 422), ("/history/rankings?cursor=AAAA%27--", 422),
    ("/history/rankings?profile=%27;--&limit=1", 200), ("/history/bars?symbol=%27%20OR%20%271%27=%271", 422),
    ("/history/bars?symbol=btc&interval=1ms", 422), ("/history/bars?symbol=btc&symbol=eth", 422),
    ("/opportunities?top=101", 422), ("/opportunities?notional=1e308", 200), ("/stream/events?top=1&top=2", 422),
    ("/stream/events?symbols=" + ",".join(f"X{i}" for i in range(1_000)), 422), ("/metrics?a=1", 422),
    ("/alerts?limit=99999999999999999999", 422), ("/alerts?cursor=../../etc/passwd", 422), ("/alerts?from=2026-13-01T00:00:00Z", 422),
    ("/alerts?rule=" + "r" * 7_000, 200), ("/alerts?symbol=%00", 400), ("/alerts/dead-letters?limit=-5", 422),
    ("/watchlists/" + "n" * 5_000, 404), ("/watchlists/%2e%2e", 400), ("/profiles/__proto__", 404),
    ("/profiles/%F0%9F%92%A5", 404), ("/openapi.json?version=2", 422), ("/health?" + "%41" * 100 + "=1", 422),
]

# Request lines and heads: name, bytes → status, several where the RFC leaves it open, or CLOSED without an answer.
CLOSED = "closed"
RAW = [
    ("no such method", with_host("BREW /rankings HTTP/1.1"), 405),
    ("a method of 8 KiB", with_host("A" * 8_192 + " / HTTP/1.1"), (400, 404, 405)),
    ("a method in lower case", with_host("get /rankings HTTP/1.1"), 405),
    ("TRACE", with_host("TRACE / HTTP/1.1"), (404, 405)),
    ("CONNECT", with_host("CONNECT evil.example:443 HTTP/1.1"), (400, 404, 405)),
    ("OPTIONS *", with_host("OPTIONS * HTTP/1.1"), (204, 400, 404)),
    ("DELETE of what is only read", with_host("DELETE /rankings HTTP/1.1"), 405),
    ("no method", with_host(" /rankings HTTP/1.1"), 400),
    ("no target", with_host("GET HTTP/1.1"), 400),
    ("two spaces", with_host("GET  /rankings HTTP/1.1"), 400),
    ("a tab for a space", with_host("GET\t/rankings HTTP/1.1"), 400),
    ("a raw control character in the target", with_host(b"GET /rank\x01ings HTTP/1.1"), 400),
    ("raw UTF-8 in the target", with_host("GET /symbol/é/inspect HTTP/1.1".encode()), (400, 404)),
    ("raw bytes that are no UTF-8", with_host(b"GET /symbol/\xff\xfe/inspect HTTP/1.1"), 400),
    ("a fragment", with_host("GET /health#x HTTP/1.1"), (200, 400)),
    ("HTTP/0.9", b"GET /health\r\n\r\n", 400),
    ("HTTP/2.0", with_host("GET /health HTTP/2.0"), (400, 505)),
    ("HTTP/1.2", with_host("GET /health HTTP/1.2"), (400, 505)),
    ("HTTP/9.9", with_host("GET /health HTTP/9.9"), (400, 505)),
    ("http/1.1 in lower case", with_host("GET /health http/1.1"), 400),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n", 400),
    ("zero bytes", bytes(64) + b"\r\n\r\n", 400),
    ("an SSH banner", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 400),
    ("a Redis command", b"*1\r\n$4\r\nPING\r\n\r\n", 400),
    ("lines that end in LF alone", b"GET /health HTTP/1.1\nHost: x\n\n", 400),
    ("a bare CR in a header", with_host(b"GET /health HTTP/1.1", b"X: a\rb"), 400),
    ("a zero byte in a header", with_host(b"GET /health HTTP/1.1", b"X: a\x00b"), 400),
    ("a header without a colon", with_host("GET /health HTTP/1.1", "nonsense"), 400),
    ("a space before the colon", with_host("GET /health HTTP/1.1", "X : y"), 400),
    ("a header without a name", with_host("GET /health HTTP/1.1", ": y"), 400),
    ("a folded header", with_host("GET /health HTTP/1.1", "X: a", " b"), (200, 400)),
    ("a header that begins with a space", head_lines("GET /health HTTP/1.1", " Host: x"), 400),
    ("no Host", head_lines("GET /health HTTP/1.1", "X: y"), 400),
    ("two Hosts", with_host("GET /health HTTP/1.1", "Host: y"), 400),
    ("a Host of 4 KiB", head_lines("GET /health HTTP/1.1", "Host: " + "h" * 4_096), (200, 400)),
    ("a header of 20 KiB", with_host("GET /health HTTP/1.1", "X: " + "y" * 20_000), 431),
    ("a name of 20 KiB", with_host("GET /health HTTP/1.1", "y" * 20_000 + ": x"), 431),
    ("5 000 headers", with_host("GET /health HTTP/1.1", *[f"X{i}: y" for i in range(5_000)]), 431),
    ("1 000 empty headers", with_host("GET /health HTTP/1.1", *["X:"] * 1_000), 200),
    ("a request line of 20 KiB", with_host("GET /" + "a" * 20_000 + " HTTP/1.1"), (414, 431)),
    ("a request line without an end", b"GET /" + b"a" * 70_000, (400, 414, 431)),
    ("a head without an end", b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000, 431),
    ("a length and chunks", with_host("POST /settings HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked")
     + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", 400),
    ("chunks and a length", with_host("POST /settings HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 5")
     + b"0\r\n\r\n", 400),
    ("two lengths", with_host("POST /settings HTTP/1.1", "Content-Length: 2", "Content-Length: 3") + b"{} ", 400),
    ("the same length twice", with_host("POST /settings HTTP/1.1", "Content-Length: 2", "Content-Length: 2",
                                        "Content-Type: application/json") + b"{}", (200, 400)),
    ("a list of lengths", with_host("POST /settings HTTP/1.1", "Content-Length: 2, 3") + b"{} ", 400),
    ("a negative length", with_host("POST /settings HTTP/1.1", "Content-Length: -1"), 400),
    ("a length with a sign", with_host("POST /settings HTTP/1.1", "Content-Length: +2") + b"{}", 400),
    ("a length in hexadecimal", with_host("POST /settings HTTP/1.1", "Content-Length: 0x2") + b"{}", 400),
    ("a length of 2^64", with_host("POST /settings HTTP/1.1", "Content-Length: 18446744073709551616"), 400),
    ("a length of 2^63", with_host("POST /settings HTTP/1.1", "Content-Length: 9223372036854775808"), 413),
    ("a length of 2 MiB", with_host("POST /settings HTTP/1.1", "Content-Length: 2097152"), 413),
    ("a length for GET", with_host("GET /health HTTP/1.1", "Content-Length: 4") + b"body", 200),
    ("an encoding that is not known", with_host("POST /settings HTTP/1.1", "Transfer-Encoding: gzip"), (400, 501)),
    ("chunked twice", with_host("POST /settings HTTP/1.1", "Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n", (400, 501)),
    ("xchunked", with_host("POST /settings HTTP/1.1", "Transfer-Encoding: xchunked") + b"0\r\n\r\n", (400, 501)),
    ("identity", with_host("POST /settings HTTP/1.1", "Transfer-Encoding: identity") + b"0\r\n\r\n", (400, 501)),
    ("chunked in a header of its own after gzip", with_host("POST /settings HTTP/1.1", "Transfer-Encoding: gzip",
                                                            "Transfer-Encoding: chunked") + b"0\r\n\r\n", (400, 501)),
    ("chunks in HTTP/1.0", with_host("POST /settings HTTP/1.0", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
    ("a chunk of a negative size", chunked(b"-1\r\n{}\r\n0\r\n\r\n"), 400),
    ("a chunk of no size", chunked(b"\r\n{}\r\n0\r\n\r\n"), 400),
    ("a chunk of 2^64 bytes", chunked(b"10000000000000000\r\n{}\r\n0\r\n\r\n"), 400),
    ("a chunk of 2^60 bytes", chunked(b"1000000000000000\r\n{}\r\n"), 413),
    ("a chunk that lies", chunked(b"5\r\n{}\r\n0\r\n\r\n"), 400),
    ("a chunk header without an end", chunked(b"2;" + b"x" * 70_000), 400),
    ("a chunk extension of 70 KB", chunked(b"2;x=" + b"y" * 70_000 + b"\r\n{}\r\n0\r\n\r\n"), (400, 431)),
    ("100 000 chunks of a byte", chunked(b"1\r\n \r\n" * 100_000 + b"0\r\n\r\n"), 413),
    ("trailers of 40 KB", chunked(b"2\r\n{}\r\n0\r\n" + b"X: y\r\n" * 7_000 + b"\r\n"), (400, 431)),
    ("an expectation that is not met", with_host("POST /settings HTTP/1.1", "Expect: the-unexpected",
                                                 "Content-Length: 2") + b"{}", 417),
    ("WebSocket without a key", websocket("/stream", ("Sec-WebSocket-Key", None)), 400),
    ("WebSocket with a short key", websocket("/stream", ("Sec-WebSocket-Key", "AAAA")), 400),
    ("WebSocket with a key that is not base64", websocket("/stream", ("Sec-WebSocket-Key", "!" * 22 + "==")), 400),
    ("WebSocket version 8", websocket("/stream", ("Sec-WebSocket-Version", "8")), 426),
    ("WebSocket without a version", websocket("/stream", ("Sec-WebSocket-Version", None)), 426),
    ("WebSocket where there is none", websocket("/rankings"), 400),
    ("WebSocket nowhere", websocket("/nowhere"), 404),
    ("WebSocket of a foreign page", websocket("/stream", ("Origin", "https://evil.example")), 403),
    ("WebSocket of a sandboxed page", websocket("/stream", ("Origin", "null")), 403),
    ("WebSocket of a page that looks like ours", websocket("/stream", ("Origin", "http://127.0.0.1.evil.example")), 403),
    ("WebSocket of a page with our name before @", websocket("/stream", ("Origin", "http://127.0.0.1@evil.example")), 403),
    ("WebSocket with an origin of 8 KiB", websocket("/stream", ("Origin", "http://" + "o" * 8_000)), 403),
    ("WebSocket with a wrong parameter", websocket("/stream/rankings?top=0"), 422),
    ("an upgrade without Connection", websocket("/stream", ("Connection", "keep-alive")), 426),
    ("an upgrade to h2c", with_host("GET /health HTTP/1.1", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings",
                                    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), 200),
    ("a POST as WebSocket", websocket("/stream").replace(b"GET", b"POST", 1), 405),
    ("If-None-Match of 15 KB", get("/openapi.json", ("If-None-Match", '"x",' * 3_750)), 200),
    ("If-None-Match without quotes", get("/openapi.json", ("If-None-Match", "x, W/, \",,,\"")), 200),
    ("Accept-Encoding of nonsense", get("/openapi.json", ("Accept-Encoding", "gzip;q=nan, ;;;q=,*;q=-1" * 100)), 200),
    ("Accept of nonsense", get("/history/rankings?limit=1", ("Accept", "text/csv;q=1e999,*/*;q=,;;;" * 100)), 200),
    ("Last-Event-ID of 2^64", get("/stream/events?top=0", ("Last-Event-ID", "18446744073709551616")), 422),
    ("a header that would split the answer", get("/rankings?top=x%0d%0aSet-Cookie:%20a=b"), 400),
    ("Range", get("/openapi.json", ("Range", "bytes=0-0,1-1,2-2,-1")), 200),
    ("X-Forwarded-For and Authorization of 7 KB", get("/health", ("X-Forwarded-For", "1" * 7_000), ("Authorization", "y" * 7_000)), 200),
]

NEST = 100_000
# Bodies: route, bytes → status.
BODIES = [
    ("/settings", b"", 400), ("/settings", b" ", 400), ("/settings", b"null", 422), ("/settings", b"[]", 422),
    ("/settings", b'"x"', 422), ("/settings", b"1", 422), ("/settings", b"{", 400), ("/settings", b"{}{}", 400),
    ("/settings", b"{'notional':1}", 400), ("/settings", b'{"notional":1,}', 400), ("/settings", b'{"notional":01}', 400),
    ("/settings", b'{"notional":+1}', 400), ("/settings", b'{"notional":.5}', 400), ("/settings", b'{"notional":NaN}', 400),
    ("/settings", b'{"notional":Infinity}', 400), ("/settings", b'{"notional":1e999}', 400), ("/settings", b'{"notional":-1e999}', 400),
    ("/settings", b'{"notional":1e308}', 422), ("/settings", b'{"notional":' + b"9" * 60_000 + b"}", (400, 422)),
    ("/settings", b'{"notional":1e-999}', 422), ("/settings", b'{"notional":0}', 422), ("/settings", b'{"notional":-1}', 422),
    ("/settings", b'{"notional":"1"}', 422), ("/settings", b'{"notional":true}', 422), ("/settings", b'{"notional":[1]}', 422),
    ("/settings", b'{"notional":{"$gt":0}}', 422), ("/settings", b'{"manipulation_threshold":100.0001}', 422),
    ("/settings", b'{"liquidity_weight":1e7}', 422), ("/settings", b'{"__proto__":{}}', 422), ("/settings", b'{"":1}', 422),
    ("/settings", b'{"notional":1,"notional":"x"}', 422), ("/settings", b"\xef\xbb\xbf{}", (200, 400)), ("/settings", b"\xff\xfe{\x00}\x00", 400),
    ("/settings", b'{"x":"\xff"}', 400), ("/settings", b'{"x":"\xed\xa0\x80"}', 400), ("/settings", b'{"x":"\\ud800"}', 400),
    ("/settings", b'{"x":"\x00"}', 400), ("/settings", b'{"\\u0000":1}', 422), ("/settings", b"[" * 30_000 + b"]" * 30_000, 400),
    ("/settings", b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400), ("/settings", b"[" * 60_000, 400), ("/settings", b'{"x":"' + b"y" * 70_000 + b'"}', 413),
    ("/settings", b"{" + b",".join(b'"%d":1' % i for i in range(5_000)) + b"}", 422), ("/settings", b"\x1f\x8b\x08\x00" + bytes(64), 400),
    ("/profiles", b'{"name":"p","weights":{' + b",".join(b'"w%d":1' % i for i in range(5_000)) + b"}}", 422),
    ("/alerts/rules", b'{"name":"r","expression":"rank<3","scope":{' + b",".join(b'"s%d":1' % i for i in range(5_000)) + b"}}", 422),
    ("/watchlists", b'{"name":""}', 422), ("/watchlists", b'{"name":" x"}', 422), ("/watchlists", b'{"name":"../x"}', 422),
    ("/watchlists", b'{"name":".."}', 422), ("/watchlists", b'{"name":"a\\nb"}', 422), ("/watchlists", b'{"name":"' + b"n" * 65 + b'"}', 422),
    ("/watchlists", b'{"name":"a\\u009bb"}', 422), ("/watchlists", '{"name":"a\u202eb"}'.encode(), 422), ("/watchlists", b'{"name":"a\\ud800b"}', 400),
    ("/profiles", '{"name":"p\u2066","weights":{"liq.qvol":1}}'.encode(), 422), ("/alerts/rules", b'{"name":"r\\u061c","expression":"rank<3"}', 422),
    ("/watchlists", b'{"name":"\\u0000"}', 422), ("/watchlists", b'{"name":7}', 422), ("/watchlists", b'{"name":"w","symbols":"btc"}', 422),
    ("/watchlists", b'{"name":"w","symbols":[1]}', 422), ("/watchlists", b'{"name":"w","symbols":[""]}', 422),
    ("/watchlists", b'{"name":"w","symbols":["' + b"A" * 10_000 + b'"]}', 422),
    ("/watchlists", b'{"name":"w","symbols":[' + b",".join([b'"btc"'] * 2001) + b"]}", 422),
    ("/watchlists", b'{"name":"w","symbols":[' + b",".join(b'"C%d"' % i for i in range(500)) + b"]}", 200),
    ("/watchlists", '{"name":"💥 \'; DROP TABLE watchlists;--","symbols":["btc"]}'.encode(), 200),
    ("/watchlists", b'{"name":"<script>alert(1)<\\u002fscript>"}', 422), ("/watchlists", b'{"name":"w","id":1}', 422),
    ("/profiles", b'{"name":"p","weights":{}}', 422), ("/profiles", b'{"name":"p","weights":[]}', 422),
    ("/profiles", b'{"name":"p","weights":{"liq.qvol":1e7}}', 422), ("/profiles", b'{"name":"p","weights":{"liq.qvol":null}}', 422),
    ("/profiles", b'{"name":"p","weights":{"liq.qvol":1e999}}', 400), ("/profiles", b'{"name":"apply","weights":{"liq.qvol":1}}', 422),
    ("/profiles", b'{"name":"scalp","weights":{"liq.qvol":1}}', 422), ("/profiles", b'{"name":"p","weights":{"__proto__":1}}', 422),
    ("/profiles", b'{"name":"p","weights":{"' + b"w" * 50_000 + b'":1}}', 422),
    ("/alerts/rules", b'{"name":"r"}', 422), ("/alerts/rules", b'{"name":"r","expression":null}', 422),
    ("/alerts/rules", b'{"name":"r","expression":["rank<3"]}', 422), ("/alerts/rules", b'{"name":"r","expression":"rank<3","cooldown_sec":-1}', 422),
    ("/alerts/rules", b'{"name":"r","expression":"rank<3","cooldown_sec":1e18}', 422),
    ("/alerts/rules", b'{"name":"r","expression":"rank<3","cooldown_sec":0.5}', 422),
    ("/alerts/rules", b'{"name":"r","expression":"rank<3","enabled":"yes"}', 422),
    ("/alerts/rules", b'{"name":"r","expression":"rank<3","scope":"everything"}', 422),
    ("/alerts/rules", b'{"name":"r","expression":"rank<3","scope":{"symbols":[]}}', 422),
    ("/alerts/rules", b'{"name":"r","expression":"rank<3","scope":{"symbols":["btc"],"watchlist":"x"}}', 422),
    ("/alerts/rules", b'{"name":"r","expression":"rank<3","scope":{"profile":"nothing"}}', 422),
    ("/alerts/rules", b'{"name":"r","expression":"rank<3","scope":' + b"[" * 100 + b"]" * 100 + b"}", 400),
    ("/alerts/rules:test", b"{}", 422), ("/alerts/rules:test", b'{"name":""}', 422), ("/alerts/rules:test", b'{"name":"' + b"n" * 60_000 + b'"}', 422),
    ("/profiles/apply?name=" + "p" * 5_000, b"", 404), ("/profiles/apply?name=%00", b"", 400), ("/profiles/apply?name=scalp&name=swing", b"", 422),
    ("/alerts/dead-letters/99999999999999999999/redeliver", b"", 404), ("/alerts/dead-letters/1;drop/redeliver", b"", 404),
]
# Bodies that are not declared as what they are.
TYPES = [("text/plain", 415), ("", 415), ("application/json; charset=latin1", 200), ("APPLICATION/JSON", 200),
         ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=x", 415), ("application/merge-patch+json", 200),
         ("application/jsonx", 415), ("application/json" + ";a=b" * 1_000, 200), (";" * 5_000, 415)]

# Expressions for POST /alerts/rules:test → status.
EXPRESSIONS = [
    ("", 422), (" " * 1_999, 422), ("x" * 2_001, 422), ("rank < 3" + " " * 1_990, 200), ("(" * 33 + "rank<3" + ")" * 33, 422),
    ("(" * 20 + "rank<3" + ")" * 20, 200), ("(" * 1_900, 422), (")" * 1_900, 422), ("not " * 400 + "true", 422), ("-" * 1_900 + "1 < 2", 422),
    ("1" * 1_900 + " < rank", 422), ("rank < 1e999", 422), ("rank < 1e-999", 422), ("rank < 1e308 * 10", 200), ("score / 0 > 1", 200),
    ("0 / 0 == 0 / 0", (200, 422)), ("rank < NaN", 422), ("rank < Infinity", 422), ("rank < 0x10", 422), ("rank < 1_000", 422),
    ("rank < 1..2", 422), ("rank < .", 422), ("rank<3 and " * 100 + "rank<3", 422), (" or ".join(["rank<3"] * 60), 200),
    ('"' + "x" * 1_990 + '" in flags', 422), ('"scam_wick" in flags', 200), ("'scam_wick in flags", 422), ('"', 422), ("flags in flags", 422),
    ("rank = 3", 422), ("rank <> 3", 422), ("rank < 3 < 4", 422), ("rank < '3'", 422), ("symbol + 1 > 2", 422), ("rank", 422), ("true", (200, 422)),
    ("manip_scor >= 60", 422), ("__import__('os').system('id')", 422), ("rank < 3; DROP TABLE rules", 422), ("rank < 3 -- comment", 422),
    ("${jndi:ldap://evil.example/a}", 422), ("rank < 3\u0000", 422), ("rank \u2264 3", 422), ("\u202erank < 3", 422), ("r\u0430nk < 3", 422),
    ("rank < \uff13", 422), ("\U0001F4A5" * 400, 422), ("rank < 3 for 0s", 422), ("rank < 3 for 25h", 422), ("rank < 3 for 99999999999999999999s", 422),
    ("rank < 3 for -5s", 422), ("rank < 3 for 1e3s", 422), ("rank < 3 for", 422), ("for 30s", 422), ("rank < 3 for 30s for 30s", 422),
    ("min() > 1", 422), ("min(" + ",".join(["rank"] * 200) + ") > 1", 422), ("abs(abs(abs(abs(score)))) > 1", 200), ("abs(1,2) > 1", 422),
    ("known(nothing)", 422), ("open_interest > 0", 200), ("\n" * 500 + "rank < 3", 200), ("rank\r\n<\t3", 200), ("%s%n%x < 3", 422),
]

TEXT_64K = b"a" * 65_536
# WebSocket: name, what is sent after the handshake → the code of the server's close, OPEN when the stream goes on, or
# DROPPED when the connection ends without one.
OPEN, DROPPED = "open", "dropped"
SOCKETS = [
    ("a frame that is not masked", frame(TEXT, b"hello", masked=False), 1002),
    ("an unknown data opcode", frame(3, b"x"), 1002), ("an unknown control opcode", frame(11, b"x"), 1002),
    ("RSV1: compressed without having agreed to it", frame(TEXT, b"\x4b\x4c\x04\x04\x00", reserved=4), 1002),
    ("RSV2", frame(TEXT, b"x", reserved=2), 1002), ("RSV3", frame(BINARY, b"x", reserved=1), 1002),
    ("a bomb of zeros, packed", frame(TEXT, b"\xec\xc1\x01\x0d\x00\x00\x00\xc2\xa0\xf7\x4f\x6d\x0e\x37\xa0\x00" * 1_000, reserved=4), 1002),
    ("a ping in two frames", frame(PING, b"x", final=False), 1002), ("a ping of 126 bytes", frame(PING, b"x" * 126), 1002),
    ("a close of 126 bytes", frame(CLOSE, b"\x03\xe8" + b"x" * 124), 1002), ("a continuation of nothing", frame(CONTINUATION, b"x"), 1002),
    ("a message within a message", frame(TEXT, b"a", final=False) + frame(TEXT, b"b"), 1002),
    ("text that is not UTF-8", frame(TEXT, b"\xff\xfe"), 1007), ("text that ends within a character", frame(TEXT, "é".encode()[:1]), 1007),
    ("a surrogate", frame(TEXT, b"\xed\xa0\x80"), 1007), ("UTF-8 cut by frames", frame(TEXT, b"\xc3", final=False) + frame(CONTINUATION, b"\xa9"), OPEN),
    ("bad UTF-8 in the second frame", frame(TEXT, b"ok", final=False) + frame(CONTINUATION, b"\xff"), 1007),
    ("64 KiB", frame(TEXT, TEXT_64K), OPEN), ("64 KiB and a byte", frame(TEXT, TEXT_64K + b"a"), 1009),
    ("64 KiB and a byte in frames", frame(BINARY, TEXT_64K, final=False) + frame(CONTINUATION, b"a"), 1009),
    ("1 MiB in frames of 16 KiB", frame(BINARY, b"a" * 16_384, final=False) + frame(CONTINUATION, b"a" * 16_384, final=False) * 63, 1009),
    ("2^62 bytes announced", frame(BINARY, b"a", length=1 << 62), 1009), ("2^63 bytes announced", frame(BINARY, b"a", length=1 << 63), (1002, 1009)),
    ("10 000 empty continuations", frame(BINARY, b"", final=False) + frame(CONTINUATION, b"", final=False) * 10_000, OPEN),
    ("a length in more bytes than it needs", b"\x81\xfe\x00\x05\x12\x34\x56\x78" + b"ABCDE", 1002),
    ("a length in eight bytes that needs one", b"\x81\xff" + (5).to_bytes(8, "big") + b"\x12\x34\x56\x78ABCDE", 1002),
    ("a close of one byte", frame(CLOSE, b"\x03"), 1002), ("a close with code 0", frame(CLOSE, b"\x00\x00"), 1002),
    ("a close with code 999", frame(CLOSE, b"\x03\xe7"), 1002), ("a close with code 1005", frame(CLOSE, b"\x03\xed"), 1002),
    ("a close with code 1006", frame(CLOSE, b"\x03\xee"), 1002), ("a close with code 1015", frame(CLOSE, b"\x03\xf7"), 1002),
    ("a close with code 65535, which means nothing", frame(CLOSE, b"\xff\xff"), (1002, 65535)), ("a close whose reason is not UTF-8", frame(CLOSE, b"\x03\xe8\xff\xfe"), (1002, 1007)),
    ("a close with code 1000", frame(CLOSE, b"\x03\xe8bye"), 1000), ("a close with code 4999", frame(CLOSE, b"\x13\x87"), 4999),
    ("a close without a code", frame(CLOSE), (1000, 1005)), ("two closes", frame(CLOSE, b"\x03\xe8") * 2, 1000),
    ("a message after the close", frame(CLOSE, b"\x03\xe8") + frame(TEXT, b"x"), 1000),
    ("a flood of messages", frame(TEXT, b"{}") * 500, 1008), ("a flood of empty messages", frame(BINARY) * 500, 1008),
    ("20 000 pings", frame(PING, b"p" * 125) * 20_000, OPEN), ("20 000 pongs that nobody asked for", frame(PONG, b"p") * 20_000, OPEN),
    ("HTTP after the upgrade", request_bytes("GET", "/health"), 1002), ("zero bytes", bytes(1_000), 1002),
    ("a frame that never ends", b"\x82\xfe\xff\xff", OPEN), ("half a header", b"\x82", OPEN),
    ("JSON that is nested deeply", frame(TEXT, b"[" * 60_000), OPEN), ("a subscription of nonsense", frame(TEXT, b'{"subscribe":["*"],"top":1e999}'), OPEN),
]
