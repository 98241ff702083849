"""What conformance.py asks of settings, alerts and streams, of credentials, and of a service that has no data."""

import json
import os
import re
import sqlite3
from urllib.parse import quote

from service import Connection, WebSocket, request_bytes, until

TOKEN = "a-token-for-tests"
EPISODE = "BTC-USDT.pump_ignition.1"


def concrete(path):
    path = path.replace("/manipulation/episodes/{id}", f"/manipulation/episodes/{EPISODE}")
    return path.replace("{symbol}", "BTC-USDT").replace("{id}", "1").replace("{name}", "majors")


def keep_episode(scanner):
    """An episode in the scanner's own database, as the detectors would have told it: they need hours of a market."""
    def write():
        with sqlite3.connect(os.path.join(scanner.data, "scanner.db"), timeout=30) as database:
            newest = database.execute("SELECT max(ts) FROM rankings").fetchone()[0]
            if newest is None:
                return False
            details = {"evidence": [{"name": "activity", "value": 3.5, "threshold": 1.5, "unit": "x"}], "price": 0.25,
                       "repetitions": 1, "trades": 40}
            database.execute("INSERT INTO manip_episodes (id, ts, revision, symbol, flag, kind, phase, probability, severity,"
                             " simulated, details) VALUES (?, ?, 1, 'BTC/USDT:USDT', 'pump_ignition', 'validated',"
                             " 'ignition', 0.75, 62.5, 1, ?)", (EPISODE, newest, json.dumps(details)))
        return True
    until(write, "a ranking in the database, and a place for an episode beside it")


def check_manipulation(suite):
    for target in ("/manipulation/episodes?flag=pump_ignition&status=open&symbol=btc", "/manipulation/episodes?limit=1",
                   "/manipulation/episodes?format=ndjson", "/manipulation/episodes?from=2020-01-01&to=2020-01-02"):
        suite.ask("GET", target, 200)
    for target in ("/manipulation/episodes?flag=nothing", "/manipulation/episodes?cursor=nonsense"):
        suite.ask("GET", target, 422)
    suite.ask("GET", "/manipulation/episodes/nothing", 404)
    said = {"verdict": "manipulation", "note": "announced in a channel"}
    target = f"/manipulation/episodes/{EPISODE}"
    suite.ask("POST", "/manipulation/episodes/nothing/disposition", 404, body=said)
    suite.ask("POST", target + "/disposition", 200, body=said)
    suite.ask("POST", target + "/disposition", 412, body=said, headers=[("If-Match", '"of-another-state"')])
    suite.ask("POST", target + "/disposition", 422, body={"verdict": "perhaps"})
    kept = suite.ask("GET", target, 200).value["disposition"]
    suite.expect(kept["verdict"] == "manipulation" and kept["note"] == said["note"], f"a disposition stays: {kept}")
    flags = {flag["name"]: flag for flag in suite.ask("GET", "/manipulation/flags", 200).value["items"]}
    suite.expect(flags["pump_ignition"]["precision_7d"]["manipulation"] == 1, "and is counted")


