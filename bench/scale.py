"""An elected scanner and its replicas on one machine: how far replicas are behind, what passes Redis, what one more costs.

    python3 bench/scale.py BIN_DIR       CONTRACTS=130, SECONDS_=40 a round, REPLICAS=1,5

Real Redis, the simulator with its feed. Processor time from /proc, lag from the replicas' own metrics, bytes from Redis.
"""

import os
import pathlib
import re
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/chaos"))
from machines import Program, Redis, free_port, remove_folder, scratch_folder, wait_for  # noqa: E402

CONTRACTS = int(os.environ.get("CONTRACTS", "130"))
SECONDS = float(os.environ.get("SECONDS_", "40"))
ROUNDS = [int(number) for number in os.environ.get("REPLICAS", "1,5").split(",")]
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
    fields = pathlib.Path(f"/proc/{program.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def redis_number(redis, name):
    return float(re.search(rf"^{name}:([0-9.]+)", redis.command("INFO", "all"), re.M)[1])


def round_of(bin_dir, count):
    folder = scratch_folder()
    started = []
    try:
        redis = Redis(folder)
        started.append(redis.program)
        exchange = free_port()
        words = [f"{bin_dir}/htx-simulator", "--port", str(exchange), "--contracts", str(CONTRACTS), "--market", "busy"]
        started.append(Program(words, open(f"{folder}/simulator.log", "ab")))
        scanner = Server(bin_dir, folder, "scanner", "scanner", redis, exchange)
        started.append(scanner.program)
        wait_for("the scanner", scanner.is_ready, 90)
        replicas = []
        for number in range(count):
            replicas.append(Server(bin_dir, folder, f"replica-{number}", "replica", redis, exchange))
            started.append(replicas[-1].program)
        for replica in replicas:
            wait_for("a replica", replica.is_ready, 60)
        time.sleep(10)
        before = (processor_seconds(scanner.program), processor_seconds(redis.program), redis_number(redis, "total_net_input_bytes"),
                  redis_number(redis, "total_net_output_bytes"), time.monotonic())
        lags = []
        while time.monotonic() < before[4] + SECONDS:
            lag = replicas[0].lag_ms()
            if lag is not None and (not lags or lags[-1] != lag):
                lags.append(lag)
            time.sleep(1 / LOOKS_PER_SEC)
        took = time.monotonic() - before[4]
        lags.sort()
        return {"replicas": count, "scanner": 100 * (processor_seconds(scanner.program) - before[0]) / took,
                "redis": 100 * (processor_seconds(redis.program) - before[1]) / took,
                "in": (redis_number(redis, "total_net_input_bytes") - before[2]) / took,
                "out": (redis_number(redis, "total_net_output_bytes") - before[3]) / took,
                "p50": lags[len(lags) // 2], "p99": lags[int(0.99 * (len(lags) - 1))], "of": len(lags)}
    finally:
        for program in reversed(started):
            program.end(15)
        remove_folder(folder)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    rounds = [round_of(os.path.abspath(sys.argv[1]), count) for count in ROUNDS]
    for one in rounds:
        print(f"| {CONTRACTS} contracts, {one['replicas']} replicas | lag p50 {one['p50']:.1f} ms, p99 {one['p99']:.1f} ms ({one['of']} rankings); "
              f"{one['in'] / 1000:.0f} kB/s into Redis, {one['out'] / 1000 / one['replicas']:.0f} kB/s out for each; "
              f"scanner {one['scanner']:.1f} % of a core, Redis {one['redis']:.1f} % |")
    if len(rounds) > 1:
        first, last = rounds[0], rounds[-1]
        more = (last["scanner"] - first["scanner"]) / (last["replicas"] - first["replicas"])
        print(f"| one replica more costs the scanner | {more:+.2f} % of a core | 3 % |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
