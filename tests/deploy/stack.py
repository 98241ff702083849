"""The real programs side by side for tests in Python: htx-simulator and market-scanner on free ports."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    return int(subprocess.check_output([ROOT / "scripts/free-port"]))


def wait_until(done, what, seconds=60):
    """Calls `done` until it is true. Generous: the machine may be busy with other things."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = done()
        if result:
            return result
        time.sleep(0.1)
    raise TimeoutError(f"not within {seconds} s: {what() if callable(what) else what}")


def request(url, method="GET", body=None, token=None, timeout=20):
    """(status, text). Status 0: no answer."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode() if body is not None else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Program:
    """A child process with its output in a file."""

    def __init__(self, command, env=None, cwd=None):
        self.log = tempfile.NamedTemporaryFile(prefix="scanner-test-", suffix=".log")
        # SCANNER_… of the shell that runs the tests would change what they test.
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SCANNER_")}
        self.process = subprocess.Popen([str(part) for part in command], env={**clean, **(env or {})}, cwd=cwd,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
                                        start_new_session=True)

    def output(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def stop(self, number=signal.SIGTERM, seconds=20):
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        return self.process.returncode


class Simulator(Program):
    def __init__(self, bin_dir, arguments=("--contracts", "30", "--market", "busy", "--scenario", "none"), port=None):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__([pathlib.Path(bin_dir) / "htx-simulator", "--port", self.port, *arguments])
        wait_until(lambda: "listening" in self.output(), self.output)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def set_faults(self, faults):
        status, text = request(self.url + "/_simulator/faults", "POST", faults)
        assert status == 200, text


class Stack:
    """Both, with a data folder that is thrown away. `command` starts the scanner by other means (an entrypoint, say)."""

    def __init__(self, bin_dir, env=None, command=None, simulator=None):
        self.data = tempfile.mkdtemp(prefix="scanner-test-")
        self.simulator = simulator or Simulator(bin_dir)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {"SCANNER_EXCHANGE_URL": self.simulator.url, "SCANNER_HTTP_PORT": str(self.port),
                    "SCANNER_HTTP_ADDRESS": "127.0.0.1", "SCANNER_DATA_DIR": self.data, "SCANNER_SCAN_INTERVAL_SEC": "1",
                    **(env or {})}
        command = command or [pathlib.Path(bin_dir) / "market-scanner", "serve", "--env-file", "/dev/null"]
        self.scanner = Program(command, self.env, cwd=self.data)

    def wait_ready(self):
        def ready():
            if self.scanner.process.poll() is not None:
                raise AssertionError(f"the scanner ended with {self.scanner.process.returncode}:\n{self.scanner.output()}")
            return request(self.url + "/ready")[0] == 200
        wait_until(ready, self.scanner.output)
        return self

    def stop(self):
        code = self.scanner.stop()
        self.simulator.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
