"""What an operator does while a scanner runs, at random: settings, rules, watchlists, profiles, and settings by SIGHUP."""

import json
import signal
import urllib.error
import urllib.request

EXPRESSIONS = ["rank <= 3", "rank <= 5 and spread_bps < 20", "score > 0", "manip_score >= 15", "rank <= 2 for 2s"]
SYMBOLS = ["btc", "eth", "sol", "doge", "xrp", "ltc"]
# By SIGHUP: each of these takes effect at once.
RELOADED = {
    "SCANNER_MIN_QVOL_USDT": ["1000", "100000", "20000000"],
    "SCANNER_MAX_SPREAD_BPS": ["8", "20", "10000"],
    "SCANNER_INCLUDE_CARRY": ["true", "false"],
    "SCANNER_NOTIONAL_TEST": ["2000", "5000", "20000"],
    "SCANNER_SCAN_TOP_BY_QVOL": ["10", "20", "60"],
    "SCANNER_RANK_INTERVAL_MS": ["200", "500", "1000"],
    "SCANNER_UNIVERSE": ["all", "crypto"],
    "SCANNER_TAKER_FEE_PCT": ["0.02", "0.06"],
}


class Operator:
    """`env_file` is what the scanner reads again at SIGHUP; this writes it, from `settings` on."""

    def __init__(self, port, program, env_file, settings, random_numbers):
        self.port, self.program, self.env_file, self.random = port, program, env_file, random_numbers
        self.settings = dict(settings)
        self.rules, self.lists = set(), set()
        self.done = {}
        self.left = []
        self.write_settings()

    def write_settings(self):
        with open(self.env_file, "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in self.settings.items())

    def send(self, method, target, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{target}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {target} {body}: {error.code} {error.read()[:300]}") from None

    # -- what can be done ----------------------------------------------------------------------------------------------

    def change_settings(self):
        self.send("POST", "/settings", {"notional": self.random.choice([1500, 5000, 30000]),
                                        "liquidity_weight": round(self.random.uniform(1, 5), 2)})

    def put_rule(self):
        name = self.random.choice(["leaders", "wild", "mine"])
        scope = {"watchlist": self.random.choice(sorted(self.lists))} if self.lists and self.random.random() < 0.5 else "all"
        self.send("POST", "/alerts/rules", {"name": name, "expression": self.random.choice(EXPRESSIONS), "scope": scope,
                                            "cooldown_sec": self.random.choice([1, 5, 30]),
                                            "enabled": self.random.random() < 0.9})
        self.rules.add(name)

    def delete_rule(self):
        if not self.rules:
            return self.put_rule()
        name = self.random.choice(sorted(self.rules))
        self.rules.discard(name)
        return self.send("DELETE", f"/alerts/rules/{name}")

    def put_watchlist(self):
        name = self.random.choice(["majors", "others"])
        self.send("POST", "/watchlists", {"name": name, "symbols": self.random.sample(SYMBOLS, self.random.randint(1, 4))})
        self.lists.add(name)

    def apply_profile(self):
        self.send("POST", "/profiles", {"name": "own", "weights": {"vol.atr": self.random.choice([-2, 0, 1.5])}})
        self.send("POST", f"/profiles/apply?name={self.random.choice(['own', 'swing', 'scalp'])}")

    def reload(self):
        name = self.random.choice(sorted(RELOADED))
        self.settings[name] = self.random.choice(RELOADED[name])
        self.write_settings()
        self.program.process.send_signal(signal.SIGHUP)

    def act(self):
        """One of them; each has its turn before any has a second one."""
        if not self.left:
            self.left = ["change_settings", "put_rule", "put_rule", "put_watchlist", "apply_profile", "reload", "delete_rule"]
            self.random.shuffle(self.left)
        what = self.left.pop()
        getattr(self, what)()
        self.done[what] = self.done.get(what, 0) + 1
        return what
