#!/usr/bin/env python3
"""Holds /openapi.json and the real answers to each other: the real scanner on the simulator, every route, every status
that can be brought about, every parameter of every route in both directions.

    tests/api/conformance.py BIN_DIR        what was covered, and exit code 1 when something does not hold
"""

import http.server
import json
import os
import re
import sys
import threading
from urllib.parse import quote

import jsonschema

from conformance_cases import (TOKEN, check_alerts, check_credentials, check_manipulation, check_many_streams,
                               check_recordings, check_settings, check_streams, check_without_data, concrete, keep_episode)
from openapi_suite import JSON, Document, Suite, describe, values_of
from service import Connection, Scanner, Simulator, request, request_bytes, until

FOLDER = os.path.dirname(os.path.abspath(__file__))
PARTS = os.path.join(FOLDER, "../../src/api/openapi")

# What is described and cannot be brought about here, and where it is tested instead.
NOT_REACHED = {
    "GET /recordings 503": "tests/api/replay/replay_endpoints_test.cpp",
    "POST /recordings 503": "tests/api/replay/replay_endpoints_test.cpp",
    "DELETE /recordings/current 503": "tests/api/replay/replay_endpoints_test.cpp",
    "GET /recordings/{id}/cut 503": "tests/api/replay/replay_endpoints_test.cpp",
}


# -- the document itself ----------------------------------------------------------------------------------------------

