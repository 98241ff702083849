#!/usr/bin/python3
"""Report card of the detectors on the simulator's planted scenarios, as Markdown, from what detector-study wrote.

    bench/detector/report.py --feed FEED.bin… [--poll POLL.bin…] [--fit]

Beside each FILE.bin lies FILE.txt, what the study printed.
An episode is judged by the highest figure from its start until a minute after its end; background by stretches of the
same length and contract in which nothing is played. Needs python3-numpy."""
import argparse
import math
import pathlib
import re

import numpy as np

HEAD = ["seed", "contract", "second", "episode", "label", "manipulation"]
NUMBERS = ["turnover", "intensity", "score", "probability", "volume_z", "kamps_kleinberg", "seed_model",
           "basis", "trades", "inside", "mirrored", "pulled"]
TWINS = {"layering": ["maker_requote", "iceberg"], "wall": ["wall_trades"], "vacuum": ["quiet_hour"], "wick": ["index_crash"],
         "pump": ["news", "squeeze"], "wash": ["child_orders", "busy_hour"], "ignition": ["momentum"],
         "oi_paint": ["liquidation_cascade"], "funding_push": ["arbitrage_convergence"]}
FLAG_KINDS = {"pump_ignition": ["pump"], "dump_ignition": [], "scam_wick": ["wick"], "momentum_ignition": ["ignition", "pump"],
              "market_stress": [], "liquidity_vacuum": ["vacuum"], "spoofing_depth_imbalance": ["layering"],
              "liquidity_wall": ["wall"], "spoofing_reversal": ["layering"], "wash_trade_volume": ["wash"],
              "oi_implausible": ["oi_paint"], "funding_window_push": ["funding_push"]}
STEP = 5          # seconds between rows
AFTER = 60        # evidence lasts a minute
REST = 900        # after an episode nothing counts as background: a pump's price comes back for a quarter of an hour
WARM_UP = 1500    # yardsticks need it
COOLDOWN = 1800


def read(files, names):
    labels, flags = [], []
    parts = []
    for file, name in zip(files, names):
        with open(name) as text:
            words = [line.split() for line in text]
        mine = words[0][1:]
        flags = words[1][1:]
        kind = np.dtype([(n, "<u4") for n in HEAD] + [(n, "<f4") for n in NUMBERS] + [(f, "<f4") for f in flags])
        rows = np.fromfile(file, dtype=kind)
        for label in mine:
            if label not in labels:
                labels.append(label)
        where = np.array([labels.index(label) for label in mine] + [0])
        rows["label"] = where[np.minimum(rows["label"], len(mine))]
        parts.append(rows)
    return np.concatenate(parts), labels, flags


def auc(positive, negative):
    if len(positive) == 0 or len(negative) == 0:
        return math.nan
    both = np.concatenate([positive, negative])
    order = both.argsort(kind="stable")
    rank = np.empty(len(both))
    rank[order] = np.arange(1, len(both) + 1)
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    rank = (np.bincount(inverse, rank) / counts)[inverse]
    return (rank[:len(positive)].sum() - len(positive) * (len(positive) + 1) / 2) / (len(positive) * len(negative))


