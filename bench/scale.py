"""An elected scanner and its replicas on one machine: how far replicas are behind, what passes Redis, what one more costs,
whether replicas' capacity adds up.

    python3 bench/scale.py BIN_DIR       CONTRACTS=130, SECONDS_=40 a round, REPLICAS=1,5 (none: rounds of lag are left
                                         out), SUBSCRIBERS=1500, POLLS=60000 for each replica (0: left out)

Real Redis, the simulator with its feed. Lag twice: by the replica's own account, from when the ranking was made; and as
a client sees it that follows both, the scanner's event against the replica's of the same number. Processor time from
/proc in nanoseconds, bytes from Redis; what a message costs is measured by stream-bench on those that the scanner sent.
"""

import multiprocessing
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/chaos"))
from machines import Program, Redis, free_port, remove_folder, scratch_folder, wait_for  # noqa: E402

CONTRACTS = int(os.environ.get("CONTRACTS", "130"))
SECONDS = float(os.environ.get("SECONDS_", "40"))
ROUNDS = [int(number) for number in os.environ.get("REPLICAS", "1,5").split(",") if number]
SUBSCRIBERS = int(os.environ.get("SUBSCRIBERS", "1500"))
POLLS = int(os.environ.get("POLLS", "60000"))
LOOKS_PER_SEC = 20


