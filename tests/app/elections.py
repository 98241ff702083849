"""Two scanners of role `scanner` on one Redis and one Postgres: the elected one is killed, stopped, told to end, and Redis
is started anew. Epochs and numbers only grow, each cycle that was published and recorded is in history exactly once, and no
other is. Waits for what is to happen, however long the machine takes.

    python3 tests/app/elections.py build/release/bin take-turns       # as above
    python3 tests/app/elections.py build/release/bin without-redis    # elected by Postgres' advisory lock
    python3 tests/app/elections.py build/release/bin postgres-away    # Postgres dies under them and a replica
    python3 tests/app/elections.py build/release/bin mid-episode      # an episode of manipulation is neither lost nor doubled
"""

import contextlib
import json
import os
import pathlib
import signal
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))
from machines import Postgres, Program, Redis, Simulator, free_port, remove_folder, scratch_folder, wait_for  # noqa: E402

PATIENCE = 180
TOKEN = "a-token-for-the-elections-0123456789"
# The entries without what is in them.
HEADS = """
local lines = {}
for _, entry in ipairs(redis.call('XRANGE', 'stream:rankings', '-', '+')) do
  local of = {}
  for i = 1, #entry[2], 2 do of[entry[2][i]] = entry[2][i + 1] end
  lines[#lines + 1] = of.seq .. ' ' .. of.epoch .. ' ' .. of.recorded
end
return lines
"""


class Scanner:
    def __init__(self, bin_dir, folder, name, redis, postgres, simulator, role="scanner", env=None):
        self.name, self.port = name, free_port()
        self.log_path = os.path.join(folder, name + ".log")
        self.words = [f"{bin_dir}/market-scanner", "serve", "--env-file", "/dev/null"]
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("SCANNER_")} | {
            "SCANNER_ROLE": role, "SCANNER_FEED": "off", "SCANNER_SCAN_INTERVAL_SEC": "0.5",
            "SCANNER_SCAN_TOP_BY_QVOL": "5", "SCANNER_HTTP_PORT": str(self.port), "SCANNER_LOG_FORMAT": "json",
            "SCANNER_DATA_DIR": os.path.join(folder, name), "SCANNER_EXCHANGE_URL": f"http://127.0.0.1:{simulator.port}",
            "SCANNER_POSTGRES_URL": postgres.url(),
        } | ({"SCANNER_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0"} if redis else {}) | (env or {})
        self.start()

    def start(self):
        self.program = Program(self.words, open(self.log_path, "ab"), env=self.env)

    def get(self, target):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{target}", timeout=3) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, None
        except OSError:
            return 0, None

    def post(self, target, body):
        words = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{target}", json.dumps(body).encode(), words, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status

    def health(self):
        return self.get("/healthz/details")[1] or {}

    def scale(self):
        return self.health().get("scale") or {}

    def elected(self):
        return self.scale().get("elected", False)