def check_document(suite):
    document = suite.document
    with open(os.path.join(FOLDER, "openapi-3.1.schema.json")) as file:
        schema = json.load(file)
    for error in jsonschema.Draft202012Validator(schema).iter_errors(document.document):
        suite.fail(f"not OpenAPI 3.1: {describe(error)}")
    for method, path, operation in document.operations():
        suite.expect("x-undocumented" not in operation, f"{method} {path} is served and not in the document")
        for status, response in operation["responses"].items():
            response = document.resolve(response)
            for media_type, content in response.get("content", {}).items():
                check_example(suite, f"{method} {path} {status} {media_type}", content)
        if "requestBody" in operation:
            content = document.strict["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
            suite.expect("example" in content, f"{method} {path}: no example of a body")
            check_example(suite, f"{method} {path} request", content)
    # The other way round: what the files describe is served.
    for name in os.listdir(PARTS):
        # What drives a replay is served by one alone: tests/app/replay_integration_test.cpp.
        if name.endswith(".json") and name != "replay.json":
            with open(os.path.join(PARTS, name)) as file:
                for path, operations in json.load(file).get("paths", {}).items():
                    for method in operations:
                        suite.expect(method in document.document["paths"].get(path, {}),
                                     f"{method.upper()} {path} is described in {name} and not served")


def check_example(suite, what, content):
    if "example" in content and "schema" in content:
        for error in suite.document.errors(content["schema"], content["example"]):
            suite.fail(f"example of {what}: {error}")


# -- what holds for every operation -----------------------------------------------------------------------------------

def needed(method, path):
    """Parameters without which there is no answer."""
    return {"/history/bars": "symbol=BTC-USDT"}.get(path, "")


def check_common(suite):
    for method, path, operation in list(suite.document.operations()):
        target = concrete(path)
        if method == "GET":
            check_common_get(suite, path, target)
        check_parameters(suite, method, path, operation)
        suite.ask(method, target + "?top=%zz", 400, body={} if method == "POST" else None)
        if "requestBody" in operation:
            suite.ask(method, target, 400, body=b'{"name": ')
            suite.ask(method, target, 400, body=b'[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]')
            suite.ask(method, target, 422, body=[1])
            suite.ask(method, target, 422, body={"no_such_member": 1})
            suite.ask(method, target, 415, body=b"name=x", headers=[("Content-Type", "text/plain")])
            suite.ask(method, target, 413, body=b'{"name":"' + b"x" * 70_000 + b'"}')
    for path, operations in suite.document.document["paths"].items():
        answer = request(suite.scanner.port, "PATCH", concrete(path))
        allow = (answer.header("Allow") or "").split(", ")
        suite.expect(answer.status == 405, f"PATCH {path} → {answer.status}, expected 405")
        for method in operations:
            suite.expect(method.upper() in allow, f"PATCH {path}: Allow is {allow}")
        options = request(suite.scanner.port, "OPTIONS", concrete(path))
        suite.expect(options.status == 204, f"OPTIONS {path} → {options.status}")
    for target in ("/", "/rankings/of/nothing", "/openapi.json/x", "/Rankings"):
        answer = suite.scanner.get(target)
        suite.expect(answer.status == 404, f"GET {target} → {answer.status}, expected 404")
        suite.expect(not suite.document.errors({"$ref": "#/components/schemas/Problem"}, answer.json()), target)


def check_common_get(suite, path, target):
    target += "?" + needed("GET", path) if needed("GET", path) else ""
    if path in ("/stream", "/stream/rankings"):
        return suite.ask("GET", target, 426)
    if path == "/stream/events":
        return None
    if path == "/recordings/{id}/cut":
        return suite.ask("GET", target, 404)
    answer = suite.ask("GET", target, 200)
    suite.expect(answer.header("etag") is not None, f"GET {target}: no ETag")
    suite.ask("GET", target, 304, headers=[("If-None-Match", "*")])
    with_slash = request(suite.scanner.port, "HEAD", path and concrete(path) + "/" +
                         ("?" + needed("GET", path) if needed("GET", path) else ""))
    suite.expect(with_slash.status == 200, f"HEAD {target}/ → {with_slash.status}")
    suite.expect(with_slash.header("content-type") == answer.header("content-type"), f"HEAD {target}: another type")
    packed = suite.scanner.get(target, [("Accept-Encoding", "gzip")])
    if len(answer.body) > 4096:
        suite.expect(packed.header("content-encoding") == "gzip", f"GET {target}: not packed")
    return None


def known_parameters(suite, method, target):
    """What the reader itself says that it knows."""
    answer = suite.ask(method, target, 422, body={} if method == "POST" else None)
    if answer.status != 422:
        return None
    for error in answer.json()["errors"]:
        if error["loc"][1] == "qqqqqqqqqqqq":
            known = re.search(r"known: (.*)$", error["msg"])
            return set(known.group(1).split(", ")) if known else set()
    return suite.fail(f"{method} {target}: the unknown parameter is not named: {answer.body!r}")


def check_parameters(suite, method, path, operation):
    if path in ("/stream", "/stream/rankings"):
        return  # refused before the parameters are looked at; as a WebSocket below
    target = concrete(path)
    known = known_parameters(suite, method, target + "?qqqqqqqqqqqq=1") or set()
    if path == "/rankings":
        known |= known_parameters(suite, method, target + "?as_of=2026-11-22&qqqqqqqqqqqq=1") or set()
    described = {}
    for parameter in operation.get("parameters", []):
        parameter = suite.document.resolve(parameter)
        if parameter["in"] == "query":
            described[parameter["name"]] = parameter["schema"]
    suite.expect(known == set(described), f"{method} {path}: the server knows {sorted(known)}, "
                                          f"the document {sorted(described)}")
    for name, schema in described.items():
        for value, right in values_of(schema):
            others = needed(method, path) if name != "symbol" else ""
            separator = "&" if others else ""
            answer = request(suite.scanner.port, method, f"{target}?{others}{separator}{name}={value}",
                             JSON if method == "POST" else (), b"{}" if method == "POST" else b"",
                             ) if path != "/stream/events" else stream_status(suite, f"{target}?{name}={value}")
            wrong = answer.status == 422 and any(error["loc"] == ["query", name] for error in answer.json()["errors"])
            suite.expect(wrong != right, f"{method} {path}: {name}={value} → {answer.status}, "
                                         f"which the document calls {'right' if right else 'wrong'}")


def stream_status(suite, target):
    with Connection(suite.scanner.port) as connection:
        connection.send(request_bytes("GET", target))
        head = connection.read_until(b"\r\n\r\n").decode()
        connection.pending = head.encode() + connection.pending
        if " 200 " in head.split("\r\n")[0]:
            class Open:
                status = 200
            return Open
        return connection.read_answer()


# -- routes with their values -------------------------------------------------------------------------------------------

def check_rankings(suite):
    # Numbers of the live feed are there as soon as it is.
    until(lambda: "microprice" in suite.ask("GET", "/rankings?top=1", 200).value["items"][0],
          "a ranking with the feed's numbers")
    first = suite.ask("GET", "/rankings?top=200&page_size=100&explain=1", 200)
    items = first.value["items"]
    fields = suite.document.document["components"]["schemas"]["RankingItem"]["properties"]
    whole = set(fields) - {"inputs"}  # there on request alone
    suite.expect(items and all(set(item) == whole for item in items), "an item without all of its fields")
    sequence = first.value["seq"]
    targets = ["/rankings?profile=swing&max_manip_score=40&fields=symbol,score,spread_bps", "/rankings?format=csv",
               "/rankings?fields=symbol,age_ms,inputs", "/opportunities?top=5&fields=inputs,symbol,tp_prices,breakout",
               "/rankings?symbols=btc,ETH-USDT,SOL/USDT:USDT", "/rankings?symbols=BTC%2FUSDT:USDT&order=asc",
               "/rankings?min_qvol=0&max_spread_bps=1000000", "/rankings?page=999999999&page_size=1",
               "/rankings?exclude_flags=scam_wick,liquidity_wall&exclude_flags=liquidity_vacuum",
               "/rankings?_=123", "/rankings?min_qvol=1e300", f"/rankings?seq={sequence}&page=2&page_size=5",
               "/opportunities?top=100&notional=1", "/opportunities?include_funding=0&include_basis=no&max_manip_score=0",
               "/symbol/btc/inspect", "/symbol/BTC/USDT:USDT/inspect", "/symbol/BTC%2FUSDT:USDT/inspect?profile=news",
               "/symbols/ETHUSDT/inspect?mode=card", "/symbols/", "/health/", "/metrics?_=1"]
    for target in targets:
        suite.ask("GET", target, 200)
    for item in items:  # every contract that there is, so that each null and each flag comes by
        suite.ask("GET", f"/symbol/{quote(item['contract_code'])}/inspect", 200)
    for entry in suite.ask("GET", "/symbols", 200).value["items"]:
        if not entry["in_scan"]:
            answer = suite.ask("GET", f"/symbol/{quote(entry['contract_code'])}/inspect")  # on demand
            suite.expect(answer.status in (200, 404), f"{entry['contract_code']} outside of the scan: {answer.status}")
    suite.ask("GET", "/rankings?seq=999999999", 404)
    for method in ("/symbol/nothing/inspect", "/symbols/BTC-USDX/inspect"):
        suite.ask("GET", method, 404)
    for sort, field in fields.items():
        suite.ask("GET", f"/rankings?sort={sort}", 422 if sort in ("manip_flags", "notes", "inputs") else 200)
    wrong = suite.ask("GET", "/rankings?top=0&page=x&sort=nothing&fields=nope&symbols=nothing&watchlist=none&top_=1", 422)
    suite.expect(len(wrong.value["errors"]) == 7, f"every offending field once: {wrong.value['errors']}")


def check_history(suite):
    def written():
        answer = suite.scanner.get("/history/rankings?limit=1")
        return answer.status == 200 and answer.json()["items"]
    until(written, "a ranking in the database")
    page = suite.ask("GET", "/history/rankings?limit=3&symbol=btc", 200).value
    if page["next_cursor"]:
        suite.ask("GET", f"/history/rankings?limit=3&symbol=btc&cursor={page['next_cursor']}", 200)
    for target in ("/history/rankings?limit=2&inputs=1", "/history/rankings?limit=5&format=csv",
                   "/history/rankings?limit=5&format=ndjson", "/history/rankings?format=ndjson&profile=swing",
                   "/history/rankings?from=2026-01-01&to=2026-01-02", "/history/bars?symbol=btc&interval=1h",
                   "/history/bars?symbol=ETH-USDT&format=csv", "/history/bars?symbol=ETH-USDT&limit=3",
                   "/rankings?as_of=2100-01-01", "/rankings?as_of=2100-01-01&format=csv&top=3",
                   "/rankings?as_of=2100-01-01T00:00:00Z&symbols=btc&fields=symbol,score"):
        suite.ask("GET", target, 200)
    suite.ask("GET", "/rankings?as_of=2000-01-01", 404)
    for target in ("/history/rankings?cursor=nonsense", "/history/rankings?from=tomorrow",
                   "/history/rankings?from=2026-02-01&to=2026-01-01", "/history/bars", "/history/bars?symbol=//"):
        suite.ask("GET", target, 422)


# -- the run ----------------------------------------------------------------------------------------------------------

class Receiver(http.server.BaseHTTPRequestHandler):
    """A webhook that wants nothing."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(410)
        self.end_headers()

    def log_message(self, *_):
        pass


def check_coverage(suite):
    for method, path, operation in suite.document.operations():
        for status in operation["responses"]:
            key = f"{method} {path} {status}"
            if status != "default" and key not in suite.reached and key not in NOT_REACHED:
                suite.fail(f"{key} is described and was never seen")
    for key in NOT_REACHED:
        suite.expect(key not in suite.reached, f"{key} was seen; it need not be excused")


def main(binaries):
    suite = Suite(binaries)
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    programs = []

    def start(exchange_url, **settings):
        scanner = Scanner(binaries, exchange_url, settings)
        programs.append(scanner)
        suite.scanner = scanner
        return scanner

    try:
        simulator = Simulator(binaries, ["--scenario", "all", "--prevalence", "0.15"])
        programs.append(simulator)
        start(simulator.url, SCANNER_ALERT_WEBHOOK_URL=f"http://127.0.0.1:{receiver.server_port}/",
              SCANNER_ALERT_WEBHOOK_ALLOW_PRIVATE="true", SCANNER_SCAN_TOP_BY_QVOL="25",
              SCANNER_MANIP_MODEL="measured").wait_until_ready()
        keep_episode(suite.scanner)
        suite.document = Document(suite.scanner.get("/openapi.json").json())
        check_document(suite)
        suite.ask("POST", "/watchlists", 200, body={"name": "majors", "symbols": ["btc", "ETH-USDT", "SOL/USDT:USDT"]})
        suite.ask("POST", "/profiles", 200, body={"name": "majors", "weights": {"liq.qvol": 1}})
        for check in (check_common, check_rankings, check_history, check_manipulation, check_streams, check_many_streams,
                      check_alerts, check_settings, check_recordings):
            print(check.__name__, flush=True)
            check(suite)
        suite.expect(suite.scanner.alive(), "the scanner ended: " + suite.scanner.output()[-2000:])
        start(simulator.url, SCANNER_API_TOKEN=TOKEN, SCANNER_RECORD="on").wait_until_ready()
        check_credentials(suite)
        start("http://127.0.0.1:1", SCANNER_POSTGRES_URL="postgresql://nobody:x@127.0.0.1:1/none",
              SCANNER_ALERT_WEBHOOK_URL="http://127.0.0.1:1/")
        check_without_data(suite)
        check_coverage(suite)
    finally:
        for program in reversed(programs):
            program.stop()
        receiver.shutdown()
    operations = sum(1 for _ in suite.document.operations())
    print(f"{suite.validated} answers of {operations} operations held to the document, {len(suite.reached)} described "
          f"answers seen; {len(suite.failures)} failures")
    return 1 if suite.failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
