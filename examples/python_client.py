#!/usr/bin/env python3
"""A client of the market scanner with nothing but the standard library.

    python3 examples/python_client.py [http://127.0.0.1:8010]

Shows what a bot needs: a poll that costs nothing while nothing is new, errors that explain themselves, a pushed ranking
that survives reconnects, and a change of the operator's state."""
import json
import os
import sys
import time
import urllib.error
import urllib.request


class ScannerError(Exception):
    """An answer other than 2xx. `problem` is its application/problem+json (RFC 9457)."""

    def __init__(self, status, problem, retry_after):
        super().__init__(f"{status}: {problem.get('detail', problem.get('title', ''))}")
        self.status, self.problem, self.retry_after = status, problem, retry_after


class Scanner:
    def __init__(self, base="http://127.0.0.1:8010", token=None, timeout=10):
        self.base, self.token, self.timeout = base.rstrip("/"), token, timeout
        self._seen = {}  # path -> (ETag, answer)

    def _open(self, path, method="GET", body=None, headers=None, timeout=None):
        request = urllib.request.Request(self.base + path, method=method, headers=headers or {})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self.token and method not in ("GET", "HEAD"):
            request.add_header("Authorization", f"Bearer {self.token}")
        return urllib.request.urlopen(request, timeout=timeout or self.timeout)

    @staticmethod
    def _error(error):
        try:
            problem = json.load(error)
        except ValueError:
            problem = {"title": error.reason}
        return ScannerError(error.code, problem, float(error.headers.get("Retry-After") or 1))

    def get(self, path):
        """The answer, and whether it is another than last time. Unchanged answers cost a 304 without a body."""
        etag, known = self._seen.get(path, (None, None))
        try:
            with self._open(path, headers={"If-None-Match": etag} if etag else {}) as answer:
                self._seen[path] = (answer.headers["ETag"], json.load(answer))
                return self._seen[path][1], True
        except urllib.error.HTTPError as error:
            if error.code == 304:
                return known, False
            raise self._error(error) from None

    def send(self, method, path, body=None):
        try:
            with self._open(path, method, body) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise self._error(error) from None

    def events(self, path="/stream/events", silence=40):
        """Frames as they come, for ever: reconnects by itself, and goes on after the last one seen."""
        last, pause = None, 1.0
        while True:
            headers = {"Accept": "text/event-stream"}
            if last:
                headers["Last-Event-ID"] = last
            try:
                # A comment comes every 10 s: a connection that is silent for longer is dead.
                with self._open(path, headers=headers, timeout=silence) as stream:
                    data, event_id = [], None
                    for raw in stream:
                        line = raw.decode().rstrip("\r\n")
                        if line.startswith("data:"):
                            data.append(line[5:].lstrip())
                        elif line.startswith("id:"):
                            event_id = line[3:].strip()
                        elif not line and data:
                            last, pause = event_id, 1.0
                            yield json.loads("\n".join(data))
                            data = []
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503):
                    raise self._error(error) from None
            except OSError:
                pass
            time.sleep(pause)
            pause = min(pause * 2, 30)


def main():
    scanner = Scanner(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8010", os.environ.get("SCANNER_API_TOKEN"))

    # 1. Poll. Only what you ask for, and an explanation when the question is wrong.
    best = "/rankings?top=5&fields=symbol,contract_code,rank,score,spread_bps,manip_score,age_ms"
    ranking, _ = scanner.get(best)
    note = "SIMULATED, " if ranking.get("simulated") else ""
    print(f"cycle {ranking['seq']} of {ranking['ts']} ({note}data {ranking['data_age_ms']} ms old then)")
    for item in ranking["items"]:
        # null: not known yet, which is the case for a quarter of an hour after a first start. max_manip_score would leave it out.
        manipulation = "unknown" if item["manip_score"] is None else f"{item['manip_score']:.0f}"
        print(f"  {item['rank']:>3} {item['symbol']:<20} score {item['score']:>9.4f} spread {item['spread_bps']:.2f} bps "
              f"manipulation {manipulation}")
    same, is_new = scanner.get(best)
    print("asked again:", "a new cycle" if is_new else "unchanged, not sent again")
    try:
        scanner.get("/rankings?topp=5")
    except ScannerError as error:
        print("a misspelt filter:", error)

    # 2. Keep a list that the ranking can be narrowed to, here and in the console.
    codes = [item["contract_code"] for item in ranking["items"][:3]]
    scanner.send("POST", "/watchlists", {"name": "python-example", "symbols": codes})
    mine, _ = scanner.get("/rankings?watchlist=python-example&fields=symbol,rank")
    print("my list:", ", ".join(f"{item['symbol']} (rank {item['rank']})" for item in mine["items"]))
    scanner.send("DELETE", "/watchlists/python-example")

    # 3. Follow. Three frames here; a bot would go on.
    for count, frame in enumerate(scanner.events("/stream/events?top=3"), 1):
        if frame.get("stale"):
            print("the ranking is no longer live")
        print(f"frame {frame['seq']}:", " ".join(f"{i['symbol'].split('/')[0]} {i['score']:.2f}" for i in frame["items"]))
        if count == 3:
            break


if __name__ == "__main__":
    main()
