"""The programs of a chaos run: simulator, Redis, Postgres and the scanner, and what can be done to each."""

import glob
import json
import os
import pathlib
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

LIBFAKETIME = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")


def free_port():
    return int(subprocess.check_output([pathlib.Path(__file__).resolve().parents[2] / "scripts/free-port"]))


def wait_for(what, done, seconds):
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not happen within {seconds} s")
        time.sleep(0.1)


class SmallDisk:
    """A folder with a little disk of its own (tmpfs; needs root), so that it can be filled without harm."""

    def __init__(self, path, megabytes, owner=None):
        self.path = path
        os.makedirs(path)
        self.mounted = os.geteuid() == 0 and (
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", path], check=False
            ).returncode
            == 0
        )
        if owner is not None:
            os.chown(path, owner.pw_uid, owner.pw_gid)
        self.ballast = os.path.join(path, "ballast")

    def fill(self):
        with open(self.ballast, "wb") as ballast:
            for size in (1 << 20, 1 << 12):
                space = os.statvfs(self.path)
                free = space.f_bavail * space.f_frsize - size
                if free > 0:
                    os.posix_fallocate(ballast.fileno(), os.fstat(ballast.fileno()).st_size, free)

    def empty(self):
        if os.path.exists(self.ballast):
            os.unlink(self.ballast)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.path], check=False)


