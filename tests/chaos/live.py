"""Every fault of the exchange's WebSockets against the live feed, and the promises about what is called live.

    python3 tests/chaos/live.py BIN_DIR [--seconds 1800] [--seed 1] [--comparisons 100000] [--report FILE]

Rounds of faults that follow from the seed. All along, each book that the API calls live is compared with the simulator's
own book of that number (/_simulator/book), and must not be behind it; docs/reliability.md has the promises. They are
checked as they are written in docs/feed.md and docs/api.md, by nothing but answers of the API and of the simulator.
"""

import argparse
import collections
import json
import random
import signal
import statistics
import sys
import time

from faults import FEED_FAULTS, Rounds
from live_watch import BookCheck, RankingCheck
from machines import Scanner, Simulator, remove_folder, scratch_folder, wait_for

INTERVAL_SEC = 5.0
RANK_INTERVAL_MS = 250
CONTRACTS = 30
RECOVERY_SEC = 15.0
LONG_RUN_SEC = 600


class LiveChaos:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.folder = scratch_folder()
        self.began = time.monotonic()
        self.rounds = Rounds(FEED_FAULTS, self.random)
        self.recoveries = []
        self.resources = []
        self.violations = []
        self.simulator = Simulator(f"{args.bin}/htx-simulator", self.folder, args.seed)
        wait_for("the simulator", self.simulator.answers, 60)
        flags = ["--exchange-url", f"http://127.0.0.1:{self.simulator.port}", "--scan-interval-sec", str(INTERVAL_SEC)]
        flags += ["--min-qvol-usdt", "0", "--max-spread-bps", "10000", "--scan-top-by-qvol", str(CONTRACTS)]
        flags += ["--rank-interval-ms", str(RANK_INTERVAL_MS), "--feed", "required"]
        self.scanner = Scanner(f"{args.bin}/market-scanner", self.folder, flags, {"SCANNER_LOG_LEVEL": "debug"})
        wait_for("the first ranking", self.is_ready, 90)
        wait_for("every book", self.all_live, 60)
        self.rankings = RankingCheck(self.scanner.port, self.violated, INTERVAL_SEC)
        self.books = BookCheck(self.scanner.port, self.simulator.port, self.violated, workers=args.workers)

    def violated(self, what):
        text = f"{time.monotonic() - self.began:7.1f} {what}"
        if len(self.violations) < 200:
            self.violations.append(text)
        print("VIOLATION:", text, flush=True)

    def say(self, what):
        print(f"{time.monotonic() - self.began:7.1f} {what}", flush=True)

    def is_ready(self):
        try:
            return self.scanner.get("/ready")[0] == 200
        except OSError:
            if not self.scanner.program.alive():
                raise RuntimeError("market-scanner ended; see its log") from None
            return False

    def feed(self):
        return json.loads(self.scanner.get("/healthz/details")[1])["feed"]

    def all_live(self):
        feed = self.feed()
        live = feed["books"].get("live", 0)
        return live >= CONTRACTS - 2 and live == sum(feed["books"].values()) and feed["tapes_incomplete"] == 0

    # -- rounds --------------------------------------------------------------------------------------------------------

    def chosen_faults(self):
        faults = []
        for fault in self.rounds.next_kinds():
            if fault.startswith("ws-wrong-book"):
                # Of one contract: whatever is wrong with the others is ours.
                code = self.random.choice(self.books.codes)
                self.books.expect_wrong(code)
                fault += f":contract={code}"
            faults.append(fault)
        return faults

    def round(self, most):
        faults = self.chosen_faults()
        lasts = self.random.uniform(min(3.0, most), max(3.0, min(25.0, most)))
        self.say(f"{' '.join(faults)} for {lasts:.1f} s")
        self.simulator.set_faults(faults)
        time.sleep(lasts)
        self.simulator.set_faults([])
        self.recover(faults)

    def recover(self, faults):
        over_at = time.monotonic()
        self.books.faults_over(over_at)
        while not self.all_live():
            if time.monotonic() - over_at > 90:
                self.violated(f"not well again 90 s after {' '.join(faults)}: {self.feed()}")
                break
            time.sleep(0.1)
        took = time.monotonic() - over_at
        self.recoveries.append(took)
        self.say(f"every book live and every tape whole after {took:.1f} s")
        if took > RECOVERY_SEC:
            self.violated(f"recovery from {' '.join(faults)} took {took:.1f} s, more than {RECOVERY_SEC:.0f} s")
        if not self.scanner.program.alive():
            raise RuntimeError("market-scanner ended")

    def run(self):
        end = self.began + self.args.seconds
        while (left := end - time.monotonic()) > 5.0:
            self.round(left - 2.0)
            time.sleep(self.random.uniform(0.5, 3.0))
            self.resources.append((self.scanner.memory_mb(), self.scanner.descriptors()))

    # -- afterwards ----------------------------------------------------------------------------------------------------

    def check_causes(self):
        """Each subscription that was begun again is in the log with its reason, and each connection that failed."""
        feed = self.feed()
        told = collections.Counter(line["cause"] for line in self.scanner.log_lines()
                                   if line.get("event") == "feed_resubscribed" and line.get("why"))
        for cause, begun in feed["resubscriptions"].items():
            if told[cause] < begun:
                self.violated(f"{begun} subscriptions were begun again as {cause}, {told[cause]} reasons are in the log")
        return {"begun_again": feed["resubscriptions"], "reasons_in_log": told.total(),
                "reconnections": feed["reconnections"]}

    def check_resources(self):
        if len(self.resources) < 3:
            return {}
        third = max(1, len(self.resources) // 3)
        early, late = self.resources[third : 2 * third], self.resources[-third:]
        before, after = (statistics.median(mb for mb, _ in part) for part in (early, late))
        fds_before, fds_after = (min(fds for _, fds in part) for part in (early, late))
        if self.args.seconds >= LONG_RUN_SEC and after > before * 1.15 + 12:
            self.violated(f"memory grew from {before:.0f} to {after:.0f} MB")
        if fds_after > fds_before + 8:
            self.violated(f"descriptors grew from {fds_before} to {fds_after}")
        return {"memory_mb": [round(before, 1), round(after, 1)], "descriptors": [fds_before, fds_after]}

    def report(self):
        self.books.end()
        self.rankings.end()
        result = {
            "seed": self.args.seed,
            "seconds": round(time.monotonic() - self.began),
            "struck": dict(sorted(self.rounds.struck.items())),
            "recoveries": len(self.recoveries),
            "longest_recovery_sec": round(max(self.recoveries, default=0.0), 2),
        }
        result |= self.books.report() | self.rankings.report()
        result |= self.check_causes() | self.check_resources()
        result["audits"] = self.feed()["audits"]
        if result["comparisons"] < self.args.comparisons:
            self.violated(f"{result['comparisons']} comparisons, fewer than {self.args.comparisons}")
        code = self.scanner.program.end(signal.SIGTERM)
        if code != 0:
            self.violated(f"market-scanner ended with {code}")
        result["violations"] = self.violations
        return result

    def close(self):
        for program in (self.scanner.program, self.simulator.program):
            program.end(signal.SIGKILL, 5)
        self.scanner.disk.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--comparisons", type=int, default=0, help="fewer are a failure")
    parser.add_argument("--report")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    chaos = LiveChaos(args)
    try:
        chaos.run()
        result = chaos.report()
    finally:
        chaos.close()
    text = json.dumps(result, indent=2)
    print(text)
    if args.report:
        with open(args.report, "w", encoding="utf-8") as report:
            report.write(text + "\n")
    if result["violations"]:
        print(f"what the programs said: {chaos.folder}")
        return 1
    remove_folder(chaos.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
