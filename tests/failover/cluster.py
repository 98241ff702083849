"""Two scanners, replicas, nginx, Redis, Postgres, the simulator and a receiver of alerts: what a fail-over run is made of."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/chaos"), str(ROOT / "tests/deploy")]
from gateway import Gateway  # noqa: E402
from machines import Postgres, Program, Redis, Simulator, free_port, wait_for  # noqa: E402
from network import network  # noqa: E402
from witness import RANKINGS, Follower, Poller, Receiver, StreamReader  # noqa: E402

TOKEN = "a-token-for-the-failover-0123456789"
LEASE_MS = 2000
TTL_SEC = 10
INTERVAL_SEC = 0.5
RULE = {"name": "in front", "expression": "rank <= 5", "cooldown_sec": 0}
SCANNERS = ("scanner-a", "scanner-b")


class Server:
    """One process of the cluster, over its lives."""

    def __init__(self, name, cluster, role):
        self.name, self.role, self.life = name, role, 0
        self.cluster = cluster
        self.port = free_port()
        self.host = cluster.network.host(name)
        self.url = f"http://{self.host}:{self.port}"
        self.data = os.path.join(cluster.folder, name)
        self.log_path = os.path.join(cluster.folder, name + ".log")
        hub = cluster.network.hub(name)
        redis_host, redis_port = cluster.network.redis(name, cluster.redis)
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("SCANNER_")} | {
            "SCANNER_ROLE": role, "SCANNER_LEASE_MS": str(LEASE_MS), "SCANNER_API_TOKEN": TOKEN, "SCANNER_FEED": "off",
            "SCANNER_HTTP_ADDRESS": "0.0.0.0", "SCANNER_HTTP_PORT": str(self.port), "SCANNER_DATA_DIR": self.data,
            "SCANNER_EXCHANGE_URL": f"http://{hub}:{cluster.simulator.port}", "SCANNER_SCAN_INTERVAL_SEC": str(INTERVAL_SEC),
            "SCANNER_SCAN_TOP_BY_QVOL": "20", "SCANNER_REDIS_URL": f"redis://{redis_host}:{redis_port}/0",
            "SCANNER_POSTGRES_URL": cluster.postgres.url(hub), "SCANNER_REDIS_SNAPSHOTS_TTL_SEC": str(TTL_SEC),
            "SCANNER_REDIS_RANKINGS_TTL_SEC": str(TTL_SEC), "SCANNER_TRUSTED_PROXIES": "127.0.0.1",
            "SCANNER_ALERT_WEBHOOK_URL": f"http://{hub}:{cluster.receiver.port}/", "SCANNER_ALERT_WEBHOOK_ALLOW_PRIVATE": "true",
            "SCANNER_ALERT_WEBHOOK_FORMAT": "standard", "SCANNER_LOG_FORMAT": "json",
        }
        self.start()

    def label(self):
        return f"{self.name}#{self.life}"

    def start(self):
        self.life += 1
        self.began = time.monotonic()
        words = [*self.cluster.network.within(self.name)] if self.role == "scanner" else []
        words += [f"{self.cluster.bin}/market-scanner", "serve", "--env-file", "/dev/null"]
        self.program = Program(words, open(self.log_path, "ab"), env=self.env)

    def get(self, target, seconds=5):
        """(status, body); status 0 without an answer."""
        try:
            with urllib.request.urlopen(self.url + target, timeout=seconds) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def details(self):
        status, body = self.get("/healthz/details")
        return json.loads(body) if status == 200 else {}

    def elected(self):
        return bool((self.details().get("scale") or {}).get("elected"))

    def is_ready(self):
        if not self.program.alive():
            raise RuntimeError(f"{self.name} ended; see {self.log_path}")
        return self.get("/ready")[0] == 200

    def post(self, target, body):
        request = urllib.request.Request(self.url + target, json.dumps(body).encode(), method="POST",
                                         headers={"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status


class Cluster:
    """`replicas`: how many; with none the scanners serve, which they do as well as any."""

    def __init__(self, bin_dir, folder, seed, replicas=2):
        self.replicas = tuple(f"replica-{n}" for n in range(1, replicas + 1))
        self.serving = self.replicas or SCANNERS
        self.bin, self.folder = os.path.abspath(bin_dir), folder
        self.gateway = None
        try:
            self.start(seed)
        except BaseException:
            self.close()
            raise

    def start(self, seed):
        self.network = network()
        folder = self.folder
        self.redis = Redis(folder, self.network.within("redis"), self.network.host("redis"))
        self.postgres = Postgres(folder, self.network.network)
        self.simulator = Simulator(f"{self.bin}/htx-simulator", folder, seed, "0.0.0.0" if self.network.network else "127.0.0.1")
        wait_for("the simulator", self.simulator.answers, 60)
        self.receiver = Receiver("0.0.0.0" if self.network.network else "127.0.0.1")
        self.servers = {}
        for name in (*SCANNERS, *self.replicas):
            self.servers[name] = Server(name, self, "scanner" if name in SCANNERS else "replica")
        self.reader = StreamReader(self.network.host("redis"), self.redis.port).start()
        for name, server in self.servers.items():
            wait_for(f"{name} being ready", server.is_ready, 90)
        self.servers[self.serving[0]].post("/alerts/rules", RULE)
        # A cycle that was under way may have been ranked before it was known.
        self.ruled_after = self.reader.newest().seq + 1
        self.gateway = Gateway([f"{self.servers[name].host}:{self.servers[name].port}" for name in self.serving])
        # Every half of a second through nginx is a client; the others look at each process.
        targets = [RANKINGS, "/healthz/details", RANKINGS, "/ready"]
        self.pollers = {name: Poller(server.url, server.label, targets).start() for name, server in self.servers.items()}
        self.client = Poller(self.gateway.url, lambda: "gateway#1", [RANKINGS, "/opportunities?top=5"], 0.03).start()
        self.follower = Follower("127.0.0.1", self.gateway.port).start()

    def scanners(self):
        return [self.servers[name] for name in SCANNERS]

    def leader(self):
        """The elected one, as it says itself; waits for it."""
        found = []

        def one():
            found[:] = [server for server in self.scanners() if server.program.alive() and server.elected()]
            return len(found) == 1
        wait_for("one elected scanner", one, 60)
        return found[0]

    def other(self, server):
        return next(one for one in self.scanners() if one is not server)

    def reaches_redis(self, server):
        host, port = self.network.redis(server.name, self.redis)
        words = [*self.network.within(server.name), "timeout", "2", "redis-cli", "-h", host, "-p", str(port), "PING"]
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.startswith("PONG")

    def wait_ready(self, server, seconds=60):
        wait_for(f"{server.name} being ready", server.is_ready, seconds)

    def backlog(self):
        return sum(store["backlog"] for server in self.scanners() for store in server.details().get("stores", {"": {"backlog": 1}}).values())

    def watchers(self):
        return [*self.pollers.values(), self.client, self.follower, self.reader]

    def close(self):
        """Of as much as was started."""
        for server in getattr(self, "servers", {}).values():
            server.program.end(signal.SIGKILL, 5)  # also where it is stopped
        if self.gateway:
            self.gateway.stop()
        for name in ("simulator", "redis", "postgres"):
            if hasattr(self, name):
                getattr(self, name).program.end(signal.SIGKILL, 5)
        if hasattr(self, "postgres"):
            self.postgres.disk.close()