def check_settings(suite):
    suite.ask("POST", "/settings", 200, body={"liquidity_weight": 10.5, "manipulation_threshold": 50, "notional": 7000})
    changed = suite.ask("GET", "/settings", 200)
    suite.expect(changed.value["weights"]["liquidity"] == 10.5 and changed.value["notional"] == 7000, "settings stay")
    suite.ask("POST", "/settings", 412, body={"notional": 1}, headers=[("If-Match", '"of-another-state"')])
    suite.ask("POST", "/settings", 200, body={"notional": 8000}, headers=[("If-Match", changed.header("etag"))])
    suite.ask("POST", "/settings", 200, body={"liquidity_weight": None, "notional": None,
                                              "manipulation_threshold": None})
    for body in ({"notional": 0}, {"notional": "5"}, {"manipulation_threshold": 101}, {"liquidity_weight": True}):
        suite.ask("POST", "/settings", 422, body=body)
    suite.ask("POST", "/settings", 400, body=b'{"notional": 1e999}')
    suite.ask("POST", "/settings", 400, body=b'{"notional": NaN}')

    suite.ask("POST", "/watchlists", 200, body={"name": "minors"})
    suite.ask("GET", "/watchlists/minors", 200)
    suite.ask("GET", "/watchlists/majorz", 404)
    suite.ask("GET", "/rankings?watchlist=majors", 200)
    suite.ask("POST", "/watchlists", 412, body={"name": "minors"}, headers=[("If-Match", '"x"')])
    suite.ask("DELETE", "/watchlists/minors", 412, headers=[("If-Match", '"x"')])
    suite.ask("DELETE", "/watchlists/minors", 200)
    suite.ask("DELETE", "/watchlists/minors", 404)
    for number in range(99):
        suite.ask("POST", "/watchlists", 200, body={"name": f"list {number}", "symbols": ["btc"]})
    suite.ask("POST", "/watchlists", 409, body={"name": "one too many"})

    suite.ask("POST", "/profiles", 200, body={"name": "calm", "weights": {"liq.qvol": 1.5, "vol.atr": -4}})
    suite.ask("GET", "/profiles/calm", 200)
    suite.ask("GET", "/profiles/scalp", 200)
    suite.ask("GET", "/profiles/calmer", 404)
    suite.ask("POST", "/profiles", 422, body={"name": "scalp", "weights": {"liq.qvol": 1}})
    suite.ask("POST", "/profiles", 422, body={"name": "x", "weights": {"liq.nothing": 1, "liq.qvol": "1"}})
    suite.ask("POST", "/profiles", 412, body={"name": "calm", "weights": {"liq.qvol": 1}}, headers=[("If-Match", '"x"')])
    suite.ask("POST", "/profiles/apply?name=calm", 412, headers=[("If-Match", '"x"')])
    suite.ask("POST", "/profiles/apply?name=calm", 200)
    suite.ask("POST", "/profiles/apply?name=nothing", 404)
    suite.ask("POST", "/profiles/apply", 422)
    suite.ask("DELETE", "/profiles/calm", 409)
    suite.ask("DELETE", "/profiles/scalp", 409)
    suite.ask("POST", "/profiles/apply?name=scalp", 200)
    suite.ask("DELETE", "/profiles/calm", 412, headers=[("If-Match", '"x"')])
    suite.ask("DELETE", "/profiles/calm", 200)
    suite.ask("DELETE", "/profiles/calm", 404)
    for number in range(31):  # and "majors"
        suite.ask("POST", "/profiles", 200, body={"name": f"own {number}", "weights": {"liq.qvol": number}})
    suite.ask("POST", "/profiles", 409, body={"name": "one too many", "weights": {"liq.qvol": 1}})


def check_alerts(suite):
    rules = suite.ask("GET", "/alerts/rules", 200).value["items"]
    built_in = [rule for rule in rules if rule["built_in"]]
    suite.expect(built_in and not any(rule["enabled"] for rule in built_in), "default rules ship disabled")
    suite.ask("DELETE", f"/alerts/rules/{built_in[0]['name'].replace(' ', '%20')}", 409)
    suite.ask("POST", "/alerts/rules", 200, body={"name": "leaders", "expression": "rank <= 3", "cooldown_sec": 0})
    suite.ask("POST", "/alerts/rules", 412, body={"name": "leaders", "enabled": False}, headers=[("If-Match", '"x"')])
    suite.ask("POST", "/alerts/rules", 200, body={"name": "scoped", "expression": "score > 0 for 30s", "enabled": False,
                                                  "scope": {"watchlist": "majors", "profile": "swing"}})
    wrong = suite.ask("POST", "/alerts/rules", 422, body={"name": "typo", "expression": "spred_bps < 5"})
    suite.expect(wrong.value["errors"][0].get("column") == 1, f"an error points at the column: {wrong.value}")
    for body in ({"expression": "rank <= 3 and spread_bps < 100"}, {"name": "scoped"},
                 {"expression": '"scam_wick" in flags or manip_score >= 20'},
                 {"expression": "rank_delta > 0", "scope": {"symbols": ["btc", "ETH-USDT"]}}):
        suite.ask("POST", "/alerts/rules:test", 200, body=body)
    suite.ask("POST", "/alerts/rules:test", 422, body={"name": "no such rule"})
    until(lambda: suite.scanner.get("/alerts").json()["items"], "an alert")
    page = suite.ask("GET", "/alerts?limit=1&rule=leaders", 200).value
    if page["next_cursor"]:
        suite.ask("GET", f"/alerts?limit=1&rule=leaders&cursor={page['next_cursor']}", 200)
    suite.ask("GET", f"/alerts?symbol={quote(page['items'][0]['contract_code'])}&from=2020-01-01T00:00:00Z", 200)
    for target in ("/alerts?from=yesterday", "/alerts?symbol=//", "/alerts?cursor=nonsense"):
        suite.ask("GET", target, 422)

    def given_up():
        return len(suite.scanner.get("/alerts/dead-letters").json()["items"]) >= 2
    until(given_up, "two dead letters: the receiver says 410")
    letters = suite.ask("GET", "/alerts/dead-letters?limit=2", 200).value["items"]
    suite.ask("POST", f"/alerts/dead-letters/{letters[0]['id']}/redeliver", 200)
    suite.ask("DELETE", f"/alerts/dead-letters/{letters[1]['id']}", 200)
    for name in ("999999999", "nothing", "-1", "1e3"):
        suite.ask("DELETE", f"/alerts/dead-letters/{name}", 404)
        suite.ask("POST", f"/alerts/dead-letters/{name}/redeliver", 404)
    suite.ask("DELETE", "/alerts/rules/leaders", 412, headers=[("If-Match", '"x"')])
    suite.ask("DELETE", "/alerts/rules/leaders", 200)
    suite.ask("DELETE", "/alerts/rules/leaders", 404)
    for number in range(120):
        answer = suite.ask("POST", "/alerts/rules", body={"name": f"rule {number}", "expression": "rank < 2",
                                                          "enabled": False})
        if answer.status != 200:
            break
    suite.expect(answer.status == 409, f"too many rules → {answer.status}, expected 409")