class Study:
    def __init__(self, files, names):
        rows, self.labels, self.flags = read(files, names)
        key = rows["seed"].astype(np.int64) * 1000 + rows["contract"]
        order = np.lexsort((rows["second"], key))
        self.rows, key = rows[order], key[order]
        self.series = np.split(np.arange(len(key)), np.flatnonzero(np.diff(key)) + 1)
        self.episodes = []  # (label, manipulation, series, first, last, intensity, turnover)
        self.calm = np.zeros(len(key), dtype=bool)
        for number, place in enumerate(self.series):
            part = self.rows[place]
            played = part["episode"] > 0
            busy = np.zeros(len(part), dtype=bool)
            for episode in np.unique(part["episode"][played]):
                at = np.flatnonzero(part["episode"] == episode)
                busy[max(0, at[0] - 2):at[-1] + REST // STEP] = True
                if part["second"][at[0]] < WARM_UP:
                    continue
                self.episodes.append((self.labels[part["label"][at[0]]], bool(part["manipulation"][at[0]]), number,
                                      at[0], at[-1], float(part["intensity"][at[0]]), float(part["turnover"][at[0]])))
            self.calm[place] = ~busy & (part["second"] >= WARM_UP)

    def column(self, name):
        values = self.rows[name].astype(float)
        return np.where(np.isnan(values), -1e9, values)

    def highest(self, values, episode):
        place = self.series[episode[2]]
        last = min(episode[4] + AFTER // STEP, len(place) - 1)
        return values[place[episode[3]:last + 1]].max()

    def looks(self, values, episodes):
        """All values while one of these is played."""
        parts = [values[self.series[e[2]][e[3]:e[4] + 1]] for e in episodes]
        return np.concatenate(parts) if parts else np.empty(0)

    def background(self, values, lengths, count=4000):
        """Highest values of calm stretches as long as episodes are."""
        random = np.random.default_rng(7)
        out = []
        calm = [np.flatnonzero(self.calm[place]) for place in self.series]
        calm = [(place, c) for place, c in zip(self.series, calm) if len(c) > 10]
        if not calm:
            return np.empty(0)
        tries = 0
        while len(out) < count and tries < 20 * count:
            tries += 1
            place, c = calm[random.integers(len(calm))]
            first = c[random.integers(len(c))]
            last = first + int(lengths[random.integers(len(lengths))]) + AFTER // STEP
            if last >= len(place) or not self.calm[place[first:last + 1]].all():
                continue
            out.append(values[place[first:last + 1]].max())
        return np.array(out)

    def days(self):
        return self.calm.sum() * STEP / 86400

    def threshold(self, values, rate):
        """Lowest threshold with at most `rate` alerts a symbol-day on calm stretches, one in 30 min; and how many."""
        allowed = rate * self.days()
        peaks = []
        for place in self.series:
            calm = self.calm[place]
            v = np.where(calm, values[place], -1e9)
            block = COOLDOWN // STEP
            for first in range(0, len(v), block):
                if calm[first:first + block].any():
                    peaks.append(v[first:first + block].max())
        peaks = np.sort(np.array(peaks))[::-1]
        index = int(math.floor(allowed))
        level = peaks[index] if index < len(peaks) else -1e9
        return np.nextafter(level, np.inf), int((peaks > level).sum())


def wilson(hits, total):
    if total == 0:
        return (math.nan, math.nan)
    z = 1.96
    p = hits / total
    middle = (p + z * z / 2 / total) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / 4 / total / total) / (1 + z * z / total)
    return middle - half, middle + half


def poisson(count, days):
    """Exact 95 % interval of a rate, by bisection of the Poisson law."""
    def below(mean, k):  # P(X <= k)
        term, total = math.exp(-mean), 0.0
        for i in range(k + 1):
            total += term
            term *= mean / (i + 1)
        return total

    def solve(f, low, high):
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if f(middle) else (low, middle)
        return low
    top = count + 12 * math.sqrt(count + 1) + 12
    high = solve(lambda m: below(m, count) > 0.025, 0, top)
    low = 0.0 if count == 0 else solve(lambda m: 1 - below(m, count - 1) < 0.025, 0, top)
    return low / days, high / days


def f(value, digits=2):
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def report(study, title):
    kinds = [k for k in TWINS if any(e[0] == k for e in study.episodes)]
    planted = {k: [e for e in study.episodes if e[0] == k and e[1]] for k in kinds}
    twins = {k: [e for e in study.episodes if e[0] in TWINS[k] and not e[1]] for k in kinds}
    print(f"\n### {title}\n\n{study.days():.0f} calm symbol-days; "
          f"{sum(map(len, planted.values()))} planted episodes, {sum(map(len, twins.values()))} twins.\n")
    for name in ["score", "probability", "seed_model", "volume_z", "kamps_kleinberg"]:
        values = study.column(name)
        print(f"\n**{name}**\n")
        print("| kind | planted | twins | AUC background | AUC twins | a look: background | a look: twins | recall at 1/d | "
              "recall at 0.1/d | delay median, p90 |\n|---|---|---|---|---|---|---|---|---|---|")
        cuts = {rate: study.threshold(values, rate)[0] for rate in (1.0, 0.1)}
        for rate in cuts:
            count = study.threshold(values, rate)[1]
            low, high = poisson(count, study.days())
            print(f"At {rate:g} a day: threshold {cuts[rate]:.4g}, {count} false alerts in {study.days():.1f} symbol-days "
                  f"(95 %: {low:.3f} to {high:.3f} a day).", end=" " if rate == 1.0 else "\n\n")
        calm_looks = values[study.calm]
        every = ([], [], [])
        for kind in kinds + ["all"]:
            mine = planted[kind] if kind in planted else [e for k in kinds for e in planted[k]]
            others = twins[kind] if kind in twins else [e for k in kinds for e in twins[k]]
            if not mine:
                continue
            high = np.array([study.highest(values, e) for e in mine])
            low = np.array([study.highest(values, e) for e in others])
            calm = study.background(values, [e[4] - e[3] for e in mine], 2000)
            seen = study.looks(values, mine)
            row = [kind, str(len(mine)), str(len(others)), f(auc(high, calm), 3), f(auc(high, low), 3),
                   f(auc(seen, calm_looks), 3), f(auc(seen, study.looks(values, others)), 3)]
            for rate in (1.0, 0.1):
                row.append(f(float((high >= cuts[rate]).mean())))
            delays = []
            for e in mine:
                place = study.series[e[2]]
                over = np.flatnonzero(values[place[e[3]:min(e[4] + AFTER // STEP, len(place) - 1) + 1]] >= cuts[0.1])
                if len(over):
                    delays.append(over[0] * STEP)
            row.append(f"{np.median(delays):.0f}, {np.percentile(delays, 90):.0f} s" if delays else "–")
            print("| " + " | ".join(row) + " |")
    strata(study, planted, twins)
    if "feed" in title:  # an observer sees every trade and every change of the book
        ceilings(study, planted, twins)
    print("\n**flags**\n")
    print("| flag | of | AUC background | AUC twins | recall at 1/d | recall at 0.1/d | shipped: false alerts a day (95 %) | "
          "shipped: recall (95 %) | twins alerted | known |\n|---|---|---|---|---|---|---|---|---|---|")
    for flag in study.flags:
        values = study.column(flag)
        mine = [e for k in FLAG_KINDS[flag] if k in planted for e in planted[k]]
        others = [e for k in FLAG_KINDS[flag] if k in twins for e in twins[k]]
        known = float((values[study.calm] > -1).mean())
        if known < 0.01:
            print(f"| `{flag}` | {', '.join(FLAG_KINDS[flag]) or '–'} | unknown throughout | – | – | – | – | – | – | {known:.2f} |")
            continue
        high = np.array([study.highest(values, e) for e in mine])
        low = np.array([study.highest(values, e) for e in others])
        cuts = {rate: study.threshold(values, rate)[0] for rate in (1.0, 0.1)}
        false = 0
        for place in study.series:
            v = np.where(study.calm[place], values[place], -1)
            false += sum(v[i:i + COOLDOWN // STEP].max() >= 50 for i in range(0, len(v), COOLDOWN // STEP))
        days = study.days() * max(known, 1e-9)
        interval = poisson(false, days)
        calm = study.background(values, [e[4] - e[3] for e in mine], 2000) if mine else np.empty(0)
        hits = int((high >= 50).sum())
        print(f"| `{flag}` | {', '.join(FLAG_KINDS[flag]) or '–'} | {f(auc(high, calm), 3)} | {f(auc(high, low), 3)} | "
              f"{f(float((high >= cuts[1.0]).mean())) if mine else '–'} | {f(float((high >= cuts[0.1]).mean())) if mine else '–'} | "
              f"{false / days:.3f} ({interval[0]:.3f} to {interval[1]:.3f}) | "
              f"{f(hits / len(mine)) if mine else '–'} ({f(wilson(hits, len(mine))[0])} to {f(wilson(hits, len(mine))[1])}) | "
              f"{f(float((low >= 50).mean())) if len(low) else '–'} | {known:.2f} |")
    if np.any(study.column("probability") > -1):
        brier(study, planted)


def strata(study, planted, twins):
    """Thirds of all planted episodes, by how strong they were for their kind and by what their contract trades a day."""
    values = study.column("score")
    cut = study.threshold(values, 0.1)[0]
    rows = []
    for kind, mine in planted.items():
        order = np.argsort(np.argsort([e[5] for e in mine]))
        others = np.array([study.highest(values, e) for e in twins[kind]])
        for e, place in zip(mine, order):
            high = study.highest(values, e)
            beats = float((high > others).mean() + 0.5 * (high == others).mean()) if len(others) else math.nan
            rows.append((3 * place // len(mine), e[6], high >= cut, beats))
    if not rows:
        return
    rows = np.array(rows, dtype=float)
    edges = np.quantile(rows[:, 1], [1 / 3, 2 / 3])
    tier = np.searchsorted(edges, rows[:, 1])
    print("\n**by intensity and liquidity**\n\n| planted episodes | number | recall at 0.1/d (95 %) | AUC own twins |\n|---|---|---|---|")
    names = [(rows[:, 0] == i, f"{name} third of its kind") for i, name in enumerate(("weakest", "middle", "strongest"))]
    names += [(tier == i, name) for i, name in enumerate((f"under {edges[0] / 1e6:.2g} million USDT a day",
                                                         "between", f"over {edges[1] / 1e6:.2g} million USDT a day"))]
    for here, name in names:
        hits, total = int(rows[here, 2].sum()), int(here.sum())
        low, high = wilson(hits, total)
        print(f"| {name} | {total} | {f(hits / max(total, 1))} ({f(low)} to {f(high)}) | {f(np.nanmean(rows[here, 3]), 3)} |")


def surplus(count, expected):
    """Signed root of the deviance of a Poisson law."""
    return 0.0 if count <= expected else math.sqrt(2 * (count * math.log(count / expected) - (count - expected)))


class Observers:
    """An observer who knows a scenario's law and when it would begin and end, but sees only public data."""
    def __init__(self, study):
        self.study = study
        self.column = {name: study.rows[name].astype(float) for name in ("basis", "trades", "inside", "mirrored", "pulled")}

    def usual(self, number, name):
        place = self.study.series[number]
        calm = place[self.study.calm[place]]
        return self.column[name][calm if len(calm) > 60 else place]

    def wall(self, number, first, last):
        place = self.study.series[number]
        return self.column["pulled"][place[first + 1:last + 3]].max(initial=0.0)

    def wash(self, number, first, last):
        place = self.study.series[number][first:last + 2]
        trades = self.column["trades"][place].sum()
        usual = max(self.usual(number, "trades").sum(), 1.0)
        out = 0.0
        for name, least in (("inside", 0.002), ("mirrored", 0.0005)):
            share = max(self.usual(number, name).sum() / usual, least)
            out += surplus(self.column[name][place].sum(), max(share * trades, 0.05))
        return out

    def funding_push(self, number, first, last):
        basis = self.column["basis"][self.study.series[number]]
        steps = last - first + 1
        before = np.nanmean(basis[max(first - 10, 0):first]) if first > 2 else math.nan
        hold = np.nanmean(basis[first + int(0.3 * steps):max(first + int(0.92 * steps), first + int(0.3 * steps) + 1)])
        after = np.nanmean(basis[last + 1:last + 8]) if last + 2 < len(basis) else math.nan
        usual = self.usual(number, "basis")
        noise = np.nanstd(usual[12:] - usual[:-12]) + 2e-5
        out, back = hold - before, hold - after
        return 0.0 if math.isnan(out + back) or out * back <= 0 else min(abs(out), abs(back)) / noise

    def calm_windows(self, kind, episodes, count=1500):
        random = np.random.default_rng(11)
        out = []
        for _ in range(20 * count):
            if len(out) >= count:
                break
            e = episodes[random.integers(len(episodes))]
            number = int(random.integers(len(self.study.series)))
            place = self.study.series[number]
            # A push is before a settlement: the same seconds, on another contract.
            first = e[3] if kind == "funding_push" else int(random.integers(WARM_UP // STEP, len(place)))
            last = first + e[4] - e[3]
            if last + 8 < len(place) and self.study.calm[place[first:last + 8]].all():
                out.append(getattr(self, kind)(number, first, last))
        return np.array(out)


def ceilings(study, planted, twins):
    observers = Observers(study)
    values = study.column("score")
    print("\n**ceilings**\n\n| kind | observer: background | observer: twins | manip_score: background | manip_score: twins |\n|---|---|---|---|---|")
    for kind in ("wall", "wash", "funding_push"):
        if not planted.get(kind):
            continue
        with np.errstate(all="ignore"):
            mine = np.array([getattr(observers, kind)(e[2], e[3], e[4]) for e in planted[kind]])
            others = np.array([getattr(observers, kind)(e[2], e[3], e[4]) for e in twins[kind]])
            calm = observers.calm_windows(kind, planted[kind])
        high = np.array([study.highest(values, e) for e in planted[kind]])
        low = np.array([study.highest(values, e) for e in twins[kind]])
        back = study.background(values, [e[4] - e[3] for e in planted[kind]], 2000)
        print(f"| {kind} | {f(auc(mine, calm), 3)} | {f(auc(mine, others), 3)} | {f(auc(high, back), 3)} | {f(auc(high, low), 3)} |")


def brier(study, planted):
    p = study.column("probability")
    truth = np.zeros(len(p))
    for kind in planted.values():
        for e in kind:
            place = study.series[e[2]]
            truth[place[e[3]:min(e[4] + AFTER // STEP, len(place) - 1) + 1]] = 1.0
    use = (p >= 0) & (study.rows["second"] >= WARM_UP)
    base = truth[use].mean()
    print(f"\nBrier {np.mean((p[use] - truth[use]) ** 2):.4f}, of the base rate {base * (1 - base):.4f}, "
          f"skill {1 - np.mean((p[use] - truth[use]) ** 2) / (base * (1 - base)):.3f}.\n")
    print("| predicted | looks | mean predicted | observed |\n|---|---|---|---|")
    edges = [0, 0.01, 0.05, 0.1, 0.3, 0.6, 0.9, 1.001]
    for low, high in zip(edges, edges[1:]):
        here = use & (p >= low) & (p < high)
        if here.any():
            print(f"| {low:g} to {min(high, 1):g} | {here.sum()} | {p[here].mean():.3f} | {truth[here].mean():.3f} |")


def calibrations():
    """Of each flag, the scores at 10, 1, 0.1 and 0.01 false alerts a day, as the detectors were built with."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "src/signals/detect/calibrations.hpp").read_text()
    found = {}
    for name, values in re.findall(r"Calibration k(\w+)\{([^}]*)\}", text):
        flag = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
        found[flag] = [float(value) for value in values.split(",")]
    return found


def fit(study):
    """Raw scores that calm contracts reach at some rates, and planted ones: what calibrations.hpp should hold."""
    for flag, (at_10, at_1, at_01, at_001) in calibrations().items():
        severity = study.rows[flag].astype(float)
        unknown = np.isnan(severity)
        with np.errstate(divide="ignore"):
            power = np.log10(0.1 * (100 / np.clip(severity, 1e-6, 99.99999) - 1) ** (1 / 0.6020599913279624))
        raw = np.where(power <= -1, at_01 - (power + 1) * (at_001 - at_01),
                       np.where(power <= 0, at_1 - power * (at_01 - at_1), at_1 - power * (at_1 - at_10)))
        raw = np.where(unknown, -1e9, raw)
        cuts = [study.threshold(raw, r)[0] for r in (10.0, 1.0, 0.1, 0.01)]
        mine = [e for e in study.episodes if e[0] in FLAG_KINDS[flag] and e[1]]
        positive = np.zeros(len(raw), dtype=bool)
        for e in mine:
            place = study.series[e[2]]
            positive[place[e[3]:min(e[4] + AFTER // STEP, len(place) - 1) + 1]] = True
        high = np.array([study.highest(raw, e) for e in mine])
        quantiles = np.percentile(high, [10, 25, 50, 75, 90]) if len(high) else []
        print(f"{flag}: at 10, 1, 0.1, 0.01 a day "
              + ", ".join(f"{cut:.2f}" for cut in cuts) + "; planted "
              + " ".join(f"{q:.2f}" for q in quantiles), end="")
        for label in sorted({e[0] for e in study.episodes if not e[1]}):
            lows = np.array([study.highest(raw, e) for e in study.episodes if e[0] == label and not e[1]])
            over = float((lows >= cuts[2]).mean())
            if over > 0.03:
                print(f"; {label} {over:.2f}", end="")
        print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feed", nargs="*", default=[])
    parser.add_argument("--poll", nargs="*", default=[])
    parser.add_argument("--fit", action="store_true", help="raw scores of the flags instead of the report")
    options = parser.parse_args()
    for files, title in ((options.feed, "Through the feed"), (options.poll, "Through polling")):
        if files:
            study = Study(files, [str(file).rsplit(".", 1)[0] + ".txt" for file in files])
            fit(study) if options.fit else report(study, title)


if __name__ == "__main__":
    main()
