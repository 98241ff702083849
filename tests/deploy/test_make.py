#!/usr/bin/env python3
"""The front door: what the targets of the Makefile build, and that something is seen of it meanwhile.

    python3 tests/deploy/test_make.py [unittest arguments]"""
import pathlib
import subprocess
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = "scripts/build.sh release market-scanner htx-simulator"
EVERYTHING = "scripts/build.sh release"


def steps(target):
    """The commands that make would run."""
    result = subprocess.run(["make", "-n", "--no-print-directory", "PRESET=release", target], cwd=ROOT, check=True, capture_output=True, text=True)
    return result.stdout.splitlines()


class Targets(unittest.TestCase):
    def test_what_only_runs_the_programs_builds_no_tests(self):
        for target in ("demo", "run", "seed", "install", "deb", "programs", "docs", "api-examples", "chaos", "failover", "soak"):
            commands = steps(target)
            self.assertIn(PROGRAMS, commands, target)
            self.assertNotIn(EVERYTHING, commands, target)

    def test_the_tests_are_built_with_everything(self):
        for target in ("test", "unit", "build"):
            self.assertIn(EVERYTHING, steps(target), target)

    def test_the_console_is_built_where_it_is_served(self):
        for target in ("demo", "run", "install", "deb", "test"):
            self.assertIn("scripts/build-panel.sh", steps(target), target)


class Progress(unittest.TestCase):
    def run_through(self, script, pattern=".", seconds="1"):
        return subprocess.run(["bash", "-c", f"set -o pipefail; ({script}) | PROGRESS_SECONDS={seconds} scripts/progress build '{pattern}'"],
                              cwd=ROOT, capture_output=True, text=True, timeout=60)

    def test_many_reports_are_a_few_lines_and_the_last_is_among_them(self):
        result = self.run_through(r'for i in {1..400}; do echo "[$i/400] a.o"; done', r"^\[[0-9]+/")
        lines = result.stdout.splitlines()
        self.assertLessEqual(len(lines), 3, lines)
        self.assertIn("[400/400]", lines[-1])

    def test_what_is_no_report_is_shown_at_once_and_whole(self):
        result = self.run_through(r'echo "[1/2] a.o"; echo "a.cpp:1: error: x"; echo; echo "FAILED: a.o"; exit 3', r"^\[[0-9]+/")
        self.assertEqual(result.returncode, 3, "the command's own status")
        for line in ("a.cpp:1: error: x\n", "\n\n", "FAILED: a.o\n"):
            self.assertIn(line, result.stdout)

    def test_a_long_step_is_not_silence(self):
        began = time.monotonic()
        child = subprocess.Popen(["bash", "-c", r"(echo '[1/2] slow.o'; sleep 6; echo '[2/2] end') | PROGRESS_SECONDS=1 scripts/progress build '^\['"],
                                 cwd=ROOT, stdout=subprocess.PIPE, text=True)
        heard = [child.stdout.readline() for _ in range(3)]
        self.assertLess(time.monotonic() - began, 6, heard)
        self.assertIn("still [1/2] slow.o", heard[1])
        child.communicate()


if __name__ == "__main__":
    unittest.main(verbosity=1)