def check_recordings(suite):
    suite.ask("DELETE", "/recordings/current", 404)
    begun = suite.ask("POST", "/recordings", 200, body={"for_sec": 600}).value
    suite.ask("POST", "/recordings", 409, body={})
    suite.ask("POST", "/recordings", 422, body={"for_sec": 0})

    def written():
        listed = suite.scanner.get("/recordings").json()["recordings"]
        return any(each["id"] == begun["id"] and each["bytes"] > 0 for each in listed)
    until(written, "something of the recording is written")
    suite.ask("DELETE", "/recordings/current", 200)
    cut = f"/recordings/{begun['id']}/cut"
    suite.ask("GET", cut, 200)
    suite.ask("GET", cut + "?symbols=btc,eth", 422)  # a live feed was followed
    suite.ask("GET", cut + "?from=2030-01-01", 404)
    for query in ("from=then", "symbols=//", "from=2030-01-02&to=2030-01-01"):
        suite.ask("GET", f"{cut}?{query}", 422)


def check_streams(suite):
    port = suite.scanner.port
    schemas = {"/stream": "Heartbeat", "/stream/rankings": "RankingFrame",
               "/stream/rankings?profile=swing&symbols=btc,eth": "RankingFrame",
               "/stream/rankings?fields=symbol,rank,spark,inputs": "RankingFrame"}
    for target, name in schemas.items():
        with WebSocket(port, target) as socket:
            suite.check("GET", target, socket.answer, 101)
            for _ in range(2 if name == "RankingFrame" else 1):
                frame = json.loads(socket.read_text())
                for error in suite.document.errors({"$ref": f"#/components/schemas/{name}"}, frame):
                    suite.fail(f"frame of {target}: {error}")
    for target, headers, status in (("/stream/rankings?top=0", (), 422), ("/stream?top=1", (), 422),
                                    ("/stream/rankings?x=%zz", (), 400), ("/stream?x=%zz", (), 400),
                                    ("/stream/rankings", [("Origin", "https://evil.example")], 403),
                                    ("/stream", [("Origin", "https://evil.example")], 403)):
        with WebSocket(port, target, headers) as socket:
            suite.check("GET", target, socket.answer, status)
    with Connection(port) as connection:
        connection.send(request_bytes("GET", "/stream/events?top=3"))
        head = connection.read_until(b"\r\n\r\n").decode()
        suite.expect(" 200 " in head.split("\r\n")[0] and "text/event-stream" in head, f"events: {head}")
        suite.reached.add("GET /stream/events 200")
        events = b""
        while events.count(b"event: ranking") < 2 or not events.endswith(b"\n\n"):
            events += connection.read_chunk()
        for line in events.decode().split("\n"):
            suite.expect(re.match(r"$|: |id: \d+$|event: ranking$|data: \{|retry: 3000$", line), f"event line {line!r}")
            if line.startswith("data: "):
                for error in suite.document.errors({"$ref": "#/components/schemas/RankingFrame"}, json.loads(line[6:])):
                    suite.fail(f"event: {error}")
    suite.ask("GET", "/stream/events?top=0", 422)


