"""What bench/recording.sh measures. Each row starts its own programs on free ports and ends them."""

import os
import pathlib
import re
import resource
import shutil
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from feed import Bench, Subscriber, get, option, percentile, row, until

FRAME = struct.Struct("<4sIIIIIqqQII")


def market(bench, contracts, folder=None):
    """A scanner that follows a market's feed, every book live; recorded into `folder` where there is one."""
    settings = {"SCANNER_RECORD": "on", "SCANNER_RECORD_DIR": str(folder)} if folder else {"SCANNER_RECORD": "off"}
    scanner = bench.scanner(bench.simulator(contracts), contracts, SCANNER_MANIP_MODEL="seed", **settings)
    until(lambda: health(scanner)["feed"]["books"].get("live", 0) >= contracts * 0.95, "the books live", 300, 1)
    return scanner


def health(scanner):
    return get(f"{scanner.url}/healthz/details")


def spent(scanner, seconds):
    """Processor seconds a message, and messages a second."""
    before, frames, began = scanner.processor_seconds(), health(scanner)["feed"]["frames"], time.monotonic()
    time.sleep(seconds)
    after, now, passed = scanner.processor_seconds(), health(scanner)["feed"]["frames"], time.monotonic() - began
    return (after - before) / max(1, now - frames), (now - frames) / passed


def content(folder, into):
    """All records of the folder's segments, inflated; the bytes of its segments."""
    packed = b""
    size = 0
    for path in sorted(folder.glob("*.amsrec")):
        segment = path.read_bytes()
        size += len(segment)
        at = 64
        while segment[at:at + 4] == b"AMSF":
            length = FRAME.unpack_from(segment, at)[2]
            packed += segment[at + 56:at + 56 + length]
            at += 56 + length
    with open(into, "wb") as file:
        subprocess.run(["zstd", "-dcq"], input=packed, stdout=file, check=True)
    return size


def cost(binaries, work):
    """A scanner that records and one that does not, turn about on markets of their own; a message is what is compared."""
    contracts, seconds, rounds = option("CONTRACTS", 350), option("SECONDS_", 30), option("ROUNDS", 3)
    shares, adds, rates = [], [], []
    for number in range(rounds):
        took = {}
        for recorded in (False, True):
            with Bench(binaries) as bench:
                took[recorded] = spent(market(bench, contracts, work / f"cost-{number}" if recorded else None), seconds)
        shutil.rmtree(work / f"cost-{number}")
        added = took[True][0] - took[False][0]
        adds.append(added * 1e6)
        rates.append(took[True][1])
        shares.append(100 * added * took[True][1])
    share = statistics.median(shares)
    return row(f"what recording adds, {contracts} contracts of feed, {statistics.median(rates):,.0f} messages a second",
               f"{share:.1f} % of a core ({min(shares):.1f} to {max(shares):.1f}, {rounds} rounds turn about), "
               f"{statistics.median(adds):.1f} µs a message", "5 %", share <= 5, "bench/recording.sh cost")


def record(binaries, work):
    contracts, seconds = option("CONTRACTS", 130), option("SECONDS_", 90)
    with Bench(binaries) as bench:
        market(bench, contracts, work / "recorded")
        time.sleep(seconds)
    return work / "recorded", contracts


def size(binaries, work, recorded=None):
    folder, contracts = recorded or record(binaries, work)
    whole = work / "content"
    stored = content(folder, whole)
    packed = len(subprocess.run(["zstd", "-3", "-cq", str(whole)], capture_output=True, check=True).stdout)
    info = subprocess.run([binaries / "market-scanner", "recording", "info", str(folder)], capture_output=True, text=True,
                          check=True).stdout
    day = float(re.search(r"a day +([0-9.]+) GB", info).group(1))
    share = stored / packed
    return row(f"a recording beside `zstd -3` over its {whole.stat().st_size / 1e6:.0f} MB of content in one piece, "
               f"{contracts} contracts of feed", f"{share:.2f} x; {day:.2f} GB a day", "1.2 x", share <= 1.2,
               "bench/recording.sh size")


