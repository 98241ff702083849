"""A scanner recorded under every fault with an operator's changes in the middle, and replayed: nothing may differ.

    python3 tests/chaos/replay_check.py BIN_DIR [--seconds 1800] [--contracts 25] [--seed 1] [--max-gb 10]
                                        [--other PROGRAM_OR_BIN_DIR] [--model measured] [--report FILE] [--keep FOLDER]
                                        [--again FOLDER]

The recording is replayed as fast as it goes: as it is, on one core beside a busy loop, and by the program of another build
where one is given. Each time the digest of every recorded ranking must be that of the log, and the rows of history and
alerts in the replay's database those of the live one. Afterwards it is replayed from each of its segments on.

--again takes what an earlier run left (--keep, or the folder that a failed one names) and records nothing.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request

from faults import seeded_rounds
from machines import Program, Simulator, free_port, remove_folder, scratch_folder, wait_for
from operator_changes import Operator

PATIENCE_SEC = 1800
# What is compared, but for what measures the process and what the database gives of its own accord.
TABLES = {
    "cycles": ["cycle_ms", "requests"],
    "rankings": [],
    "ranking_inputs": [],
    "bars_1m": [],
    "bars_1m_ohlc": [],
    "manip_episodes": [],
    "alerts": ["id"],
}
DIGEST = re.compile(r'"event":"cycle_digest".*"seq":(\d+),"digest":"([0-9a-f]{16})"')


def rows_of(folder, table):
    with sqlite3.connect(f"file:{folder}/scanner.db?mode=ro", uri=True) as database:
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        kept = [column for column in columns if column not in TABLES[table]]
        return kept, sorted(database.execute(f"SELECT {', '.join(kept)} FROM {table}"), key=repr)


class ReplayCheck:
    def __init__(self, args):
        self.args = args
        self.began = time.monotonic()
        self.folder = os.path.abspath(args.again) if args.again else scratch_folder()
        self.recording = os.path.join(self.folder, "recording")
        self.program = f"{args.bin}/market-scanner"
        self.programs = []
        self.result = {"seed": args.seed, "contracts": args.contracts, "model": args.model}

    def say(self, what):
        print(f"{time.monotonic() - self.began:7.1f} {what}", flush=True)

    def fail(self, what):
        raise RuntimeError(what)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, words, log, **more):
        program = Program(words, open(self.path(log), "ab"), **more)
        self.programs.append(program)
        return program

    # -- the recording -------------------------------------------------------------------------------------------------

    def record(self):
        args = self.args
        numbers = random.Random(args.seed)
        simulator = Simulator(f"{args.bin}/htx-simulator", self.folder, args.seed, contracts=args.contracts)
        self.programs.append(simulator.program)
        wait_for("the simulator", simulator.answers, 120)
        port = free_port()
        settings = {
            "SCANNER_EXCHANGE_URL": f"http://127.0.0.1:{simulator.port}",
            "SCANNER_HTTP_PORT": str(port),
            "SCANNER_DATA_DIR": self.path("live"),
            "SCANNER_RECORD": "on",
            "SCANNER_RECORD_DIR": self.recording,
            "SCANNER_RECORD_MAX_GB": str(args.max_gb),
            "SCANNER_MANIP_MODEL": args.model,
            "SCANNER_FEED": "required",
            "SCANNER_SCAN_INTERVAL_SEC": str(args.interval),
            "SCANNER_MIN_QVOL_USDT": "1000",
        }
        env = {name: value for name, value in os.environ.items() if not name.startswith("SCANNER_")}
        env_file = self.path("settings.env")
        with open(env_file, "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())
        scanner = self.start([self.program, "serve", "--env-file", env_file], "scanner.log", env=env)
        operator = Operator(port, scanner, env_file, settings, numbers)
        wait_for("the first rankings", lambda: len(self.live_digests()) >= 2 or not scanner.alive(), 180)
        rounds = seeded_rounds(f"{args.bin}/htx-simulator", args.seed)
        # So short that every kind has its turn twice in a short run.
        lasts = min(25.0, args.seconds / 30)
        begun = time.monotonic()
        while time.monotonic() - begun < args.seconds or len(rounds.struck) < len(rounds.faults):
            if not scanner.alive():
                self.fail("market-scanner ended; see scanner.log")
            simulator.set_faults(rounds.next_kinds())
            time.sleep(lasts / 2)
            operator.act()
            time.sleep(lasts / 2)
            if len(rounds.left) % 4 == 0:
                simulator.set_faults([])
                time.sleep(lasts / 2)
        simulator.set_faults([])
        self.result["recorded_sec"] = round(time.monotonic() - begun)
        wait_for("history is written", lambda: self.backlog(port) == 0, 120)
        scanner.process.send_signal(signal.SIGTERM)
        if (code := scanner.process.wait(60)) != 0:
            self.fail(f"market-scanner ended with {code}")
        simulator.program.end(signal.SIGTERM)
        self.result |= {"faults": dict(sorted(rounds.struck.items())), "changes": dict(sorted(operator.done.items()))}

    def look(self):
        """At what was recorded."""
        self.live = self.live_digests()
        self.segments = sorted(os.path.join(self.recording, name) for name in os.listdir(self.recording))
        self.whole = self.segments[0].endswith("-000001.amsrec")
        size = sum(os.path.getsize(segment) for segment in self.segments)
        self.result |= {"rankings": len(self.live), "segments": len(self.segments), "mb": round(size / 1e6, 1)}
        self.say(f"recorded {self.result}")

    def live_digests(self):
        with open(self.path("scanner.log"), encoding="utf-8", errors="replace") as log:
            return [f"{found[1]} {found[2]}" for found in map(DIGEST.search, log) if found]

    def get(self, port, target):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{target}", timeout=60) as answer:
            return answer.read().decode()

    def backlog(self, port):
        metrics = self.get(port, "/metrics")
        return float(re.search(r'^scanner_store_backlog\{store="postgres"\} (\S+)', metrics, re.MULTILINE)[1])

    # -- replays -------------------------------------------------------------------------------------------------------

    def verify(self):
        done = subprocess.run([self.program, "recording", "verify", self.recording], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.fail(f"the recording is damaged: {done.stdout}")
        self.say(done.stdout.strip().splitlines()[-1])

    def digests(self, name, words, files, whole):
        """Each that a replay tells is that of the log, and the replay itself compares those that were recorded."""
        began = time.monotonic()
        done = subprocess.run([*words, "replay", *files, "--digest"], capture_output=True, text=True, check=False)
        last = done.stderr.strip().splitlines()[-1:] or [""]
        if done.returncode != 0:
            self.fail(f"{name}: parted or differs: {done.stderr[-2000:]}")
        told = done.stdout.split("\n")[:-1]
        if other := set(told) - set(self.live):
            self.fail(f"{name}: {len(other)} digests are not those of the log: {sorted(other)[:3]}")
        if whole and set(told) != set(self.live):
            self.fail(f"{name}: {len(set(self.live) - set(told))} rankings are missing")
        if not told:
            self.fail(f"{name}: no ranking was made")
        self.say(f"{name}: {last[0]}, {time.monotonic() - began:.1f} s")
        return len(told)

    def rows(self, name, words):
        """The replay keeps its history and fires its alerts: both databases, row by row."""
        began = time.monotonic()
        port = free_port()
        kept = self.path(f"replayed-{name.replace(' ', '-')}")
        flags = ["--speed", "max", "--http-port", str(port), "--data-dir", kept]
        program = self.start([*words, "replay", self.recording, *flags], "replays.log")

        def looked_at():
            if not program.alive():
                self.fail(f"{name}: the replay ended; see replays.log")
            try:
                state = json.loads(self.get(port, "/replay"))
            except OSError:
                return False
            if state["error"]:
                self.fail(f"{name}: {state['error']}")
            return state["marks_complete"] and self.backlog(port) == 0

        wait_for(f"{name}: the replay's end", looked_at, PATIENCE_SEC)
        if (code := program.end(signal.SIGTERM, 120)) != 0:
            self.fail(f"{name}: the replay ended with {code}")
        counts = {}
        for table in TABLES:
            columns, live = rows_of(self.path("live"), table)
            _, replayed = rows_of(kept, table)
            counts[table] = len(live)
            if live != replayed:
                lost, new = [row for row in live if row not in set(replayed)], [row for row in replayed if row not in set(live)]
                self.fail(f"{name}: {table} {columns}: {len(lost)} rows of {len(live)} are missing, {len(new)} others: "
                          f"{str(lost[:1])[:1500]} {str(new[:1])[:1500]}")
        self.say(f"{name}: rows {counts}, 0 differ, {time.monotonic() - began:.1f} s")
        shutil.rmtree(kept)
        return counts

    def replay(self, name, words):
        replayed = {"digests": self.digests(name, words, [self.recording], self.whole)}
        if self.whole:
            replayed["rows"] = self.rows(name, words)
            if replayed["rows"]["alerts"] == 0:
                self.fail("no alert fired: nothing was compared")
        self.result.setdefault("replays", {})[name] = replayed

    def run(self):
        if not self.args.again:
            self.record()
        self.look()
        self.verify()
        self.replay("as it is", [self.program])
        busy = self.start(["taskset", "-c", "0", "sh", "-c", "while :; do :; done"], "busy.log")
        self.replay("on one core beside a busy loop", ["taskset", "-c", "0", self.program])
        busy.end(signal.SIGKILL)
        if self.args.other:
            other = self.args.other
            self.replay("another build", [os.path.join(other, "market-scanner") if os.path.isdir(other) else other])
        for place in range(1, len(self.segments)):
            self.digests(f"from segment {place + 1}", [self.program], self.segments[place:], False)

    def close(self):
        for program in self.programs:
            program.end(signal.SIGKILL, 5)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--contracts", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--interval", type=float, default=5)
    parser.add_argument("--max-gb", type=float, default=10, help="a small one loses the oldest segments on the way")
    parser.add_argument("--model", default="measured")
    parser.add_argument("--other", help="a program of another build, or where it is")
    parser.add_argument("--report")
    parser.add_argument("--again", help="what an earlier run left: replays it, records nothing")
    parser.add_argument("--keep", help="where recording, databases and logs go afterwards")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    check = ReplayCheck(args)
    try:
        check.run()
    except RuntimeError as error:
        check.say(f"FAILED: {error}")
        print(f"what the programs said: {check.folder}")
        return 1
    finally:
        check.close()
    text = json.dumps(check.result, indent=2)
    print(text)
    if args.report:
        with open(args.report, "w", encoding="utf-8") as report:
            report.write(text + "\n")
    if args.keep:
        shutil.move(check.folder, args.keep)
    elif not args.again:
        remove_folder(check.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