def check_credentials(suite):
    """Whatever changes something asks for the token, and nothing else does."""
    for method, path, operation in suite.document.operations():
        target = concrete(path) + ("?name=scalp" if path == "/profiles/apply" else "")
        body = {} if method == "POST" else None
        if "security" not in operation:
            suite.expect(method == "GET" or path == "/alerts/rules:test", f"{method} {path} has no security")
            continue
        suite.ask(method, target, 401, body=body)
        for _ in range(10):
            suite.ask(method, target, 403, body=body, headers=[("Authorization", "Bearer wrong")])
        suite.ask(method, target, 429, body=body, headers=[("Authorization", "Bearer wrong")])
        answer = suite.ask(method, target, body=body, headers=[("Authorization", f"Bearer {TOKEN}")])
        suite.expect(answer.status in (200, 404, 409, 422), f"{method} {path} with the token → {answer.status}")
        # Behind a proxy the origin is the proxy's: the token decides.
        answer = suite.ask(method, target, body=body, headers=[("Authorization", f"Bearer {TOKEN}"),
                                                               ("Origin", "https://scanner.example")])
        suite.expect(answer.status in (200, 404, 409, 422), f"{method} {path} through a proxy → {answer.status}")
    foreign = ("Origin", "https://scanner.example")
    for headers, status in (([foreign], 403), ([foreign, ("Sec-Fetch-Site", "cross-site")], 403),
                            ([foreign, ("Authorization", "Bearer wrong")], 403),
                            ([foreign, ("Sec-Fetch-Site", "same-origin")], 101),
                            ([foreign, ("Authorization", f"Bearer {TOKEN}")], 101),
                            ([("Origin", "http://localhost:3000")], 101)):
        with WebSocket(suite.scanner.port, "/stream/rankings", headers) as socket:
            suite.check("GET", "/stream/rankings", socket.answer, status)


def check_without_data(suite):
    """No exchange, no database: what can answer does, everything else says 503 and when to come again."""
    for target in ("/rankings", "/opportunities", "/symbols", "/ready", "/symbol/btc/inspect", "/symbols/btc/inspect",
                   "/history/rankings", "/history/bars?symbol=btc", "/settings", "/watchlists", "/watchlists/x",
                   "/profiles", "/profiles/x", "/alerts", "/alerts/rules", "/alerts/dead-letters",
                   "/manipulation/episodes", f"/manipulation/episodes/{EPISODE}"):
        suite.ask("GET", target, 503)
    for target in ("/health", "/healthz/details", "/metrics", "/openapi.json"):
        suite.ask("GET", target, 200)
    bodies = {"/manipulation/episodes/{id}/disposition": {"verdict": "benign"}, "/settings": {"notional": 100}, "/watchlists": {"name": "x"},
              "/profiles": {"name": "x", "weights": {"liq.qvol": 1}},
              "/alerts/rules": {"name": "x", "expression": "rank < 3"}, "/alerts/rules:test": {"expression": "rank < 3"}}
    for method, path, operation in suite.document.operations():
        # Recordings are files of their own.
        if method in ("POST", "DELETE") and not path.startswith("/recordings"):
            target = concrete(path) + ("?name=scalp" if path == "/profiles/apply" else "")
            suite.ask(method, target, 503, body=bodies.get(path))


def check_many_streams(suite):
    """More subscribers' parameter sets than are served are told to try later."""
    held = []
    try:
        status = 200
        for number in range(300):
            connection = Connection(suite.scanner.port)
            held.append(connection)
            connection.send(request_bytes("GET", f"/stream/events?top={number % 200 + 1}&profile="
                                                 f"{('scalp', 'swing')[number // 200]}"))
            head = connection.read_until(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n")[0]:
                connection.pending = head + connection.pending
                answer = connection.read_answer()
                suite.check("GET", "/stream/events", answer, 503)
                status = answer.status
                break
        suite.expect(status == 503, "300 different streams were all served")
    finally:
        for connection in held:
            connection.socket.close()
