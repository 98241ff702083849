#!/usr/bin/env python3
"""Runs every command that README.md, docs/*.md and examples/README.md show, or says why it is not run.

    scripts/check-docs.py BIN_DIR [--preset NAME] [--list] [FILE…]

Commands are the lines of ```sh blocks and those after "$ " in any block; a ```sql block is a query of the history that a
scanner on Postgres has just recorded, and must find rows. They run against `make demo` (with --preset; else
scripts/demo.sh with the programs in BIN_DIR) on free ports; addresses with the documented ports are rewritten, as are
cycle numbers, times and ETags of the examples. A command must end with 0 and curl must get a 2xx, unless the output that is
shown is that of an error or a comment says so ("# 409 …"). Where a JSON answer is shown, the real one has at least its
members. Links must lead somewhere.

Not run are: commands of the table NOT_RUN below; a line with a comment "# not run: why"; blocks after an HTML comment
"<!-- not run: why -->"."""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/deploy"))
from stack import Program, free_port, request, wait_until  # noqa: E402

NOT_RUN = [  # (pattern of the command, why)
    (r"make test\b", "it is what runs this check"),
    (r"make (run|seed)\b", "needs the network and the real exchange"),
    (r"(make (up|down)\b|scripts/compose\.sh|(\w+=\S+ )*docker([ -]compose)? )", "needs a Docker engine; the file and the image are tested without one"),
    (r"make (debian13|image-check)\b|scripts/(debian13-check|image-check)\.sh", "needs root, a mirror and a quarter of an hour"),
    (r"make (bench\S*|chaos|failover|soak|fuzz|replay-check|bench-cycle)\b|bench/|scripts/(chaos|failover|soak|fuzz)\.sh", "takes minutes and an idle machine"),
    (r"make (build|programs|unit|lint|fmt|panel|docs|api-examples|packages|clean)\b", "a step of its own of make test and .ci/run, or undoes them"),
    (r"make (install|deb)\b|cmake --install|cpack", "scripts/test-packaging.sh does the same into a folder of its own"),
    (r"/usr/bin/python3 tests/api/", "a step of its own of make test"),
    (r"scripts/(test-panel|persistence-drill|test-packaging|build-panel|install-packages|test|lint)\.sh|ctest|cmake|ninja",
     "a step of its own of make test"),
    (r"(sudo )?(systemctl|journalctl|apt|apt-get|dpkg)\b", "changes the machine that it runs on"),
    (r"git clone|ssh ", "needs a host to reach"),
    (r"websocat\b", "websocat is no Debian package; the WebSocket is read by tests/api and examples/node_client.mjs"),
    (r"build/\w+/bin/\w+_tests\b", "a part of make test"),
    (r"redis-cli .*subscribe", "listens until it is stopped; tests/alerts listens like that"),
    (r"[^\n]*/dead-letters/\d", "needs a delivery that was given up; tests/alerts has one"),
    (r"[\w-]+ \[--", "the summary of a command line, not a command"),
]
SHELLS = {"sh", "bash", "shell", "console"}
COMMAND = re.compile(r"(curl|make|scripts/|bench/|examples/|build/|docker|systemctl|sudo|psql|pg_dump|redis-cli|websocat|market-scanner|"
                     r"htx-simulator|python3|node|jq|sqlite3|promtool|kill|for|git|apt)\b|^(scripts|bench|examples|build)/")

CURL = """#!/bin/bash
# curl as the check wants it: errors are errors, and a stream ends after a while.
options=(--max-time 20)
streams=false
fails=false
for argument in "$@"; do
  case "$argument" in --no-buffer) streams=true ;; --fail*) fails=true ;; --*) ;; -*N*) streams=true ;; esac
  case "$argument" in --*) ;; -*f*) fails=true ;; esac
done
if $streams; then options=(--max-time 6); fi
if ! $fails && [ -z "${DOCS_EXPECT_ERROR:-}" ]; then options+=(--fail-with-body); fi
/usr/bin/curl "${options[@]}" "$@"
status=$?
if $streams && { [ $status -eq 28 ] || [ $status -eq 23 ]; }; then exit 0; fi
exit $status
"""


class Command:
    def __init__(self, document, line, text, shown, why, sql=False):
        self.where, self.text, self.shown, self.why, self.sql = f"{document}:{line}", text, shown, why, sql

    @property
    def background(self):
        return re.match(r"make demo\b", self.text) is not None


