"""What the API calls live, held against the exchange's own truth; and rankings that must never stop."""

import datetime
import http.client
import json
import threading
import time
from urllib.parse import quote

# A live book may be behind for so long: while the tape that the API shows trades, and while it rests.
BEHIND_TRADING_SEC = 2.0
BEHIND_RESTING_SEC = 30.0
# Two programs tell the time here, and a thread may be late; an age may be understated by no more.
AGE_SLACK_SEC = 1.0
# A book that was told wrongly must have been found out this long after the exchange stopped telling wrongly.
WRONG_BOOK_SEC = 30.0
# A trade that was never told must have been found so soon: a tape is compared with the exchange's list every 15 s.
MISSING_TRADE_SEC = 40.0
# A number of a ranking is of a moment before the tape's: so long it may still be that of a whole one.
RANKING_LAG_SEC = 1.5
WINDOW_SEC = 60.0
# Without news of the market a ranking comes with each scan; the rest is for a machine that does other things as well.
ALLOWANCE_SEC = 5.0
ROUNDING = 1e-9
# How often the trades that are shown are compared with those that were made.
TAPE_EVERY = 8


class Client:
    """One connection that is kept, and made again when it is lost."""

    def __init__(self, port):
        self.port = port
        self.connection = None

    def get(self, target):
        for attempt in (1, 2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
                self.connection.request("GET", target)
                answer = self.connection.getresponse()
                return answer.status, json.loads(answer.read())
            except (OSError, http.client.HTTPException):
                self.connection.close()
                self.connection = None
                if attempt == 2:
                    raise
        return None


def unix(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def close(a, b):
    return abs(a - b) <= ROUNDING * max(abs(a), abs(b), 1e-300)


class BookCheck:
    def __init__(self, scanner_port, simulator_port, violated, workers):
        self.ports = scanner_port, simulator_port
        self.violated = violated
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.sizes = {}  # of a contract, in base units
        for row in Client(simulator_port).get("/linear-swap-api/v1/swap_contract_info")[1]["data"]:
            if row["contract_status"] == 1:
                self.sizes[row["contract_code"]] = float(row["contract_size"])
        listed = Client(scanner_port).get("/symbols")[1]["items"]
        self.codes = sorted(item["contract_code"] for item in listed if item["in_scan"])
        self.wrong = {}  # contract: until when it may be wrong; None while the fault lasts
        self.incomplete = {}  # contract: (since when its tape has a hole by what we saw, the ranking of then, its begin)
        self.shown_over_hole = {}  # contract: since when numbers of the window are shown over it
        self.traded = {}  # contract: trades newer than its book, and since when we have seen them
        self.missing = {}  # contract: trades that its whole tape lacks, and since when by what we saw
        self.counts = dict.fromkeys(
            ["asked", "comparisons", "levels_compared", "not_live", "differences", "wrong_books_shown", "tapes_compared",
             "incomplete_tapes", "trades_missing", "windows_checked", "unanswered"], 0)  # fmt: skip
        self.most = {"behind_trading_sec": 0.0, "behind_resting_sec": 0.0, "age_understated_sec": 0.0}
        self.seen = set()  # readings that were compared
        self.threads = [
            threading.Thread(target=self.run, args=(self.codes[i::workers],), daemon=True) for i in range(workers)
        ]
        for thread in self.threads:
            thread.start()

    # -- what the schedule tells

    def expect_wrong(self, code):
        with self.lock:
            self.wrong[code] = None

    def faults_over(self, at):
        with self.lock:
            for code, until in self.wrong.items():
                if until is None:
                    self.wrong[code] = at + WRONG_BOOK_SEC

    def may_be_wrong(self, code):
        with self.lock:
            return code in self.wrong and (self.wrong[code] is None or time.monotonic() < self.wrong[code])

    # -- the checks

    def count(self, name, by=1):
        with self.lock:
            self.counts[name] += by

    def note(self, name, seconds):
        with self.lock:
            self.most[name] = max(self.most[name], seconds)

    def run(self, codes):
        api, exchange = Client(self.ports[0]), Client(self.ports[1])
        turn = 0
        while not self.over.is_set():
            for code in codes:
                turn += 1
                try:
                    self.check(code, api, exchange, turn % TAPE_EVERY == 0)
                except (OSError, http.client.HTTPException):
                    self.count("unanswered")
                    self.over.wait(0.2)
                except Exception as error:  # whatever is wrong with an answer is a finding
                    self.violated(f"{code}: {error!r}")
                    self.over.wait(0.2)
                if self.over.is_set():
                    return
            self.over.wait(0.02)

    def check(self, code, api, exchange, with_tape):
        asked_at = time.monotonic()
        status, page = api.get(f"/symbol/{quote(code)}/inspect")
        self.count("asked")
        if status != 200:
            if status not in (404, 429, 503):
                self.violated(f"{code}: /inspect answers {status}")
            return
        book, told = page["orderbook"], page["inputs"]["order_book"]
        self.check_windows(code, page)
        if with_tape and page["tape"] is not None:
            self.check_tape(code, page, exchange)
        if book is None or book["matching_id"] is None:
            return
        is_live = told.get("source") == "feed" and told.get("subscription") == "live" and told["state"] == "live"
        status, truth = exchange.get(f"/_simulator/book?contract_code={quote(code)}&mrid={book['matching_id']}")
        if status != 200:
            # Those of requests may be older than what the simulator remembers; a live one never is.
            if is_live:
                self.violated(f"{code}: a live book under {book['matching_id']}, which never was: {truth}")
            return
        # As the simulator's clock stood when the API was asked: what is behind or old was so by then.
        then = truth["now"] / 1000 - (time.monotonic() - asked_at)
        since = None if truth["superseded"] is None else truth["superseded"] / 1000
        self.check_age(code, told, since, then)
        if not is_live:
            self.count("not_live")
            return
        self.check_behind(code, page, since, then)
        key = (code, book["matching_id"], page["live_at"])
        with self.lock:
            known = key in self.seen
            self.seen.add(key)
            if len(self.seen) > 200_000:
                self.seen.clear()
        if not known:
            self.compare(code, page, truth)

    def compare(self, code, page, truth):
        book, ladder, size = page["orderbook"], page["ladder"] or {}, self.sizes[code]
        differences = []
        for side in ("bids", "asks"):
            levels = truth[side]
            shown = [(price, quantity) for price, quantity in book[side]]
            shown_ladder = [(level["price"], level["quoted"]) for level in ladder.get(side, [])]
            for name, some in (("", shown), ("ladder ", shown_ladder)):
                self.count("levels_compared", len(some))
                if len(some) > len(levels):
                    differences.append(f"{name}{side}: {len(some)} levels, of {len(levels)}")
                for (price, quantity), (true_price, contracts) in zip(some, levels):
                    if price != true_price or not close(quantity, contracts * size):
                        differences.append(f"{name}{side}: {quantity} at {price}, not {contracts * size} at {true_price}")
                        break
            whole = book[f"whole_{side}"]
            if whole["levels"] != len(levels) or not close(whole["size"], sum(c for _, c in levels) * size):
                differences.append(f"{side}: {whole}, not {len(levels)} levels of {sum(c for _, c in levels) * size}")
        self.count("comparisons")
        if not differences:
            return
        if self.may_be_wrong(code):
            self.count("wrong_books_shown")
            return
        self.count("differences")
        self.violated(f"{code}: the live book of {book['matching_id']} differs: {differences[:3]}")

    def check_behind(self, code, page, since, then):
        if since is None:
            self.traded.pop(code, None)
            return
        traded = [unix(trade["ts"]) for trade in (page["tape"] or {}).get("trades", [])]
        after = [at for at in traded if at > since]
        # A trade that comes late is one only from when it is shown; by our own looks, which are some tenths apart.
        seen = self.traded.setdefault(code, {})
        now = time.monotonic()
        for at in [at for at in seen if at not in after]:
            del seen[at]
        for at in after:
            seen.setdefault(at, now)
        if after:
            behind = max(now - min(seen.values()), 0.0)
            self.note("behind_trading_sec", behind)
            if behind > BEHIND_TRADING_SEC:
                self.violated(f"{code}: called live {behind:.2f} s after the first trade that is not in it")
        else:
            behind = then - since
            self.note("behind_resting_sec", behind)
            if behind > BEHIND_RESTING_SEC:
                self.violated(f"{code}: called live {behind:.1f} s after the exchange moved on")

    def check_age(self, code, told, since, then):
        """A number is no older than it says: the book was right until the exchange moved on from it."""
        if since is None or told["age_ms"] is None:
            return
        understated = (then - since) - told["age_ms"] / 1000
        self.note("age_understated_sec", understated)
        if understated > AGE_SLACK_SEC:
            self.violated(f"{code}: {told['age_ms']} ms old by its own account, {then - since:.1f} s in truth ({told})")

    def check_windows(self, code, page):
        """While a tape has a hole that began within the window, the numbers of that window are null."""
        tape = page["tape"]
        now = time.monotonic()
        hole_at = None if tape is None or tape["complete"] else tape["incomplete_since"]
        if hole_at is None or unix(page["live_at"]) - unix(hole_at) > WINDOW_SEC - 5.0:
            self.incomplete.pop(code, None)
            self.shown_over_hole.pop(code, None)
            return
        self.count("incomplete_tapes")
        since, seq, first_hole = self.incomplete.setdefault(code, (now, page["seq"], hole_at))
        if first_hole != hole_at:
            self.incomplete[code] = (now, page["seq"], hole_at)
            self.shown_over_hole.pop(code, None)
            return
        if now - since < RANKING_LAG_SEC or page["seq"] <= seq:
            return
        self.count("windows_checked")
        shown = {name: page["snapshot"].get(name) for name in ("trades_60s", "turnover_60s_usdt", "tfi_60s")}
        if all(value is None for value in shown.values()):
            self.shown_over_hole.pop(code, None)
            return
        # A hole that was filled and torn open again without a trade in between has the same beginning. The ranking of
        # the moment between is shown until the next one; no longer.
        first = self.shown_over_hole.setdefault(code, now)
        if now - first > RANKING_LAG_SEC:
            self.violated(f"{code}: {shown} over a hole since {hole_at} ({now - since:.1f} s after we saw it)")

    def check_tape(self, code, page, exchange):
        """Of a tape that is called complete none is missing between the first and the last trade that it shows."""
        if not page["tape"]["complete"]:
            return
        shown = {int(trade["id"]) for trade in page["tape"]["trades"]}
        if len(shown) < 2:
            return
        answer = exchange.get(f"/linear-swap-ex/market/history/trade?contract_code={quote(code)}&size=300")[1]
        made = {int(trade["id"]) for match in answer.get("data", []) for trade in match["data"]}
        within = {trade for trade in made if min(shown) <= trade <= max(shown)}
        self.count("tapes_compared")
        missing = within - shown
        # A topic that says nothing on a living socket is a hole that nothing tells of, until the tape's own audit.
        now = time.monotonic()
        self.count("trades_missing", len(missing))
        known = self.missing.setdefault(code, {})
        for trade in [trade for trade in known if trade not in missing]:
            del known[trade]
        for trade in missing:
            if now - known.setdefault(trade, now) > MISSING_TRADE_SEC:
                self.violated(f"{code}: trade {trade} has been missing from a whole tape for {now - known[trade]:.0f} s")
                known[trade] = now

    def report(self):
        return self.counts | {name: round(value, 2) for name, value in self.most.items()}

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(35)


class RankingCheck:
    """A newer ranking is there all along, whatever happens to the feed."""

    def __init__(self, port, violated, scan_interval_sec):
        self.port, self.violated = port, violated
        self.limit = scan_interval_sec + ALLOWANCE_SEC
        self.longest = 0.0
        self.rankings = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        api = Client(self.port)
        newest, newest_at = 0, time.monotonic()
        while not self.over.is_set():
            try:
                status, page = api.get("/rankings?top=1&fields=symbol,score")
                if status == 200 and page["seq"] != newest:
                    if page["seq"] < newest:
                        self.violated(f"ranking {page['seq']} after {newest}")
                    now = time.monotonic()
                    self.longest = max(self.longest, now - newest_at)
                    if now - newest_at > self.limit:
                        self.violated(f"no new ranking for {now - newest_at:.1f} s")
                    self.rankings += page["seq"] - newest if newest else 0
                    newest, newest_at = page["seq"], now
                elif status != 200:
                    self.violated(f"/rankings answers {status}")
                    self.over.wait(1.0)
            except (OSError, http.client.HTTPException) as error:
                self.violated(f"/rankings does not answer: {error!r}")
                self.over.wait(1.0)
            self.over.wait(0.1)

    def report(self):
        return {"rankings": self.rankings, "longest_without_a_new_ranking_sec": round(self.longest, 2)}

    def end(self):
        self.over.set()
        self.thread.join(20)
