"""Two scanners of role `scanner` on one Redis and one Postgres: the elected one is killed, stopped, told to end, and Redis
is started anew. Epochs and numbers only grow, each recorded cycle is in history exactly once, and nothing that came after the
end of an epoch is. Waits for what is to happen, however long the machine takes.

    python3 tests/app/elections.py build/release/bin
"""

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
    def __init__(self, bin_dir, folder, name, redis, postgres, simulator):
        self.name, self.port = name, free_port()
        self.log_path = os.path.join(folder, name + ".log")
        self.words = [f"{bin_dir}/market-scanner", "serve", "--env-file", "/dev/null"]
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("SCANNER_")} | {
            "SCANNER_ROLE": "scanner", "SCANNER_FEED": "off", "SCANNER_SCAN_INTERVAL_SEC": "0.5",
            "SCANNER_SCAN_TOP_BY_QVOL": "5", "SCANNER_HTTP_PORT": str(self.port), "SCANNER_LOG_FORMAT": "json",
            "SCANNER_DATA_DIR": os.path.join(folder, name), "SCANNER_EXCHANGE_URL": f"http://127.0.0.1:{simulator.port}",
            "SCANNER_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0", "SCANNER_POSTGRES_URL": postgres.url(),
        }
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

    def scale(self):
        return (self.get("/healthz/details")[1] or {}).get("scale") or {}

    def elected(self):
        return self.scale().get("elected", False)


class Run:
    def __init__(self, bin_dir, folder):
        self.redis = Redis(folder)
        self.postgres = Postgres(folder)
        self.simulator = Simulator(f"{bin_dir}/htx-simulator", folder, 7)
        wait_for("the simulator", self.simulator.answers, PATIENCE)
        self.scanners = [Scanner(bin_dir, folder, name, self.redis, self.postgres, self.simulator) for name in "ab"]
        self.entries = {}  # number -> (epoch, recorded)

    def read_stream(self):
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
        print(f"{len(numbers)} entries, {len(recorded)} recorded, epochs {sorted(set(epochs))}")

    def close(self):
        for scanner in self.scanners:
            scanner.program.end(signal.SIGKILL)  # ends a stopped one too
        self.simulator.program.end(signal.SIGKILL)
        self.redis.stop()
        self.postgres.stop()
        self.postgres.disk.close()


def run(bin_dir, folder):
    test = Run(bin_dir, folder)
    try:
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
        run(os.path.abspath(sys.argv[1]), scratch)
    finally:
        remove_folder(scratch)