def read_blocks(path):
    """(first line, language, lines, reason or None) of each fenced block."""
    lines = path.read_text().splitlines()
    blocks, fence, ticks, reason = [], None, "", None
    for number, line in enumerate(lines, 1):
        marked = re.match(r"\s*<!-- not run: (.+?) -->", line)
        if fence is None and marked:
            reason = marked[1]
        elif fence is None and (opened := re.match(r"\s*(```+)\s*(\S*)", line)):
            fence, ticks = (number + 1, opened[2], []), opened[1]
        elif fence is not None and re.match(rf"\s*{ticks}`*\s*$", line):
            blocks.append((*fence, reason))
            fence, reason = None, None
        elif fence is not None:
            fence[2].append(line)
        elif line.strip():
            reason = None
    return blocks


def read_commands(path):
    name = path.relative_to(ROOT).as_posix()
    commands = []
    for first, language, lines, reason in read_blocks(path):
        if language == "sql":
            commands.append(Command(name, first, "\n".join(lines), "", reason, sql=True))
            continue
        prompts = any(line.startswith("$ ") for line in lines)
        if not prompts and language not in SHELLS and not (language == "" and any(COMMAND.match(line) for line in lines)):
            continue
        index = 0
        while index < len(lines):
            line, start = lines[index], index
            index += 1
            if prompts and not line.startswith("$ "):
                continue
            text = line[2:] if prompts else line
            if not text.strip() or text.lstrip().startswith("#") or (language == "" and not prompts and not COMMAND.match(text)):
                continue
            # A command goes on after a backslash, within quotes, until a here-document ends.
            while index < len(lines) and (text.endswith("\\") or not complete(text)):
                text += "\n" + lines[index]
                index += 1
            shown = []
            if prompts:
                while index < len(lines) and not lines[index].startswith("$ "):
                    shown.append(lines[index])
                    index += 1
            own = re.search(r"#.*\bnot run\b:? *(.*)", text)
            why = reason or (own[1].strip() or own[0] if own else None)
            why = why or next((because for pattern, because in NOT_RUN if re.match(pattern, text)), None)
            commands.append(Command(name, first + start, text, "\n".join(shown), why))
    return commands


def complete(text):
    here = re.search(r"<<-?\s*'?\"?(\w+)", text)
    if here:
        return re.search(rf"\n\s*{here[1]}$", text) is not None
    return subprocess.run(["bash", "-nc", text], capture_output=True).returncode == 0


def anchors(path):
    found, fenced = set(), False
    for line in path.read_text().splitlines():
        if line.startswith("```"):
            fenced = not fenced
        heading = None if fenced else re.match(r"#+ (.+)", line)
        if heading:
            text = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", heading[1]).strip().lower()
            found.add(re.sub(r"[^\w\- ]", "", text).replace(" ", "-"))
    return found


def dead_links(path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        where = (path.parent / file).resolve() if file else path
        if not where.exists():
            yield f"{path.relative_to(ROOT)}: ({target}) leads nowhere"
        elif anchor and where.suffix == ".md" and anchor not in anchors(where):
            yield f"{path.relative_to(ROOT)}: ({target}): no such heading"


def unknown_targets(path):
    known = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    for target in re.findall(r"`make ([a-z][\w-]*)", path.read_text()):
        if target not in known:
            yield f"{path.relative_to(ROOT)}: `make {target}` is no target"


def missing_members(shown, real, at="$"):
    """Members that the shown answer has and the real one has not."""
    if isinstance(shown, dict) and isinstance(real, dict):
        for key, value in shown.items():
            if "/" in key:  # a contract's name: another market has other ones
                continue
            if key not in real:
                yield f"{at}.{key}"
            else:
                yield from missing_members(value, real[key], f"{at}.{key}")
    elif isinstance(shown, list) and isinstance(real, list):
        if shown and real:
            yield from missing_members(shown[0], real[0], at + "[0]")
    elif isinstance(shown, (dict, list)) and real is not None or isinstance(real, (dict, list)) and shown is not None:
        yield f"{at} is {type(real).__name__}, shown as {type(shown).__name__}"


def json_in(text):
    """The JSON documents in a text: the whole of it, or line by line; None when it is no JSON."""
    body = text.split("\n\n", 1)[1] if text.startswith("HTTP/") and "\n\n" in text else text
    try:
        return [json.loads(body)]
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in body.splitlines() if line.strip()] or None
    except ValueError:
        return None