class Program:
    def __init__(self, words, log, env=None, user=None, cwd=None):
        def become():
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if user is not None:
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)

        self.process = subprocess.Popen(
            words, stdout=log, stderr=subprocess.STDOUT, env=env, cwd=cwd, preexec_fn=become, stdin=subprocess.DEVNULL
        )
        self.pid = self.process.pid

    def alive(self):
        return self.process.poll() is None

    def family(self):
        """The process and those that it made."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as children:
            return [self.pid, *map(int, children.read().split())]

    def signal(self, number):
        for pid in self.family():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def end(self, number, seconds=20):
        if self.alive():
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


class Redis:
    """`within`: words in front of the command (another network namespace), from where `host` is how to reach it."""

    def __init__(self, folder, within=(), host="127.0.0.1"):
        self.within, self.host = list(within), host
        self.port = free_port()
        self.folder = folder
        self.log = open(os.path.join(folder, "redis.log"), "ab")
        self.start()

    def start(self):
        words = [*self.within, "redis-server", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        words += ["--bind", "0.0.0.0" if self.within else "127.0.0.1", "--protected-mode", "no", "--dir", self.folder]
        self.program = Program(words, self.log)
        wait_for("redis", lambda: self.command("PING").startswith("PONG"), 30)

    def command(self, *words):
        done = subprocess.run(
            ["timeout", "5", "redis-cli", "-h", self.host, "-p", str(self.port), *words], capture_output=True, text=True, check=False
        )
        return done.stdout

    def stop(self):
        self.program.end(signal.SIGKILL)

    def pause(self):
        self.program.signal(signal.SIGSTOP)

    def resume(self):
        self.program.signal(signal.SIGCONT)

    def fill(self):
        self.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
        self.command("CONFIG", "SET", "maxmemory", "1")

    def empty(self):
        self.command("CONFIG", "SET", "maxmemory", "0")


class Postgres:
    """`network`: whose addresses may connect as well, where it listens on all of its own."""

    def __init__(self, folder, network=None):
        self.network = network
        self.port = free_port()
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        # Data of a half-hour run take some 100 MB, WAL as much again.
        self.disk = SmallDisk(os.path.join(folder, "postgres"), 1024, self.user)
        self.log = open(os.path.join(folder, "postgres.log"), "ab")
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.data = os.path.join(self.disk.path, "data")
        made = Program(
            [f"{self.bin}/initdb", "-D", self.data, "-U", "scanner", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            self.log,
            user=self.user,
            cwd="/",
        )
        if made.process.wait(120) != 0:
            raise RuntimeError("initdb failed; see postgres.log")
        if network:
            with open(os.path.join(self.data, "pg_hba.conf"), "a", encoding="ascii") as rights:
                rights.write(f"host all all {network} trust\n")
        self.start()

    def start(self):
        listen = "*" if self.network else "127.0.0.1"
        settings = [f"listen_addresses={listen}", "unix_socket_directories=", "max_wal_size=64MB", "max_connections=40"]
        words = [f"{self.bin}/postgres", "-D", self.data, "-p", str(self.port)]
        for setting in settings:
            words += ["-c", setting]
        self.program = Program(words, self.log, user=self.user, cwd="/")
        wait_for("postgres", lambda: self.query("SELECT 1") == "1" or not self.program.alive(), 60)

    def url(self, host="127.0.0.1"):
        return f"postgresql://scanner@{host}:{self.port}/postgres"

    def query(self, sql):
        done = subprocess.run(
            ["timeout", "60", f"{self.bin}/psql", "-X", "-A", "-t", "-c", sql, self.url()],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    def stop(self):
        self.program.end(signal.SIGQUIT)

    def restart(self):
        """However it was left: out of disk space it may have ended by itself."""
        self.program.end(signal.SIGQUIT)
        for _ in range(5):
            self.start()
            if self.program.alive():
                return

    def pause(self):
        self.program.signal(signal.SIGSTOP)

    def resume(self):
        self.program.signal(signal.SIGCONT)


class Scanner:
    """market-scanner; its wall clock is libfaketime's where that is installed."""

    def __init__(self, binary, folder, flags, env):
        self.port = free_port()
        self.disk = SmallDisk(os.path.join(folder, "data"), 192)
        self.clock_file = os.path.join(folder, "clock")
        self.step_clock(0)
        self.log_path = os.path.join(folder, "scanner.log")
        env = {**os.environ, **env}
        self.clock_can_step = bool(LIBFAKETIME)
        if self.clock_can_step:
            env |= {
                "LD_PRELOAD": LIBFAKETIME[0],
                "FAKETIME_TIMESTAMP_FILE": self.clock_file,
                "FAKETIME_CACHE_DURATION": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        words = [binary, "serve", "--env-file", "/dev/null", "--http-port", str(self.port)]
        words += ["--data-dir", os.path.join(self.disk.path, "scanner"), *flags]
        self.program = Program(words, open(self.log_path, "ab"), env=env)
        self.pid = self.program.pid

    def step_clock(self, seconds):
        with open(self.clock_file + ".new", "w", encoding="ascii") as clock:
            clock.write(f"{seconds:+d}\n")
        os.replace(self.clock_file + ".new", self.clock_file)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def memory_mb(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        return 0.0

    def limit_descriptors(self, soft):
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (min(soft, hard), hard))

    def soft_limit(self):
        return resource.prlimit(self.pid, resource.RLIMIT_NOFILE)[0]

    def get(self, target, seconds=10):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{target}", timeout=seconds) as answer:
            return answer.status, answer.read()

    def log_lines(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            for line in log:
                try:
                    yield json.loads(line)
                except ValueError:
                    pass


class Simulator:
    def __init__(self, binary, folder, seed, address="127.0.0.1", contracts=30, flags=()):
        self.port = free_port()
        words = [binary, "--address", address, "--port", str(self.port), "--contracts", str(contracts)]
        words += ["--market", "busy", "--seed", str(seed)]
        self.program = Program([*words, "--prevalence", "0.02", *flags], open(os.path.join(folder, "simulator.log"), "ab"))

    def set_faults(self, faults):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/_simulator/faults",
            data=json.dumps(faults).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            if answer.status != 200:
                raise RuntimeError(f"the simulator refused {faults}")

    def answers(self):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_simulator/status", timeout=5).read()
            return True
        except OSError:
            return False


class Crowd:
    """Connections of another address: slow ones that send a byte now and then, or as many as there can be."""

    def __init__(self, port, count, slow):
        self.sockets = []
        self.over = threading.Event()
        self.port, self.count, self.slow = port, count, slow
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        request = b"GET /rankings HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Padding: " + b"x" * 4000
        sent = 0
        while not self.over.is_set():
            while len(self.sockets) < self.count and not self.over.is_set():
                one = socket.socket()
                try:
                    one.settimeout(0.5)
                    one.bind(("127.0.0.2", 0))
                    one.connect(("127.0.0.1", self.port))
                    one.setblocking(False)
                    self.sockets.append(one)
                except OSError:
                    one.close()
                    break
            if self.slow:
                self.drip(request[sent % len(request) : sent % len(request) + 1])
                sent += 1
            else:
                self.drip(b"GET /rankings?top=200 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            self.over.wait(0.5)

    def drip(self, piece):
        alive = []
        for one in self.sockets:
            try:
                one.send(piece)
                if not self.slow:
                    one.recv(65536)
                alive.append(one)
            except BlockingIOError:
                alive.append(one)
            except OSError:
                one.close()
        self.sockets = alive

    def end(self):
        self.over.set()
        self.thread.join(30)
        for one in self.sockets:
            one.close()


def scratch_folder():
    folder = tempfile.mkdtemp(prefix="market-scanner-chaos-")
    os.chmod(folder, 0o755)  # the user postgres comes through
    return folder


def remove_folder(folder):
    shutil.rmtree(folder, ignore_errors=True)
