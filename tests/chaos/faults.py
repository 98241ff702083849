"""Every fault of the simulator, and rounds of them that follow from a seed."""

import random
import re
import subprocess

# What each fault of the WebSockets is given at random: how often it strikes, and what else it takes.
FEED_FAULTS = {
    "ws-drop-version": [":rate=0.002", ":rate=0.02", ":rate=0.2"],
    "ws-duplicate": [":rate=0.002", ":rate=0.02", ":rate=0.2"],
    "ws-stall": [":rate=0.1", ":rate=0.5", ":rate=1"],
    "ws-half-open": [":rate=0.2", ":rate=1"],
    "ws-disconnect": [":rate=0.1", ":rate=0.5", ":rate=1"],
    "ws-refuse": ["", ":status=502", ":rate=0.5"],
    "ws-slow": [":delay=1s", ":delay=5s", ":delay=5s:rate=0.5"],
    "ws-garbage": [":rate=0.0005", ":rate=0.01"],
    "ws-bomb": [":rate=0.0005", ":rate=0.01"],
    "ws-wrong-book": [":rate=0.01", ":rate=0.2"],
}
# The same of requests.
REST_FAULTS = {
    "429": [":rate=0.05", ":rate=0.2"],
    "429-html": [":rate=0.05", ":rate=0.2"],
    "1032": [":rate=0.05", ":rate=0.2"],
    "5xx": [":rate=0.05", ":rate=0.2", ":rate=0.5"],
    "maintenance": [":on=2s:off=1m"],
    "slow": [":delay=1s:rate=0.05", ":delay=4s:rate=0.2"],
    "truncated": [":rate=0.05", ":rate=0.2"],
    "empty": [":rate=0.05", ":rate=0.2"],
    "malformed": [":rate=0.05", ":rate=0.2"],
    "non-finite": [":rate=0.05", ":rate=1:path=depth"],
    "stale-book": [":rate=0.2", ":rate=0.5"],
    "vanish": [":rate=0.05", ":contract=BTC-USDT"],
    "stale-candles": [":rate=0.1", ":rate=0.5"],
    "resize": [":rate=0.05"],
    "relist": [":rate=0.05"],
    "cached": [":rate=0.2"],
    "clock-skew": [":offset=-30s", ":offset=30s"],
    "404-bulk": [""],
    "reset": [":rate=0.05", ":rate=0.2"],
}


class Rounds:
    """One to three kinds at a time; each kind has had its turn before any has a second one."""

    def __init__(self, faults, random_numbers):
        self.faults, self.random = faults, random_numbers
        self.left = []  # kinds that have yet to have their turn
        self.struck = {}

    def next_kinds(self, most=3):
        chosen = []
        for _ in range(self.random.randint(1, most)):
            if not self.left:
                self.left = sorted(self.faults)
                self.random.shuffle(self.left)
            kind = self.left.pop()
            if kind not in chosen:
                chosen.append(kind)
        for kind in chosen:
            self.struck[kind] = self.struck.get(kind, 0) + 1
        return [kind + self.random.choice(self.faults[kind]) for kind in chosen]


def all_faults(simulator):
    """Those of requests and of WebSockets, which must be all that the program tells of in its help."""
    told = subprocess.run([simulator, "--help"], capture_output=True, text=True, check=True).stdout
    section = told.split("\nFaults:\n", 1)[1].split("\n\n", 1)[0]
    kinds = set(re.findall(r"^  ([a-z0-9-]+)  +\S", section, re.MULTILINE))
    faults = REST_FAULTS | FEED_FAULTS
    if kinds != set(faults):
        raise RuntimeError(f"faults.py and the simulator's help differ: {sorted(kinds ^ set(faults))}")
    return faults


def seeded_rounds(simulator, seed):
    return Rounds(all_faults(simulator), random.Random(seed))