class Runner:
    def __init__(self, bin_dir, preset):
        self.bin, self.preset = bin_dir, preset
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="check-docs-"))
        for entry in ROOT.iterdir():
            if entry.name not in ("data", ".env", ".git", "node_modules"):
                (self.folder / entry.name).symlink_to(entry)
        (self.folder / ".tools").mkdir()
        curl = self.folder / ".tools/curl"
        curl.write_text(CURL)
        curl.chmod(0o755)
        # The input that docs/metrics.md shows after the command that reads it.
        example = re.search(r"```json\n(\{\"cycle\".*?)```", (ROOT / "docs/metrics.md").read_text(), re.S)
        if example:
            (self.folder / "cycles.jsonl").write_text(json.dumps(json.loads(example[1])) + "\n")
        self.port, self.simulator_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # What an embedded scanner leaves in its working directory.
        subprocess.run([bin_dir / "market-scanner", "migrate", "--env-file", "/dev/null", "--data-dir", self.folder / "data"], check=True,
                       capture_output=True)
        self.demo, self.postgres, self.redis, self.recorder, self.extra, self.assigned = None, None, None, None, {}, {}

    def start_demo(self):
        if self.demo:
            return
        command = ["make", "-C", ROOT, "--no-print-directory", "demo", f"PRESET={self.preset}"] if self.preset else ["scripts/demo.sh", self.bin]
        self.demo = Program(command, {"SCANNER_HTTP_PORT": str(self.port), "SIMULATOR_PORT": str(self.simulator_port),
                                      "SCANNER_ALERT_WEBHOOK_ALLOW_PRIVATE": "true"}, ROOT)
        # It may have to build what has changed since.
        wait_until(lambda: "/panel" in self.demo.output() or self.demo.process.poll() is not None, self.demo.output, 600)
        if self.demo.process.poll() is not None:
            raise AssertionError("make demo ended:\n" + self.demo.output())

    def start_stores(self):
        """For commands that speak to Postgres or Redis themselves."""
        if self.postgres:
            return
        data, port, redis_port = self.folder / ".postgres", free_port(), free_port()
        bins = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[-1]
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        data.mkdir()
        if as_postgres:
            self.folder.chmod(0o755)
            shutil.chown(data, "postgres")
        subprocess.run([*as_postgres, bins / "initdb", "-D", data, "-U", "scanner", "--auth=trust"], check=True, capture_output=True)
        self.postgres = Program([*as_postgres, bins / "postgres", "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", f"port={port}",
                                 "-c", "unix_socket_directories="], cwd="/")
        url = f"postgresql://scanner@127.0.0.1:{port}/"
        wait_until(lambda: subprocess.run(["psql", url + "postgres", "-c", ""], capture_output=True).returncode == 0, self.postgres.output)
        subprocess.run(["psql", url + "postgres", "-c", "CREATE DATABASE scanner"], check=True, capture_output=True)
        self.redis = Program(["redis-server", "--bind", "127.0.0.1", "--port", str(redis_port), "--save", "", "--appendonly", "no"])
        self.extra = {"SCANNER_POSTGRES_URL": url + "scanner", "SCANNER_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0"}
        subprocess.run([self.bin / "market-scanner", "migrate", "--env-file", "/dev/null"], check=True, capture_output=True,
                       cwd=self.folder, env={**os.environ, **self.extra})

    def ask(self, query):
        """None, or what is wrong with a query of the history in Postgres."""
        self.start_stores()
        if not self.recorder:
            port = free_port()
            self.recorder = Program([self.bin / "market-scanner", "serve", "--env-file", "/dev/null"],
                                    {**self.extra, "SCANNER_HTTP_PORT": str(port), "SCANNER_SCAN_INTERVAL_SEC": "5",
                                     "SCANNER_EXCHANGE_URL": f"http://127.0.0.1:{self.simulator_port}",
                                     "SCANNER_DATA_DIR": str(self.folder / "recorder")}, self.folder)
            history = f"http://127.0.0.1:{port}/history/rankings?symbol=btc&limit=1"
            wait_until(lambda: '"rank":' in request(history)[1], self.recorder.output)
        asked = subprocess.run(["psql", self.extra["SCANNER_POSTGRES_URL"], "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", query],
                               capture_output=True, text=True)
        if asked.returncode != 0:
            return f"ends with {asked.returncode}\n{asked.stderr[-1500:]}"
        return None if asked.stdout.strip() else "finds no row"

    def rewritten(self, text):
        text = re.sub(r"(127\.0\.0\.1|localhost):8010", rf"127.0.0.1:{self.port}", text)
        text = re.sub(r"(127\.0\.0\.1|localhost):9010", rf"127.0.0.1:{self.simulator_port}", text)
        text = re.sub(r"(?<![\w/])build/release/bin/", f"{self.bin}/", text)
        if re.search(r"\bseq=\d|as_of=|If-None-Match", text):
            status, body = request(self.url + "/rankings")
            assert status == 200, body
            newest = json.loads(body)
            text = re.sub(r"\bseq=\d+", f"seq={newest['seq']}", text)
            text = re.sub(r"(as_of=)[\d:T.Z+-]+", rf"\g<1>{newest['ts']}", text)
        if "If-None-Match" in text and (url := re.search(r"http://[^'\"\s]+", text)):
            head = subprocess.run(["/usr/bin/curl", "-sI", url[0]], capture_output=True, text=True).stdout
            etag = re.search(r"(?i)^etag: (\S+)", head, re.M)
            if etag:
                text = re.sub(r'(If-None-Match: )"[^"]+"', rf"\g<1>{etag[1]}", text)
        return text

    def run(self, command):
        """None, or what is wrong."""
        self.start_demo()
        if command.background:
            return None
        if command.sql:
            return self.ask(command.text)
        # NAME=$(…) lines hold for the commands after them on the same page.
        page = command.where.split(":")[0]
        before = "\n".join(self.assigned.get(page, []))
        if re.match(r"\w+=\S", command.text) and not re.match(r"\w+=\S+ +[\w./]", command.text):
            self.assigned.setdefault(page, []).append(command.text)
        if re.search(r"SCANNER_(POSTGRES|REDIS)_URL", command.text):
            self.start_stores()
        shown_error = (re.search(r'"status": ?[45]\d\d|^HTTP/1\.1 [45]', command.shown, re.M)
                       or re.search(r"# [45]\d\d\b|\.errors\[", command.text))
        env = {name: value for name, value in os.environ.items() if not name.startswith("SCANNER_")}
        env |= {"PATH": f"{self.folder / '.tools'}:{self.bin}:{env['PATH']}", **self.extra}
        # Node 20 and 21 have WebSocket behind a flag.
        if re.match(r"v2[01]\.", subprocess.run(["node", "--version"], capture_output=True, text=True).stdout):
            env["NODE_OPTIONS"] = "--experimental-websocket"
        if shown_error:
            env["DOCS_EXPECT_ERROR"] = "1"
        # In a session of its own, so that what a command leaves behind can be ended with it.
        with subprocess.Popen(["bash", "-o", "pipefail", "-c", self.rewritten(f"{before}\n{command.text}")], cwd=self.folder, env=env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                              errors="replace") as child:
            try:
                output, errors = child.communicate(timeout=90)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                return "does not end within 90 s"
        if child.returncode != 0:
            return f"ends with {child.returncode}\n{output[-1500:]}{errors[-1500:]}"
        if re.match(r"curl\b.* -\w*N\b", command.text) and "data:" not in output:
            return f"no frame came: {output[:300]}{errors[-300:]}"
        return self.compare(command.shown, output.replace("\r", ""))

    @staticmethod
    def compare(shown, output):
        status = re.match(r"HTTP/1\.1 (\d+)", shown)
        if status and not output.startswith(f"HTTP/1.1 {status[1]}"):
            return f"answers {output.splitlines()[:1]}, shown is {status[0]}"
        expected = json_in(shown) if shown.strip() else None
        real = json_in(output) if expected else None
        if expected and real is None:
            return f"shown is JSON, the answer is not: {output[:300]}"
        if expected:
            missing = list(missing_members(expected[0], real[0]))
            if missing:
                return f"the answer lacks what is shown: {', '.join(missing)}\n{output[:600]}"
        return None

    def stop(self):
        if self.demo:
            code = self.demo.stop(signal.SIGINT)
            if code not in (0, 2, -2):  # make itself ends with 2 at Ctrl-C
                print(f"note: make demo ended with {code}", file=sys.stderr)
        for program in (self.recorder, self.postgres, self.redis):
            if program:
                program.stop(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin_dir", type=pathlib.Path)
    parser.add_argument("--preset", help="start the demo by make demo PRESET=…, as the README does")
    parser.add_argument("--list", action="store_true", help="print the commands and run nothing")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_intermixed_args()
    paths = [path.resolve() for path in options.files] or [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "examples/README.md"]
    problems = [problem for path in paths for problem in (*dead_links(path), *unknown_targets(path))]
    commands = [command for path in paths for command in read_commands(path)]
    if options.list:
        for command in commands:
            print(f"{command.where}: {'NOT RUN (' + command.why + ')' if command.why else 'run'}: {command.text}")
        return 0
    started, ran = time.monotonic(), 0
    runner = Runner(options.bin_dir.resolve(), options.preset)
    try:
        for command in commands:
            if command.why:
                continue
            ran += 1
            problem = runner.run(command)
            if problem:
                problems.append(f"{command.where}: {command.text}\n    {problem}")
    finally:
        runner.stop()
    for problem in problems:
        print(problem, file=sys.stderr)
    whys = sorted({command.why for command in commands if command.why})
    print(f"check-docs: {ran} commands run, {len(commands) - ran} not, in {time.monotonic() - started:.0f} s; "
          f"{len(paths)} pages, {len(problems)} problems. Not run because:")
    for why in whys:
        print(f"  {sum(command.why == why for command in commands):>3} {why}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
