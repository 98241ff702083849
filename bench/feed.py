"""What bench/feed.sh measures. Each row starts its own programs on free ports and ends them."""

import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


def option(name, otherwise):
    return type(otherwise)(os.environ.get(name) or otherwise)


def free_port():
    return int(subprocess.check_output([ROOT / "scripts/free-port"]))


def get(url, seconds=20):
    with urllib.request.urlopen(url, timeout=seconds) as answer:
        return json.loads(answer.read())


def until(done, what, seconds, every=0.05):
    end = time.monotonic() + seconds
    while True:
        try:
            found = done()
        except OSError:
            found = None
        if found:
            return found
        if time.monotonic() > end:
            raise SystemExit(f"not within {seconds} s: {what}")
        time.sleep(every)


def row(what, measured, goal, reached, command):
    """A line of bench/RESULTS.md; the exit code."""
    print(f"| {what} | {measured} | {goal} | {'yes' if reached else 'no'} | `{command}` |", flush=True)
    return 0 if reached else 1


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


class Program:
    def __init__(self, work, name, words, env=None, stdin=None):
        self.log = work / f"{name}.log"
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SCANNER_")}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log, cwd=ROOT,
                                            stdin=stdin or subprocess.DEVNULL, env={**clean, **(env or {})})

    def stat(self):
        return pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()

    def processor_seconds(self):
        fields = self.stat()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self):
        return int(self.stat()[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def lines(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            for line in log:
                try:
                    yield json.loads(line)
                except ValueError:
                    pass

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Bench:
    def __init__(self, bin_dir):
        self.bin = pathlib.Path(bin_dir).resolve()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="feed-bench-"))
        self.programs = []
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        for program in reversed(self.programs):
            program.end()
        shutil.rmtree(self.work, ignore_errors=True)

    def start(self, name, words, env=None, stdin=None):
        self.count += 1
        program = Program(self.work, f"{self.count}-{name}", words, env, stdin)
        self.programs.append(program)
        return program

    def simulator(self, contracts, *more):
        port = free_port()
        program = self.start("simulator", [self.bin / "htx-simulator", "--port", port, "--contracts", contracts,
                                           "--market", "busy", "--scenario", "none", *more])
        program.url = f"http://127.0.0.1:{port}"
        until(lambda: get(f"{program.url}/_simulator/status"), "the simulator", 120)
        return program

    def scanner(self, simulator, contracts, **settings):
        port = free_port()
        env = {"SCANNER_EXCHANGE_URL": simulator.url, "SCANNER_HTTP_PORT": str(port), "SCANNER_FEED": "required",
               "SCANNER_DATA_DIR": str(self.work / f"data-{port}"), "SCANNER_SCAN_TOP_BY_QVOL": str(contracts),
               "SCANNER_MIN_QVOL_USDT": "0", "SCANNER_MAX_SPREAD_BPS": "10000", **settings}
        program = self.start("scanner", [self.bin / "market-scanner", "serve", "--env-file", "/dev/null"], env)
        program.url, program.port = f"http://127.0.0.1:{port}", port
        return program

    @staticmethod
    def feed(scanner):
        return get(f"{scanner.url}/healthz/details")["feed"]

    def books_live(self, scanner, least):
        """Every book that is wanted, and as many as there should be: what is wanted grows with the first scan."""
        books = self.feed(scanner)["books"]
        return books.get("live", 0) >= least and books.get("live", 0) == sum(books.values())

    def wait_until_live(self, scanner, least, seconds=120):
        until(lambda: self.books_live(scanner, least), "every book live", seconds)


def listed(simulator):
    rows = get(f"{simulator.url}/linear-swap-api/v1/swap_contract_info")["data"]
    return [each["contract_code"] for each in rows if each["contract_status"] == 1]


# -- rows --------------------------------------------------------------------------------------------------------------

def cost(bench):
    contracts, seconds = option("CONTRACTS", 130), option("SECONDS_", 180)
    simulator = bench.simulator(contracts)
    codes = listed(simulator)[:contracts]
    ours = bench.start("feed-watch", [bench.bin / "feed-watch", simulator.url, seconds, *codes])
    theirs = bench.start("ccxt", ["node", "bench/ccxt-watch.mjs", simulator.url, contracts, seconds / 60, "book,trades"])
    scanner = bench.scanner(simulator, contracts)
    bench.wait_until_live(scanner, int(len(codes) * 0.9))
    before, frames, began = scanner.processor_seconds(), bench.feed(scanner)["frames"], time.monotonic()
    time.sleep(max(1, seconds - 30))
    whole = scanner.processor_seconds() - before
    told = bench.feed(scanner)["frames"] - frames
    share = 100 * whole / (time.monotonic() - began)
    for program in (ours, theirs):
        program.process.wait(seconds + 120)
    results = {}
    for name, program in (("ours", ours), ("theirs", theirs)):
        text = program.log.read_text(encoding="utf-8")
        results[name] = json.loads(text[text.index("{"):])
    mine, other = results["ours"]["cpuMicrosPerMessage"], results["theirs"]["cpuMicrosPerMessage"]
    ratio = other / mine
    sound = results["ours"]["gaps"] == 0 and results["ours"]["books"] > 0 and results["theirs"]["errors"] == 0
    print(f"# ours {results['ours']}\n# ccxt.pro {results['theirs']}")
    return row(
        f"processor time a message, books and tapes of {contracts} contracts, beside ccxt.pro on the same simulator",
        f"{mine:.1f} µs against {other} µs: {ratio:.1f} x less ({results['ours']['messages']} messages); the whole scanner with "
        f"its rankings and requests {1e6 * whole / max(1, told):.0f} µs, {share:.1f} % of a core",
        "20 x less", ratio >= 20 and sound, "bench/feed.sh cost")


class Subscriber(threading.Thread):
    """Reads a stream of events and notes when each ranking's frame was there."""

    def __init__(self, port, target):
        super().__init__(daemon=True)
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.sendall(f"GET {target} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        self.came = {}
        self.over = False

    def run(self):
        pending = b""
        while not self.over:
            try:
                data = self.socket.recv(1 << 18)
            except OSError:
                return
            at = time.monotonic()  # the clock that the scanner's log goes by
            if not data:
                return
            pending += data
            while (end := pending.find(b"\n\n")) >= 0:
                event, pending = pending[:end], pending[end + 2 :]
                mark = event.find(b'"seq":')
                if mark >= 0:
                    digits = event[mark + 6 : mark + 26]
                    number = int(digits[: next(i for i, c in enumerate(digits) if not 48 <= c <= 57)])
                    self.came.setdefault(number, at)

    def end(self):
        self.over = True
        self.socket.close()


def latency(bench):
    contracts, seconds = option("CONTRACTS", 130), option("SECONDS_", 60)
    simulator = bench.simulator(contracts)
    scanner = bench.scanner(simulator, contracts, SCANNER_RANK_INTERVAL_MS="0", SCANNER_LOG_LEVEL="debug")
    bench.wait_until_live(scanner, int(contracts * 0.85))
    subscriber = Subscriber(scanner.port, "/stream/events?top=10&min_interval_ms=0")
    subscriber.start()
    time.sleep(5)
    begin, before = time.monotonic(), scanner.processor_seconds()
    time.sleep(seconds)
    finish, whole = time.monotonic(), scanner.processor_seconds() - before
    subscriber.end()
    swapped, delivered = [], []
    for line in scanner.lines():
        if line.get("event") != "ranking_swapped" or not begin <= line["swapped_us"] / 1e6 <= finish:
            continue
        swapped.append((line["swapped_us"] - line["frame_read_us"]) / 1000)
        came = subscriber.came.get(line["seq"])
        if came is not None:
            delivered.append(came * 1000 - line["frame_read_us"] / 1000)
    if len(swapped) < 10 or len(delivered) < 10:
        raise SystemExit(f"{len(swapped)} rankings, {len(delivered)} frames at the subscriber: nothing to measure")
    print(f"# {1000 * whole / len(swapped):.2f} ms of processor time a ranking, everything in it; {100 * whole / seconds:.0f} % of a core")
    p50, p99 = percentile(swapped, 0.5), percentile(swapped, 0.99)
    status = row(
        f"frame read from the socket → ranking swapped in, SCANNER_RANK_INTERVAL_MS=0, {contracts} contracts",
        f"p50 {p50:.2f} ms, p99 {p99:.2f} ms ({len(swapped) / seconds:.0f} rankings a second)",
        "p50 < 1 ms, p99 < 10 ms", p50 < 1 and p99 < 10, "bench/feed.sh latency")
    p50, p99 = percentile(delivered, 0.5), percentile(delivered, 0.99)
    return status | row(
        "the same → frame at a subscriber", f"p50 {p50:.2f} ms, p99 {p99:.2f} ms ({len(delivered)} frames, {len(swapped)} rankings)",
        "p50 < 2 ms, p99 < 20 ms", p50 < 2 and p99 < 20, "bench/feed.sh latency")


def played_market(bench, contracts, frames):
    """A simulator for requests, a player for the feed, and a scanner on both."""
    simulator = bench.simulator(contracts)
    ticks = {each["contract_code"]: str(each["price_tick"])
             for each in get(f"{simulator.url}/linear-swap-api/v1/swap_contract_info")["data"] if each["contract_status"] == 1}
    tickers = get(f"{simulator.url}/linear-swap-ex/market/detail/batch_merged")["ticks"]
    lines = []
    for each in tickers:
        code = each["contract_code"]
        if code not in ticks:
            continue
        tick = f"{float(ticks[code]):.12f}".rstrip("0").rstrip(".")
        decimals = len(tick.partition(".")[2])
        steps = max(200, round(float(each["close"]) / float(tick)))
        lines.append(f"{code} {steps * float(tick):.{decimals}f} {tick} {decimals}")
    port = free_port()
    given = bench.work / "contracts"
    given.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with open(given, encoding="utf-8") as stdin:
        player = bench.start("player", [bench.bin / "feed-player", port, frames], stdin=stdin)
    until(lambda: b"listening" in player.log.read_bytes(), "the player", 60)
    scanner = bench.scanner(simulator, contracts, SCANNER_FEED_URL=f"ws://127.0.0.1:{port}", SCANNER_LOG_LEVEL="debug")
    bench.wait_until_live(scanner, int(len(lines) * 0.9), 180)
    return simulator, player, scanner


def causes(bench, scanner):
    """Subscriptions and connections that were begun again, and of how many the log does not say why."""
    feed = bench.feed(scanner)
    begun = sum(feed["resubscriptions"].values())
    print(f"# begun again: {feed['resubscriptions']}; audits {feed['audits']}")
    told = sum(1 for line in scanner.lines() if line.get("event") == "feed_resubscribed" and line.get("why"))
    failed = sum(1 for line in scanner.lines() if line.get("event") == "feed_connection_failed")
    return begun, feed["reconnections"], max(0, begun - told) + (feed["reconnections"] if failed == 0 else 0)


def load(bench):
    contracts, seconds, frames = option("CONTRACTS", 350), option("SECONDS_", 90), option("FRAMES", 5000)
    _, player, scanner = played_market(bench, contracts, frames)
    time.sleep(20)
    before, told, began = scanner.processor_seconds(), bench.feed(scanner)["frames"], time.monotonic()
    playing = player.processor_seconds()
    peak = 0.0
    while time.monotonic() < began + seconds:
        time.sleep(1)
        peak = max(peak, scanner.memory_mb())
    took = time.monotonic() - began
    share = 100 * (scanner.processor_seconds() - before) / took
    rate = (bench.feed(scanner)["frames"] - told) / took
    own = 100 * (player.processor_seconds() - playing) / took
    begun, again, unexplained = causes(bench, scanner)
    print(f"# {begun} subscriptions and {again} connections were begun again, {unexplained} without a cause in the log")
    return row(
        f"{contracts} contracts, book and tape, {rate:,.0f} frames a second of pre-built ones",
        f"{share:.0f} % of a core, {peak:.0f} MB (the player {own:.0f} % of its own)",
        "60 %, 200 MB, at 5,000", share <= 60 and peak <= 200 and rate >= 0.95 * frames, "bench/feed.sh load")


def start(bench):
    contracts, rounds = option("CONTRACTS", 130), option("ROUNDS", 5)
    simulator = bench.simulator(contracts, "--latency-ms", "20")
    firsts, books, tapes = [], [], []
    for _ in range(rounds):
        began = time.monotonic()
        scanner = bench.scanner(simulator, contracts)
        until(lambda: get(f"{scanner.url}/rankings?top=1")["items"], "the first ranking", 60, 0.02)
        firsts.append(time.monotonic() - began)
        bench.wait_until_live(scanner, int(contracts * 0.85))
        books.append(time.monotonic() - began)
        until(lambda: bench.feed(scanner)["tapes_incomplete"] == 0, "every tape whole", 120)
        tapes.append(time.monotonic() - began)
        scanner.end()
    worst = [max(times) for times in (firsts, books, tapes)]
    return row(
        f"start → first ranking, every book live, every tape whole; {contracts} contracts, 20 ms",
        f"{statistics.median(firsts):.1f}, {statistics.median(books):.1f}, {statistics.median(tapes):.1f} s; at most "
        f"{worst[0]:.1f}, {worst[1]:.1f}, {worst[2]:.1f} ({rounds} starts)",
        "2.5 s, 5 s, 9 s", worst[0] <= 2.5 and worst[1] <= 5 and worst[2] <= 9, "bench/feed.sh start")


def cut(bench):
    contracts, rounds = option("CONTRACTS", 130), option("ROUNDS", 5)
    simulator = bench.simulator(contracts, "--latency-ms", "20")
    scanner = bench.scanner(simulator, contracts)
    bench.wait_until_live(scanner, int(contracts * 0.85))
    time.sleep(3)
    gaps, over = [0.0], threading.Event()

    def watch():
        newest, at = 0, time.monotonic()
        while not over.is_set():
            number = get(f"{scanner.url}/rankings?top=1&fields=symbol")["seq"]
            now = time.monotonic()
            gaps.append(now - at)
            if number != newest:
                newest, at = number, now
            over.wait(0.05)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()

    def faults(some):
        request = urllib.request.Request(f"{simulator.url}/_simulator/faults", data=json.dumps(some).encode(),
                                         headers={"Content-Type": "application/json"}, method="POST")
        urllib.request.urlopen(request, timeout=30).read()

    took, lowest = [], []
    for _ in range(rounds):
        # For as long as it takes until none is left, and none may come back meanwhile.
        faults(["ws-disconnect:rate=1", "ws-refuse"])
        until(lambda: bench.feed(scanner)["books"].get("live", 0) == 0, "every connection cut", 30)
        lowest.append(bench.feed(scanner)["books"].get("live", 0))
        time.sleep(3)
        faults([])
        ended = time.monotonic()
        bench.wait_until_live(scanner, int(contracts * 0.85))
        took.append(time.monotonic() - ended)
        time.sleep(3)
    over.set()
    watcher.join(30)
    interval = 15.0
    return row(
        f"every connection cut → every book live again, from the fault's end; {contracts} contracts",
        f"{statistics.median(took):.1f} s, at most {max(took):.1f} s ({rounds} times); longest without a new ranking {max(gaps):.1f} s",
        f"15 s; rankings never stop (a scan interval: {interval:.0f} s)", max(took) <= 15 and max(gaps) <= interval,
        "bench/feed.sh cut")


def slope_per_hour(samples):
    """MB an hour, by least squares, and what its standard error is."""
    n = len(samples)
    mean_t = sum(t for t, _ in samples) / n
    mean_m = sum(m for _, m in samples) / n
    spread = sum((t - mean_t) ** 2 for t, _ in samples)
    slope = sum((t - mean_t) * (m - mean_m) for t, m in samples) / spread
    rest = sum((m - mean_m - slope * (t - mean_t)) ** 2 for t, m in samples)
    return 3600 * slope, 3600 * (rest / max(1, n - 2) / spread) ** 0.5


def soak(bench):
    contracts, seconds, frames = option("CONTRACTS", 350), option("SECONDS_", 1200), option("FRAMES", 5000)
    _, player, scanner = played_market(bench, contracts, frames)
    warm = min(300, seconds / 4)
    time.sleep(warm)
    before, told, began = scanner.processor_seconds(), bench.feed(scanner)["frames"], time.monotonic()
    descriptors = scanner.descriptors()
    samples = []
    while time.monotonic() < began + seconds - warm:
        time.sleep(2)
        samples.append((time.monotonic() - began, scanner.memory_mb()))
    took = time.monotonic() - began
    share = 100 * (scanner.processor_seconds() - before) / took
    rate = (bench.feed(scanner)["frames"] - told) / took
    lost = scanner.descriptors() - descriptors
    begun, again, unexplained = causes(bench, scanner)
    slope, error = slope_per_hour(samples)
    half = len(samples) // 2
    early, late = (statistics.median(m for _, m in part) for part in (samples[:half], samples[half:]))
    # Within noise: no more than two standard errors, or than a hundredth of what it is over the whole run.
    flat = slope <= 2 * error or late - early <= 0.01 * early
    return row(
        f"{contracts} contracts for {(seconds) / 60:.0f} minutes at {rate:,.0f} frames a second",
        f"{early:.1f} MB in the first half, {late:.1f} in the second ({slope:+.1f} ± {error:.1f} MB an hour), {share:.0f} % of a core; "
        f"{lost:+d} descriptors; {begun} subscriptions and {again} connections begun again, {unexplained} without a cause in the log",
        "slope within noise, no descriptor lost, 0 without a cause", flat and lost <= 2 and unexplained == 0, "bench/feed.sh soak")


def main():
    rows = {"cost": cost, "latency": latency, "load": load, "start": start, "cut": cut, "soak": soak}
    if len(sys.argv) != 3 or sys.argv[1] not in rows:
        print(__doc__, "\nusage: bench/feed.py", "|".join(rows), "BIN_DIR", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with Bench(sys.argv[2]) as bench:
        return rows[sys.argv[1]](bench)


if __name__ == "__main__":
    sys.exit(main())
