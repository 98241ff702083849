"""Faults of every kind against the whole service, and the promises that must hold all along (docs/reliability.md).

    python3 tests/chaos/chaos.py BIN_DIR [--seconds 1800] [--seed 1] [--quiet] [--report FILE]

Rounds of faults that follow from the seed; after each one all is well again, and the next ranking must be there within
one interval. --quiet: no faults, for long runs that look at memory and descriptors.
"""

import argparse
import json
import os
import random
import resource
import signal
import statistics
import sys
import time

from machines import Crowd, Postgres, Redis, Scanner, Simulator, remove_folder, scratch_folder, wait_for
from watch import Watch

INTERVAL_SEC = 2.0
TTL_SEC = 10
# A cycle of the sample takes a tenth of a second; the rest is for a machine that does other things as well. CI, which
# shares its machine with builds, sets more.
CYCLE_ALLOWANCE_SEC = float(os.environ.get("CHAOS_ALLOWANCE_SEC", "3"))
# Until every cache has filled up a process grows; a short run sees nothing else.
WARM_UP_MB = 40
LONG_RUN_SEC = 600

EXCHANGE_FAULTS = [
    "429:rate={r}", "429-html:rate={r}", "1032:rate={r}", "5xx:rate={r}", "5xx:rate=1", "maintenance",
    "slow:delay={d}s:rate={r}", "truncated:rate={r}", "empty:rate={r}", "malformed:rate={r}", "malformed:rate=1",
    "non-finite:rate={r}", "non-finite:rate=1:path=depth", "stale-book:rate={r}", "vanish:rate={r}",
    "vanish:contract=BTC-USDT", "clock-skew:offset=-{s}s", "clock-skew:offset={s}s", "404-bulk", "reset:rate={r}",
    "reset:rate=1",
]  # fmt: skip