def replay(binaries, work, recorded=None):
    folder, contracts = recorded or record(binaries, work)
    info = subprocess.run([binaries / "market-scanner", "recording", "info", str(folder)], capture_output=True, text=True,
                          check=True).stdout
    seconds = float(re.search(r"\(([0-9.]+) s\)", info).group(1))
    times = []
    for _ in range(option("ROUNDS", 3)):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([binaries / "market-scanner", "replay", str(folder), "--digest"], capture_output=True,
                              text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            raise SystemExit(done.stderr[-2000:])
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    told = done.stderr.strip().splitlines()[-1]
    fastest = seconds / min(times)
    return row(f"replaying {seconds:.0f} s of {contracts} contracts of feed ({told})",
               f"{fastest:.0f} x real time, {min(times):.2f} s of processor time (best of {len(times)}, worst "
               f"{max(times):.2f})", "60 x", fastest >= 60, "bench/recording.sh replay")


class LoopDisk:
    """A file system in a file, so that its writes can be held up without harm to another. Needs root."""

    def __init__(self, work, gigabytes):
        self.image, self.path = work / "disk.img", work / "disk"
        self.path.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(gigabytes << 30)
        subprocess.run(["mkfs.ext4", "-q", str(self.image)], check=True)
        subprocess.run(["mount", "-o", "loop", str(self.image), str(self.path)], check=True)

    def hold_up(self, seconds, each):
        """For `each` seconds every write hangs, for as long none does, and so on."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            subprocess.run(["fsfreeze", "-f", str(self.path)], check=True)
            time.sleep(each)
            subprocess.run(["fsfreeze", "-u", str(self.path)], check=True)
            time.sleep(each)

    def close(self):
        subprocess.run(["fsfreeze", "-u", str(self.path)], check=False, capture_output=True)
        subprocess.run(["umount", "-l", str(self.path)], check=False)
        self.image.unlink()


def delays(scanner, subscriber, since):
    """From a frame's reading to its ranking at a subscriber, milliseconds: by the subscriber's clock, since that of an engine which
    is recorded stands still while it ranks."""
    read = {line["seq"]: line["frame_read_us"] for line in scanner.lines() if line.get("event") == "ranking_swapped"}
    return [came * 1000 - read[seq] / 1000 for seq, came in subscriber.came.items() if seq in read and read[seq] / 1e6 >= since]


def delay(binaries, work):
    """Rankings of a scanner that does not record, that records, and that records to a disk which is slow or full."""
    contracts, seconds, each = option("CONTRACTS", 130), option("SECONDS_", 60), 0.5
    if os.geteuid() != 0:
        raise SystemExit("bench/recording.sh delay mounts file systems of its own: run it as root")
    measured, pauses = {}, []
    for kind in ("off", "on", "slow disk", "full disk"):
        # A full one is one with less than 5 GB left.
        disk = None if kind == "off" else LoopDisk(work, 4 if kind == "full disk" else 12)
        try:
            with Bench(binaries) as bench:
                settings = {"SCANNER_RECORD": "off"} if disk is None else {
                    "SCANNER_RECORD": "on", "SCANNER_RECORD_DIR": str(disk.path),
                    # So little that segments begin, for which the loop writes the engine's state down, within a minute.
                    "SCANNER_RECORD_MAX_GB": "0.02" if kind == "on" else "0.2"}
                scanner = bench.scanner(bench.simulator(contracts), contracts, SCANNER_RANK_INTERVAL_MS="0",
                                        SCANNER_LOG_LEVEL="debug", **settings)
                bench.wait_until_live(scanner, int(contracts * 0.85))
                subscriber = Subscriber(scanner.port, "/stream/events?top=10&min_interval_ms=0")
                subscriber.start()
                time.sleep(5)
                begin = time.monotonic()
                if kind == "slow disk":
                    disk.hold_up(seconds, each)
                else:
                    time.sleep(seconds)
                subscriber.end()
                made = delays(scanner, subscriber, begin)
                pauses += [line["ms"] for line in scanner.lines() if line.get("event") == "recording_checkpoint"]
                if kind == "full disk" and health(scanner)["stores"]["recording"]["state"] == "up":
                    raise SystemExit("the disk is not full: nothing was measured")
        finally:
            if disk is not None:
                disk.close()
                shutil.rmtree(disk.path)
        if len(made) < 10:
            raise SystemExit(f"{kind}: {len(made)} rankings: nothing to measure")
        measured[kind] = made
    of = {kind: (percentile(made, 0.5), percentile(made, 0.99), max(made)) for kind, made in measured.items()}
    text = "; ".join(f"{kind}: p50 {p50:.2f}, p99 {p99:.2f}, longest {longest:.0f} ms" for kind, (p50, p99, longest) in of.items())
    worst = max(of[kind][1] for kind in of if kind != "off") / of["off"][1]
    return row(f"frame read → ranking at a subscriber, {contracts} contracts, while recording (the slow disk's writes hang every other half "
               f"second; {len(pauses)} states were written down in {min(pauses, default=0):.0f} to {max(pauses, default=0):.0f} ms)",
               f"{text}; p99 at most {worst:.2f} x that of none", "1.5 x", worst <= 1.5, "bench/recording.sh delay")


def a_day_of(store, cycles):
    """The recorded cycles of a store again and again, each 15 s after the one before."""
    with sqlite3.connect(store) as database:
        kept = database.execute("SELECT ts, sequence FROM cycles ORDER BY sequence").fetchall()
        begin = kept[0][0]
        for table, columns in (("cycles", "default_profile, cycle_ms, requests, scanned, ranked, simulated, settings"),
                               ("ranking_inputs", "symbol, inputs, schema, numbers, texts"),
                               ("rankings", "profile, symbol, rank, score, last_price, qvol_usdt, spread_bps, slip_bps, "
                                            "manip_score")):
            database.execute(f"CREATE TEMP TABLE old AS SELECT * FROM {table}")
            database.execute(f"DELETE FROM {table}")
            for number in range(cycles):
                ts, sequence = kept[number % len(kept)]
                database.execute(f"INSERT INTO {table} (ts, sequence, {columns}) SELECT ?, ?, {columns} FROM old WHERE "
                                 "ts = ? AND sequence = ?", (begin + 15_000 * number, number + 1, ts, sequence))
            database.execute("DROP TABLE old")


def cycles_in(store):
    try:
        return sqlite3.connect(store).execute("SELECT count(*) FROM cycles").fetchone()[0]
    except sqlite3.OperationalError:  # not made yet
        return 0


def rules(binaries, work):
    contracts, cycles, seconds = option("CONTRACTS", 130), option("CYCLES", 5_760), option("SECONDS_", 60)
    data = work / "rules"
    with Bench(binaries) as bench:
        bench.scanner(bench.simulator(contracts), contracts, SCANNER_MANIP_MODEL="seed", SCANNER_FEED="off",
                      SCANNER_SCAN_INTERVAL_SEC="2", SCANNER_DATA_DIR=str(data), SCANNER_REQUEST_BUDGET_PER_SEC="80")
        until(lambda: cycles_in(data / "scanner.db") >= 8, "some cycles", 300, 1)
        time.sleep(seconds / 4)
    a_day_of(data / "scanner.db", cycles)
    expression = "ret_15 > 0.5 and manip_score < 60 and liquidity_edge > 0 and spread_bps < 5 for 1m"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["taskset", "-c", "0", binaries / "market-scanner", "rules", "try", expression, "--data-dir",
                           str(data), "--env-file", "/dev/null"], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(done.stderr[-2000:])
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return row(f"a rule of five conditions tried on a day of recorded cycles ({done.stderr.strip().splitlines()[0]})",
               f"{took:.0f} s of processor time on one core", "5 min", took <= 300, "bench/recording.sh rules")


def main(name, binaries):
    binaries = pathlib.Path(binaries).resolve()
    with tempfile.TemporaryDirectory(prefix="recording-bench-") as folder:
        work = pathlib.Path(folder)
        if name != "all":
            return {"cost": cost, "size": size, "replay": replay, "rules": rules, "delay": delay}[name](binaries, work)
        recorded = record(binaries, work)
        return max(size(binaries, work, recorded), replay(binaries, work, recorded), cost(binaries, work),
                   rules(binaries, work))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