class Server:
    def __init__(self, bin_dir, folder, name, role, redis, exchange):
        self.port = free_port()
        env = {key: value for key, value in os.environ.items() if not key.startswith("SCANNER_")} | {
            "SCANNER_ROLE": role, "SCANNER_HTTP_PORT": str(self.port), "SCANNER_DATA_DIR": f"{folder}/{name}",
            "SCANNER_EXCHANGE_URL": f"http://127.0.0.1:{exchange}", "SCANNER_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "SCANNER_SCAN_TOP_BY_QVOL": str(CONTRACTS), "SCANNER_MIN_QVOL_USDT": "0", "SCANNER_MAX_SPREAD_BPS": "10000"}
        self.program = Program([f"{bin_dir}/market-scanner", "serve", "--env-file", "/dev/null"], open(f"{folder}/{name}.log", "ab"), env=env)

    def get(self, target):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{target}", timeout=5) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError):
            return ""

    def is_ready(self):
        return bool(self.get("/ready"))

    def lag_ms(self):
        found = re.search(r"^scanner_scale_lag_seconds ([0-9.e+-]+)$", self.get("/metrics"), re.M)
        return 1000 * float(found[1]) if found else None


def processor_seconds(program):
    """Of all threads, by the scheduler's own count."""
    tasks = pathlib.Path(f"/proc/{program.process.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


class Watched:
    """When each ranking's number came to a client of events."""

    def __init__(self, port):
        self.at = {}
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.sendall(b"GET /stream/events?top=1&fields=symbol&min_interval_ms=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        kept = b""
        while True:
            try:
                more = self.socket.recv(65536)
            except OSError:
                return
            now = time.monotonic()
            if not more:
                return
            kept = kept[-32:] + more
            for number in re.findall(rb"id: ?(?:[0-9]+-)?([0-9]+)\n", kept):
                self.at.setdefault(int(number), now)

    def close(self):
        self.socket.close()


def answer_of(reader):
    line = reader.readline()
    if line[:1] == b"*":
        return [answer_of(reader) for _ in range(int(line[1:]))]
    if line[:1] == b"$":
        return reader.read(int(line[1:]) + 2)[:-2]
    return line[1:-2]


def cost_of_messages(bin_dir, redis, exchange, folder):
    """What stream-bench says of the newest whole ranking and the messages since."""
    with socket.create_connection(("127.0.0.1", redis.port), 10) as connection, connection.makefile("rb") as reader:
        connection.sendall(b"XRANGE stream:rankings - +\r\n")
        messages = [dict(zip(fields[::2], fields[1::2])) for _, fields in answer_of(reader)]
        connection.sendall(b"HGETALL stream:snapshot\r\n")
        snapshot = answer_of(reader)
    snapshot = dict(zip(snapshot[::2], snapshot[1::2]))
    path = pathlib.Path(folder) / "messages"
    since = [one[b"delta"] for one in messages if int(one[b"seq"]) > int(snapshot[b"seq"])]
    path.write_bytes(b"".join(struct.pack("<I", len(one)) + one for one in [snapshot[b"bytes"], *since]))
    words = [f"{bin_dir}/stream-bench", str(path), f"http://127.0.0.1:{exchange}"]
    return subprocess.run(words, capture_output=True, text=True, timeout=60).stdout


def redis_number(redis, name):
    return float(re.search(rf"^{name}:([0-9.]+)", redis.command("INFO", "all"), re.M)[1])


def at_share(values, share):
    return sorted(values)[int(share * (len(values) - 1))]


class Deployment:
    def __init__(self, bin_dir, count):
        self.bin_dir = bin_dir
        self.folder = scratch_folder()
        self.started = []
        try:
            self.redis = Redis(self.folder)
            self.started.append(self.redis.program)
            self.exchange = free_port()
            words = [f"{bin_dir}/htx-simulator", "--port", str(self.exchange), "--contracts", str(CONTRACTS), "--market", "busy"]
            self.started.append(Program(words, open(f"{self.folder}/simulator.log", "ab")))
            self.scanner = self.server("scanner", "scanner")
            wait_for("the scanner", self.scanner.is_ready, 90)
            self.replicas = [self.server(f"replica-{number}", "replica") for number in range(count)]
            for replica in self.replicas:
                wait_for("a replica", replica.is_ready, 60)
            time.sleep(10)
        except BaseException:
            self.end()
            raise

    def server(self, name, role):
        server = Server(self.bin_dir, self.folder, name, role, self.redis, self.exchange)
        self.started.append(server.program)
        return server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        for program in reversed(self.started):
            program.end(15)
        remove_folder(self.folder)


def round_of(bin_dir, count):
    with Deployment(bin_dir, count) as deployment:
        scanner, redis, replica = deployment.scanner, deployment.redis, deployment.replicas[0]
        watched = [Watched(scanner.port), Watched(replica.port)]
        before = (processor_seconds(scanner.program), processor_seconds(redis.program), redis_number(redis, "total_net_input_bytes"),
                  redis_number(redis, "total_net_output_bytes"), time.monotonic())
        lags = []
        while time.monotonic() < before[4] + SECONDS:
            lag = replica.lag_ms()
            if lag is not None and (not lags or lags[-1] != lag):
                lags.append(lag)
            time.sleep(1 / LOOKS_PER_SEC)
        took = time.monotonic() - before[4]
        after = (processor_seconds(scanner.program), processor_seconds(redis.program), redis_number(redis, "total_net_input_bytes"),
                 redis_number(redis, "total_net_output_bytes"))
        for one in watched:
            one.close()
        behind = [1000 * (watched[1].at[number] - at) for number, at in list(watched[0].at.items()) if number in watched[1].at]
        return {"replicas": count, "scanner": 100 * (after[0] - before[0]) / took, "redis": 100 * (after[1] - before[1]) / took,
                "in": (after[2] - before[2]) / took, "out": (after[3] - before[3]) / took, "lags": lags, "behind": behind,
                "messages": cost_of_messages(deployment.bin_dir, redis, deployment.exchange, deployment.folder)}


def poll(port, count):
    """`count` requests one after the other on one connection."""
    request = b"GET /rankings?top=12 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 10) as connection, connection.makefile("rb") as reader:
        for _ in range(count):
            connection.sendall(request)
            length = 0
            while (line := reader.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            reader.read(length)


def loaded(replicas, idle, work):
    """The processor time that `replicas` take while `work` is done to each at once, less what they take without."""
    before = time.monotonic(), sum(processor_seconds(replica.program) for replica in replicas)
    done = work(replicas)
    took = time.monotonic() - before[0]
    used = sum(processor_seconds(replica.program) for replica in replicas) - before[1] - took * sum(idle[replica.port] for replica in replicas)
    return used / done


def subscribe(bin_dir):
    def work(replicas):
        crowds = [subprocess.Popen([f"{bin_dir}/stream-load", "--port", str(replica.port), "--websockets", str(SUBSCRIBERS), "--events", "0",
                                    "--stuck", "0", "--seconds", "20", "--query", "top=12&min_interval_ms=0"], stdout=subprocess.PIPE, text=True)
                  for replica in replicas]
        frames = [re.search(r"^frames +([0-9.]+) each", crowd.communicate(timeout=120)[0], re.M) for crowd in crowds]
        return SUBSCRIBERS * sum(float(found[1]) for found in frames)
    return work


def poll_each(replicas):
    crowds = [multiprocessing.Process(target=poll, args=(replica.port, POLLS // 4)) for replica in replicas for _ in range(4)]
    for crowd in crowds:
        crowd.start()
    for crowd in crowds:
        crowd.join(300)
    return 4 * (POLLS // 4) * len(replicas)


def capacity(bin_dir):
    """Processor time of a frame and of an answer, by one replica and by two that have as many clients each; in turn."""
    with Deployment(bin_dir, 2) as deployment:
        both = deployment.replicas
        start = [processor_seconds(replica.program) for replica in both]
        time.sleep(10)
        idle = {replica.port: (processor_seconds(replica.program) - before) / 10 for replica, before in zip(both, start)}
        for name, work, count in (("a frame at a subscriber", subscribe(bin_dir), SUBSCRIBERS), ("an answer to a poll", poll_each, POLLS)):
            if count == 0:
                continue
            figures = {1: [], 2: []}
            for turn in range(2):
                for replicas in ([both[turn]], both):
                    figures[len(replicas)].append(1e6 * loaded(replicas, idle, work))
            one, two = (sum(figures[number]) / len(figures[number]) for number in (1, 2))
            print(f"| processor time of {name}, {count} for each replica | one replica {one:.1f} us, two {two:.1f} us: {100 * (two / one - 1):+.0f} % | "
                  f"within 10 % | {', '.join(f'{number}: ' + ' and '.join(f'{value:.1f}' for value in values) for number, values in figures.items())} |")


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    bin_dir = os.path.abspath(sys.argv[1])
    rounds = [round_of(bin_dir, count) for count in ROUNDS]
    for one in rounds:
        lags, behind = one["lags"], one["behind"]
        print(f"| {CONTRACTS} contracts, {one['replicas']} replicas | lag from when it was made p50 {at_share(lags, 0.5):.1f} ms, p99 {at_share(lags, 0.99):.1f} ms; "
              f"behind the scanner, for a client of both p50 {at_share(behind, 0.5):.1f} ms, p99 {at_share(behind, 0.99):.1f} ms ({len(behind)} rankings); "
              f"{one['in'] / 1000:.0f} kB/s into Redis, {one['out'] / 1000 / one['replicas']:.0f} kB/s out for each; "
              f"scanner {one['scanner']:.1f} % of a core, Redis {one['redis']:.1f} % |")
    if rounds:
        print(rounds[0]["messages"], end="")
    if len(rounds) > 1:
        first, last = rounds[0], rounds[-1]
        more = (last["scanner"] - first["scanner"]) / (last["replicas"] - first["replicas"])
        print(f"| one replica more costs the scanner | {more:+.2f} % of a core | 3 % |")
    if SUBSCRIBERS or POLLS:
        capacity(bin_dir)
    return 0


if __name__ == "__main__":
    sys.exit(main())