class Run:
    def __init__(self, bin_dir, folder, with_redis=True, simulator=(), env=None):
        self.redis = Redis(folder) if with_redis else None
        self.postgres = Postgres(folder)
        self.simulator = Simulator(f"{bin_dir}/htx-simulator", folder, 7, flags=simulator)
        wait_for("the simulator", self.simulator.answers, PATIENCE)
        self.scanners = [Scanner(bin_dir, folder, name, self.redis, self.postgres, self.simulator, env=env) for name in "ab"]
        self.entries = {}  # number -> (epoch, recorded)

    def read_stream(self):
        """Without Redis there is none: what is in history is what was shown."""
        if not self.redis:
            for row in self.postgres.query("SELECT sequence, epoch FROM cycles").split():
                number, epoch = map(int, row.split("|"))
                self.entries[number] = (epoch, True)
            return
        for line in self.redis.command("EVAL", HEADS, "0").split("\n"):
            if len(line.split()) != 3:
                continue
            number, epoch, recorded = map(int, line.split())
            entry = (epoch, bool(recorded))
            assert self.entries.setdefault(number, entry) == entry, f"{number} was published twice, differently"

    def elected_over(self, epoch):
        """The one who is elected in a later epoch and has published in it."""
        found = []

        def look():
            self.read_stream()
            for scanner in self.scanners:
                scale = scanner.scale()
                if scale.get("elected") and scale["epoch"] > epoch and any(
                        of == scale["epoch"] and recorded for of, recorded in self.entries.values()):
                    found[:] = [(scanner, scale["epoch"])]
            return bool(found)

        wait_for(f"an epoch over {epoch}", look, PATIENCE)
        return found[0]

    def other(self, scanner):
        return next(one for one in self.scanners if one is not scanner)

    def newest(self):
        self.read_stream()
        return max(self.entries, default=0)

    def check(self):
        numbers = sorted(self.entries)
        epochs = [self.entries[number][0] for number in numbers]
        assert epochs == sorted(epochs), "a number of a later epoch is below one of an earlier"
        recorded = [number for number in numbers if self.entries[number][1]]
        wanted = ",".join(map(str, recorded))
        wait_for("history of every recorded cycle", lambda: self.postgres.query(
            f"SELECT count(*) FROM cycles WHERE sequence IN ({wanted})") == str(len(recorded)), PATIENCE)
        twice = self.postgres.query("SELECT count(*) FROM (SELECT sequence FROM cycles GROUP BY 1 HAVING count(*) > 1) AS t")
        assert twice == "0", f"{twice} cycles are in history twice"
        beyond = self.postgres.query(
            "SELECT count(*) FROM cycles JOIN scanner_epochs USING (epoch) WHERE closed IS NOT NULL AND sequence > closed")
        assert beyond == "0", f"{beyond} cycles came after the end of their epoch"
        wrong = self.postgres.query("SELECT count(*) FROM cycles WHERE epoch IS NULL")
        assert wrong == "0", f"{wrong} cycles have no epoch"
        backwards = self.postgres.query(
            "SELECT count(*) FROM (SELECT epoch < lag(epoch) OVER (ORDER BY sequence) AS back FROM cycles) AS t WHERE back")
        assert backwards == "0", f"{backwards} cycles of an earlier epoch have a number over one of a later"
        print(f"{len(numbers)} entries, {len(recorded)} recorded, epochs {sorted(set(epochs))}")

    def close(self):
        for scanner in self.scanners:
            scanner.program.end(signal.SIGKILL)  # ends a stopped one too
        self.simulator.program.end(signal.SIGKILL)
        if self.redis:
            self.redis.stop()
        self.postgres.stop()
        self.postgres.disk.close()


def take_turns(bin_dir, folder):
    with watched(Run(bin_dir, folder)) as test:
        leader, epoch = test.elected_over(0)
        assert not test.other(leader).elected(), "two are elected"
        wait_for("the standby showing what is published", lambda: test.other(leader).get("/ready")[0] == 200, PATIENCE)

        leader.program.end(signal.SIGKILL)
        killed = leader
        leader, epoch = test.elected_over(epoch)
        assert leader is not killed
        killed.start()  # its spool may hold what only it knows
        wait_for("the killed one standing by", lambda: killed.scale().get("elected") is False, PATIENCE)

        leader.program.signal(signal.SIGSTOP)
        stopped = leader
        leader, epoch = test.elected_over(epoch)
        assert leader is not stopped
        stopped.program.signal(signal.SIGCONT)
        wait_for("the stopped one standing by", lambda: stopped.scale().get("elected") is False, PATIENCE)

        test.read_stream()
        test.redis.stop()
        test.redis.start()
        leader, epoch = test.elected_over(epoch)

        began = time.monotonic()
        assert leader.program.end(signal.SIGTERM, PATIENCE) == 0
        ended = leader
        leader, epoch = test.elected_over(epoch)
        assert leader is not ended
        print(f"elected {time.monotonic() - began:.1f} s after the one before was told to end")
        time.sleep(1)
        test.read_stream()
        test.check()


