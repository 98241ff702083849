#!/usr/bin/python3
"""Fits the model of `pump_ignition` on labelled tapes, and measures it out of fold.

    bench/detector/fit.py [--scanner build/release/bin/market-scanner] [--set ../shared/signals/dev] [--penalty 0.5]

The set holds events.csv (one pump a tape, with a fold by symbol), ignore.csv, coverage.jsonl and tapes/; grade.py lies
beside it. The features come from `market-scanner detect --features`, the code that runs in the daemon. A logistic
regression with a ridge penalty on standardised features is fitted on four folds and scores the fifth; the grader says
what that reaches. Which features there are was chosen by the log-loss out of fold on all five. Printed last are the
coefficients of a fit on all folds, as src/signals/detect/pump_ignition.cpp has them. Needs python3-numpy. Nothing of
the data goes into this repository."""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WARM_UP_MS = 6 * 3_600_000
POSITIVE_MS = 45_000
QUIET = 2.0  # below this activity only one bar in sixty is fitted on, with sixty times the weight
SHARE = 60
FLOOR = 1e-5


def read_bars(scanner, tapes):
    """Name of each feature, and of every bar with a trade: tape, end, features."""
    names, files, ends, rows = None, [], [], []
    with subprocess.Popen([scanner, "detect", "--features", *map(str, tapes)], stdout=subprocess.PIPE) as program:
        for line in program.stdout:
            bar = json.loads(line)
            names = names or list(bar["features"])
            files.append(bar["file"])
            ends.append(bar["ts_ms"])
            rows.append(np.fromiter(bar["features"].values(), dtype=np.float32))
    if program.returncode:
        sys.exit("market-scanner detect failed")
    return names, np.array(files), np.array(ends), np.array(rows, dtype=np.float64)


def label(folder, files, ends):
    """Of each bar: its fold, whether it is positive, and whether it may be fitted on."""
    with open(folder / "events.csv", newline="") as text:
        events = {row["file"]: row for row in csv.DictReader(text)}
    with open(folder / "coverage.jsonl") as text:
        starts = {row["file"]: row["start_ms"] for row in map(json.loads, text)}
    fold = np.empty(len(files), dtype=int)
    positive = np.zeros(len(files), dtype=bool)
    usable = np.ones(len(files), dtype=bool)
    for name, event in events.items():
        here = files == name
        fold[here] = int(event["fold"])
        since = ends - int(event["onset_ms"])
        positive |= here & (since > 0) & (since <= POSITIVE_MS)
        usable &= ~(here & (since > -900_000) & (since < 6 * 3_600_000))
        usable &= ~(here & (ends < starts[name] + WARM_UP_MS))
    usable |= positive
    with open(folder / "ignore.csv", newline="") as text:
        for zone in csv.DictReader(text):
            inside = (files == zone["file"]) & (ends > int(zone["from_ms"])) & (ends < int(zone["to_ms"]))
            usable &= ~inside
    return fold, positive & usable, usable


def logistic(features, positive, weights, penalty):
    """Newton's method; the intercept comes first and is not penalised."""
    design = np.c_[np.ones(len(features)), features]
    ridge = np.eye(design.shape[1]) * penalty
    ridge[0, 0] = 0.0
    found = np.zeros(design.shape[1])
    found[0] = -8.0
    for _ in range(100):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ found, -40, 40)))
        slope = design.T @ (weights * (chance - positive)) + ridge @ found
        curve = (design * (weights * np.maximum(chance * (1 - chance), 1e-12))[:, None]).T @ design + ridge
        step = np.linalg.solve(curve, slope)
        found -= step * min(1.0, 3.0 / np.abs(step).max())
        if np.abs(step).max() < 1e-7:
            return found
    sys.exit("the fit did not converge")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scanner", default=str(ROOT / "build/release/bin/market-scanner"))
    parser.add_argument("--set", type=pathlib.Path, default=ROOT.parent / "shared/signals/dev")
    parser.add_argument("--penalty", type=float, default=0.5)
    options = parser.parse_args()
    tapes = sorted((options.set / "tapes").glob("*.csv.gz"))
    if not tapes:
        sys.exit(f"{options.set}: no tapes; the set is not part of this repository")

    names, files, ends, features = read_bars(options.scanner, tapes)
    fold, positive, usable = label(options.set, files, ends)
    busy = (features[:, names.index("activity")] > QUIET) | positive
    fitted = usable & (busy | (np.arange(len(files)) % SHARE == 0))
    middle, spread = features[fitted].mean(0), features[fitted].std(0) + 1e-9
    scaled = (features - middle) / spread
    weights = np.where(busy, 1.0, float(SHARE))

    def fit(rows):
        return logistic(scaled[rows], positive[rows].astype(float), weights[rows], options.penalty)

    logit = np.empty(len(files))
    for left_out in np.unique(fold):
        found = fit(fitted & (fold != left_out))
        logit[fold == left_out] = found[0] + scaled[fold == left_out] @ found[1:]
    chance = 1.0 / (1.0 + np.exp(-logit))
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as alerts:
        for index in np.flatnonzero(chance > FLOOR):
            alerts.write(json.dumps({"file": str(files[index]), "ts_ms": int(ends[index]), "score": chance[index]}) + "\n")
        alerts.flush()
        print("Out of fold:", flush=True)
        subprocess.run([sys.executable, options.set.parent / "grade.py", "--set", options.set, alerts.name], check=True)

    found = fit(fitted)
    slopes = found[1:] / spread
    print(f"\nFitted on all folds, penalty {options.penalty:g}:\n  intercept {found[0] - (slopes * middle).sum():.6f}")
    for name, slope in zip(names, slopes):
        print(f"  {name:12} {slope:.5f}")


if __name__ == "__main__":
    main()