class Chaos:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.folder = scratch_folder()
        self.struck = {}
        self.recoveries = []
        self.resources = []  # (seconds, MB, descriptors) in the calm after a round
        self.began = time.monotonic()
        self.simulator = Simulator(f"{args.bin}/htx-simulator", self.folder, args.seed)
        self.redis = Redis(self.folder)
        self.postgres = Postgres(self.folder)
        wait_for("the simulator", self.simulator.answers, 60)
        flags = ["--exchange-url", f"http://127.0.0.1:{self.simulator.port}", "--scan-interval-sec", str(INTERVAL_SEC)]
        flags += ["--redis-snapshots-ttl-sec", str(TTL_SEC), "--redis-rankings-ttl-sec", str(TTL_SEC)]
        flags += ["--adapter-timeout-sec", "5", "--adapter-cooldown-sec", "5", "--scan-top-by-qvol", "30"]
        flags += ["--redis-url", f"redis://127.0.0.1:{self.redis.port}/0", "--postgres-url", self.postgres.url()]
        # Every cycle of the log is looked for in the database; what is published in between is not there.
        env = {"SCANNER_API_TOKEN": "chaos-token", "SCANNER_FEED": "off"}
        self.scanner = Scanner(f"{args.bin}/market-scanner", self.folder, flags, env)
        wait_for("the first ranking", self.is_ready, 90)
        self.watch = Watch(self.scanner, TTL_SEC)

    def is_ready(self):
        try:
            return self.scanner.get("/ready")[0] == 200
        except OSError:
            if not self.scanner.program.alive():
                raise RuntimeError("market-scanner ended; see its log") from None
            return False

    # -- what goes wrong: (what begins, what ends it) ------------------------------------------------------------------

    def exchange_fault(self):
        chosen = self.random.sample(EXCHANGE_FAULTS, self.random.randint(1, 3))
        faults = [
            fault.format(
                r=self.random.choice([0.05, 0.2, 0.5]), d=self.random.choice([1, 4, 8]), s=self.random.choice([30, 300])
            )
            for fault in chosen
        ]
        for fault in faults:
            self.count(fault.split(":")[0])
        return " ".join(faults), lambda: self.simulator.set_faults(faults), lambda: self.simulator.set_faults([])

    def exchange_frozen(self):
        program = self.simulator.program
        return "simulator paused", lambda: program.signal(signal.SIGSTOP), lambda: program.signal(signal.SIGCONT)

    def redis_stopped(self):
        return "redis killed", self.redis.stop, self.redis.start

    def redis_frozen(self):
        return "redis paused", self.redis.pause, self.redis.resume

    def redis_full(self):
        return "redis full", self.redis.fill, self.redis.empty

    def postgres_stopped(self):
        return "postgres killed", self.postgres.stop, self.postgres.start

    def postgres_frozen(self):
        return "postgres paused", self.postgres.pause, self.postgres.resume

    def postgres_full(self):
        def mend():
            self.postgres.disk.empty()
            self.postgres.restart()

        return "postgres disk full", self.postgres.disk.fill, mend

    def spool_full(self):
        return "spool disk full", self.scanner.disk.fill, self.scanner.disk.empty

    def clock_stepped(self):
        seconds = self.random.choice([-3600, -90, -5, 5, 90, 3600])
        return (
            f"clock stepped by {seconds} s",
            lambda: self.scanner.step_clock(seconds),
            lambda: self.scanner.step_clock(0),
        )

    def descriptors_gone(self):
        before = self.scanner.soft_limit()

        def begin():
            self.scanner.limit_descriptors(self.scanner.descriptors() + 1)

        return "descriptors exhausted", begin, lambda: self.scanner.limit_descriptors(before)

    def crowd(self, name, count, slow):
        crowd = []
        return (
            f"{name} of {count}",
            lambda: crowd.append(Crowd(self.scanner.port, count, slow)),
            lambda: crowd.pop().end(),
        )

    def slow_loris(self):
        return self.crowd("slow-loris crowd", self.random.choice([100, 400]), True)

    def flood(self):
        return self.crowd("connection flood", self.random.choice([500, 2000]), False)

    def kinds(self):
        """Those that exclude each other in one list: at most one of each goes on at a time."""
        host = [self.descriptors_gone, self.slow_loris, self.flood]
        if self.scanner.clock_can_step:
            host += [self.clock_stepped, self.clock_stepped]
        postgres = [self.postgres_stopped, self.postgres_frozen]
        if self.postgres.disk.mounted:
            postgres.append(self.postgres_full)
        if self.scanner.disk.mounted:
            host.append(self.spool_full)
        return [
            [self.exchange_fault] * 5 + [self.exchange_frozen],
            [self.redis_stopped, self.redis_frozen, self.redis_full],
            postgres,
            host,
        ]

    def count(self, name):
        self.struck[name] = self.struck.get(name, 0) + 1

    # -- rounds --------------------------------------------------------------------------------------------------------

    def round(self, max_seconds):
        events = []
        for group in self.random.sample(self.kinds(), self.random.randint(1, 4)):
            name, begin, end = self.random.choice(group)()
            start = self.random.uniform(0.0, min(4.0, max_seconds / 4))
            stop = start + self.random.uniform(2.0, max(2.5, min(18.0, max_seconds - start)))
            events += [(start, name, begin), (stop, "end of " + name, end)]
            if group[0] != self.exchange_fault or name == "simulator paused":
                self.count(name.split(" of ")[0].split(" by ")[0])
        began = time.monotonic()
        for at, name, act in sorted(events, key=lambda event: event[0]):
            time.sleep(max(0.0, began + at - time.monotonic()))
            print(f"{time.monotonic() - self.began:7.1f} {name}", flush=True)
            act()
        self.recover()

    def recover(self):
        """The next ranking is there within an interval, give or take a cycle."""
        over_at = time.monotonic()
        before = self.watch.newest
        limit = INTERVAL_SEC + CYCLE_ALLOWANCE_SEC
        while time.monotonic() - over_at < 60:
            try:
                status, body = self.scanner.get("/rankings?top=1")
                if status == 200 and json.loads(body)["seq"] > before:
                    break
            except OSError:
                pass
            time.sleep(0.05)
        took = time.monotonic() - over_at
        self.recoveries.append(took)
        print(f"{time.monotonic() - self.began:7.1f} recovered in {took:.2f} s", flush=True)
        if took > limit:
            self.watch.violated(f"recovery took {took:.1f} s, more than {limit:.1f} s")
        if not self.scanner.program.alive():
            raise RuntimeError("market-scanner ended")

    def measure(self):
        self.resources.append(
            (time.monotonic() - self.began, self.scanner.memory_mb(), self.scanner.descriptors())
        )

    def run(self):
        end = self.began + self.args.seconds
        while time.monotonic() < end - 8.0:
            if self.args.quiet:
                time.sleep(min(10.0, max(0.1, end - time.monotonic())))
            else:
                self.round(end - time.monotonic() - 6.0)
                time.sleep(2.0)
            self.measure()

    # -- afterwards ----------------------------------------------------------------------------------------------------

    def stores_caught_up(self):
        try:
            stores = json.loads(self.scanner.get("/healthz/details")[1])["stores"]
            return all(store["backlog"] == 0 for store in stores.values())
        except (OSError, KeyError):
            return False

    def check_history(self):
        """Every ranked cycle once; those for which there was no room in memory either are counted in the log."""
        wait_for("writing what waits", self.stores_caught_up, 120)
        ranked = {}
        lost = 0
        for line in self.scanner.log_lines():
            if line.get("event") == "scan_cycle":
                ranked[line["seq"]] = line["ranked"]
            if line.get("event") == "history_overflow_over":
                lost += line["failures"]
        rows = self.postgres.query("SELECT sequence, count(*) FROM cycles GROUP BY 1")
        kept = {int(s): int(n) for s, n in (row.split("|") for row in rows.splitlines())}
        last = max(ranked)
        missing = sorted(s for s in ranked if s not in kept and s != last)
        twice = sorted(s for s, n in kept.items() if n != 1)
        doubled = self.postgres.query(
            "SELECT count(*) FROM (SELECT 1 FROM rankings GROUP BY sequence, profile, symbol HAVING count(*) > 1) d"
        )
        if len(missing) > lost:
            self.watch.violated(f"{len(missing)} cycles are not in the database ({lost} known as lost): {missing[:10]}")
        if twice or doubled != "0":
            self.watch.violated(f"cycles {twice[:10]} and {doubled} ranked rows are in the database more than once")
        return {"ranked_cycles": len(ranked), "in_database": len(kept), "missing": len(missing), "known_lost": lost}

    def check_resources(self):
        """Flat: the second half of the run needs no more than the first one did at the end of its warm-up."""
        third = max(1, len(self.resources) // 3)
        early, late = self.resources[third : 2 * third] or self.resources, self.resources[-third:]
        before, after = (statistics.median(mb for _, mb, _ in part) for part in (early, late))
        fds_before, fds_after = (min(fds for _, _, fds in part) for part in (early, late))
        slack = 12 if self.args.seconds >= LONG_RUN_SEC else WARM_UP_MB
        if after > before * 1.15 + slack:
            self.watch.violated(f"memory grew from {before:.0f} to {after:.0f} MB")
        if fds_after > fds_before + 8:
            self.watch.violated(f"descriptors grew from {fds_before} to {fds_after}")
        return {
            "memory_mb": [round(before, 1), round(after, 1)],
            "descriptors": [fds_before, fds_after],
        }

    def report(self):
        time.sleep(3.0)
        result = {
            "seed": self.args.seed,
            "seconds": round(time.monotonic() - self.began),
            "quiet": self.args.quiet,
            "struck": dict(sorted(self.struck.items())),
            "answers": {str(k): v for k, v in sorted(self.watch.answers.items())},
            "unanswered": self.watch.unanswered,
            "slowest_answer_sec": round(self.watch.slowest, 2),
            "frames": self.watch.frames,
            "recoveries": len(self.recoveries),
            "longest_recovery_sec": round(max(self.recoveries, default=0.0), 2),
            "clock_steps": self.scanner.clock_can_step,
            "full_disks": self.postgres.disk.mounted and self.scanner.disk.mounted,
        }
        try:
            result |= self.check_history()
        except RuntimeError as error:
            self.watch.violated(str(error))
        result |= self.check_resources()
        self.watch.end()
        code = self.scanner.program.end(signal.SIGTERM)
        if code != 0:
            self.watch.violated(f"market-scanner ended with {code}")
        result["violations"] = self.watch.violations
        return result

    def close(self):
        for program in (self.scanner.program, self.simulator.program, self.redis.program, self.postgres.program):
            program.end(signal.SIGKILL, 5)
        for disk in (self.scanner.disk, self.postgres.disk):
            disk.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--report")
    args = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    chaos = Chaos(args)
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