def without_redis(bin_dir, folder):
    with watched(Run(bin_dir, folder, with_redis=False)) as test:
        leader, epoch = test.elected_over(0)
        standby = test.other(leader)
        assert not standby.elected(), "two are elected"
        assert standby.get("/rankings")[0] == 503, "a standby has no stream to show anything of"
        assert leader.get("/ready")[0] == 200

        leader.program.end(signal.SIGKILL)
        killed, before = leader, epoch
        leader, epoch = test.elected_over(before)
        assert leader is standby and epoch > before
        killed.start()
        wait_for("the killed one standing by", lambda: killed.scale().get("elected") is False, PATIENCE)

        # Stopped for longer than its lease it wakes up with its session gone or its epoch closed.
        leader.program.signal(signal.SIGSTOP)
        stopped = leader
        test.postgres.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        leader, epoch = test.elected_over(epoch)
        assert leader is not stopped
        stopped.program.signal(signal.SIGCONT)
        wait_for("the stopped one standing by", lambda: stopped.scale().get("elected") is False, PATIENCE)

        assert leader.program.end(signal.SIGTERM, PATIENCE) == 0
        ended = leader
        leader, epoch = test.elected_over(epoch)
        assert leader is not ended
        test.read_stream()
        test.check()


def postgres_away(bin_dir, folder):
    with watched(Run(bin_dir, folder)) as test:
        leader, epoch = test.elected_over(0)
        standby = test.other(leader)
        replica = Scanner(bin_dir, folder, "replica", test.redis, test.postgres, test.simulator, role="replica")
        test.scanners.append(replica)
        wait_for("the replica", lambda: replica.get("/ready")[0] == 200, PATIENCE)
        wait_for("history", lambda: leader.get("/history/rankings")[0] == 200, PATIENCE)

        test.postgres.stop()
        began = test.newest()
        wait_for("rankings that go on", lambda: test.newest() >= began + 6, PATIENCE)
        shown = lambda scanner: (scanner.get("/rankings")[1] or {}).get("seq", 0)  # noqa: E731
        for scanner in (leader, standby, replica):
            wait_for(f"{scanner.name} going on", lambda scanner=scanner: shown(scanner) > began, PATIENCE)
            assert scanner.get("/ready")[0] == 200, scanner.name
            wait_for(f"{scanner.name} saying so", lambda scanner=scanner: scanner.get("/history/rankings")[0] == 503, PATIENCE)
        backlog = leader.health()["stores"]["postgres"]["backlog"]
        assert backlog >= 3, f"{backlog} batches wait in the spool"
        assert leader.elected() and leader.scale()["epoch"] == epoch, "who is elected goes on"

        # Who dies now has no successor: no one closes its epoch. What its spool has is written when it is back.
        leader.program.end(signal.SIGKILL)
        wait_for("a standby that says why", lambda: not standby.elected() and standby.scale().get("problem"), PATIENCE)
        ended = test.newest()
        leader.start()
        wait_for("the killed one", lambda: leader.scale().get("elected") is False, PATIENCE)
        assert test.newest() == ended, "something was published in an epoch that no one opened"

        test.postgres.start()
        leader, after = test.elected_over(epoch)
        assert after > epoch
        wait_for("history again", lambda: replica.get("/history/rankings")[0] == 200, PATIENCE)
        for scanner in test.scanners[:2]:
            wait_for(f"the spool of {scanner.name}", lambda scanner=scanner:
                     scanner.health().get("stores", {}).get("postgres", {}).get("backlog") == 0, PATIENCE)
        print(f"{backlog} batches were in the spool, {len([n for n in test.entries if n > began])} rankings since Postgres died")
        test.check()


LASTING, SHORT = "BTC-USDT", "ETH-USDT"
FLAG = "oi_implausible"


def mid_episode(bin_dir, folder):
    """One episode is open over every change of who is elected, another one ends meanwhile."""
    paint = [f"oi_paint:contract={LASTING}:after=1s:for=1h:intensity=30", f"oi_paint:contract={SHORT}:after=1s:for=25s:intensity=30"]
    flags = ["--scenario", "none", *(word for one in paint for word in ("--plant", one))]
    env = {"SCANNER_FEED": "required", "SCANNER_MANIP_MODEL": "measured", "SCANNER_API_TOKEN": TOKEN, "SCANNER_MIN_QVOL_USDT": "100000"}
    with watched(Run(bin_dir, folder, simulator=flags, env=env)) as test:
        leader, epoch = test.elected_over(0)

        def ledger(contract):
            status, answer = leader.get(f"/manipulation/episodes?symbol={contract}&flag={FLAG}&limit=1000")
            return answer["items"] if status == 200 else []

        wait_for("an open episode", lambda: len(ledger(LASTING)) == 1, PATIENCE)
        first = ledger(LASTING)[0]
        assert first["end"] is None, first
        said = {"verdict": "manipulation", "note": "painted"}
        assert leader.post(f"/manipulation/episodes/{first['id']}/disposition", said) == 200
        takeovers = []

        def succeed():
            """By the other one; from its first ranking on it knows of the episode, or says that it does not know."""
            nonlocal leader, epoch
            before = leader
            leader, epoch = test.elected_over(epoch)
            assert leader is not before

            def flagged():
                status, ranking = leader.get("/rankings?top=20&quarantine=false")
                items = [item for item in (ranking or {}).get("items", []) if item["contract_code"] == LASTING]
                if status != 200 or not items or ranking["seq"] <= newest:
                    return False
                assert items[0]["manip_score"] is None or FLAG in items[0]["manip_flags"], f"of ranking {ranking['seq']}: {items[0]}"
                return FLAG in items[0]["manip_flags"]
            wait_for("the flag in the successor's rankings", flagged, PATIENCE)
            (now,) = ledger(LASTING)
            assert (now["id"], now["start"], now["end"]) == (first["id"], first["start"], None), f"{now} after {first}"
            verdict = now["disposition"]
            assert (verdict["verdict"], verdict["note"]) == (said["verdict"], said["note"]), verdict
            takeovers.append(epoch)

        newest = test.newest()
        leader.program.end(signal.SIGKILL)
        killed = leader
        succeed()
        killed.start()
        wait_for("the killed one standing by", lambda: killed.scale().get("elected") is False, PATIENCE)

        newest = test.newest()
        leader.program.signal(signal.SIGSTOP)
        stopped = leader
        succeed()
        stopped.program.signal(signal.SIGCONT)
        wait_for("the stopped one standing by", lambda: stopped.scale().get("elected") is False, PATIENCE)

        newest = test.newest()
        assert leader.program.end(signal.SIGTERM, PATIENCE) == 0
        succeed()

        wait_for("the other's end", lambda: [item["end"] is not None for item in ledger(SHORT)] == [True], PATIENCE)
        (short,) = ledger(SHORT)
        assert short["phase"] != "interrupted", f"its end was not seen: {short}"
        # The rows themselves: one id each, whose revisions are told once.
        rows = test.postgres.query(f"SELECT symbol, count(DISTINCT id), count(*) - count(DISTINCT (id, revision)) FROM manip_episodes WHERE flag = '{FLAG}' GROUP BY symbol ORDER BY symbol")
        assert rows.split() == ["BTC/USDT:USDT|1|0", "ETH/USDT:USDT|1|0"], rows
        print(f"one episode over the epochs {takeovers}, another that ended: {first['id']}, {short['id']}")
        test.check()


@contextlib.contextmanager
def watched(test):
    try:
        yield test
    except BaseException:
        for scanner in test.scanners:
            with open(scanner.log_path, encoding="utf-8", errors="replace") as log:
                print(f"--- {scanner.name}", *log.readlines()[-40:], sep="\n")
        raise
    finally:
        test.close()


if __name__ == "__main__":
    scratch = scratch_folder()
    try:
        drills = {"take-turns": take_turns, "without-redis": without_redis, "postgres-away": postgres_away, "mid-episode": mid_episode}
        drill = drills[sys.argv[2] if len(sys.argv) > 2 else "take-turns"]
        drill(os.path.abspath(sys.argv[1]), scratch)
    finally:
        remove_folder(scratch)
