"""What must hold over a whole run with more than one machine, written against the promises of docs/scaling.md.

Pure: histories in, sentences about what was broken out. It knows nothing of how the scanner keeps its promises, and
test_invariants.py shows for every one of them a history that breaks it.
"""

import collections
import dataclasses
import itertools


@dataclasses.dataclass(frozen=True)
class Published:
    """An entry of the ranking stream, in the order in which Redis tells them. `server`: which life of Redis."""

    at: float
    server: int
    epoch: int
    seq: int
    recorded: bool
    content: str


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a process said. `process` names one life of it; times are of the harness's steady clock; `content` is None
    where there was no ranking in it, `age_ms` where the answer told no age."""

    process: str
    asked: float
    answered: float
    target: str
    status: int
    epoch: int | None = None
    seq: int | None = None
    content: str | None = None
    age_ms: float | None = None


@dataclasses.dataclass(frozen=True)
class Claim:
    """A process that says of itself that it is the elected one of an epoch."""

    at: float
    process: str
    epoch: int


@dataclasses.dataclass(frozen=True)
class Recorded:
    """A cycle of the database, and how many rows have its number."""

    seq: int
    count: int
    epoch: int | None = None


@dataclasses.dataclass(frozen=True)
class Fired:
    """An alert of the archive."""

    id: str
    rule: str
    symbol: str
    seq: int


@dataclasses.dataclass(frozen=True)
class Excuse:
    """A time in which the table of faults allows a process (or all: None) some statuses."""

    since: float
    until: float
    process: str | None
    statuses: frozenset


def stream_goes_forward(stream):
    """Epoch and number only grow, over restarts of Redis too; an older epoch never comes again."""
    broken = []
    for before, entry in itertools.pairwise(stream):
        if entry.epoch < before.epoch:
            broken.append(f"an entry of epoch {entry.epoch} (seq {entry.seq}) after epoch {before.epoch}")
        if entry.seq <= before.seq:
            broken.append(f"seq {entry.seq} of epoch {entry.epoch} after seq {before.seq} of epoch {before.epoch}")
    return broken


def one_ranking_each(stream, answers):
    """Never two rankings of one epoch and number: not in the stream, not in answers to the same question, nor one number
    in two epochs."""
    broken, contents, epochs = [], {}, {}
    seen = [("the stream", e.epoch, e.seq, e.content) for e in stream]
    seen += [(a.target, a.epoch, a.seq, a.content) for a in answers if a.content is not None]
    for where, epoch, seq, content in seen:
        if contents.setdefault((where, epoch, seq), content) != content:
            broken.append(f"two rankings of epoch {epoch}, seq {seq} in {where}")
        if epoch is not None and epochs.setdefault(seq, epoch) != epoch:
            broken.append(f"seq {seq} is of epoch {epochs[seq]} and of epoch {epoch} ({where})")
    return broken


def one_leader_each(claims):
    """An epoch belongs to one life of one process."""
    broken, leaders = [], {}
    for claim in claims:
        if leaders.setdefault(claim.epoch, claim.process) != claim.process:
            broken.append(f"epoch {claim.epoch} is claimed by {leaders[claim.epoch]} and by {claim.process}")
    return sorted(set(broken))


def answers_go_forward(answers):
    """No process answers with an older ranking than it had given before the question was asked."""
    broken = []
    newest = collections.defaultdict(list)  # process: (answered, epoch, seq), each better than those before
    for answer in sorted((a for a in answers if a.seq is not None), key=lambda a: a.answered):
        known = newest[answer.process]
        place = (answer.epoch or 0, answer.seq)
        before = next((k for k in reversed(known) if k[0] < answer.asked), None)
        if before and place < before[1]:
            broken.append(f"{answer.process}, {answer.target}: epoch and seq {place} after {before[1]}")
        if not known or place > known[-1][1]:
            known.append((answer.answered, place))
    return broken


def answers_tell_their_age(stream, answers, slack_sec):
    """What is served is at least as old as it has been known: nothing old passes for new."""
    broken, known = [], {}
    for entry in stream:
        known.setdefault(entry.seq, entry.at)
    for answer in answers:
        if answer.status != 200 or answer.seq not in known or answer.age_ms is None:
            continue
        least = (answer.asked - known[answer.seq] - slack_sec) * 1000
        if answer.age_ms < least:
            broken.append(f"{answer.process}, {answer.target}: seq {answer.seq} is called {answer.age_ms:.0f} ms old, "
                          f"and was published {least:.0f} ms or more before")
    return broken


def nothing_past_its_time(stream, answers, limit_sec):
    """What was published longer ago than the time to live is not an answer of 200."""
    known = {}
    for entry in stream:
        known.setdefault(entry.seq, entry.at)
    return [f"{a.process}, {a.target}: seq {a.seq} served {a.asked - known[a.seq]:.1f} s after it was published" for a in answers
            if a.status == 200 and a.seq in known and a.asked - known[a.seq] > limit_sec]


def errors_are_excused(answers, excuses):
    """No 5xx but where and when the table of faults allows it."""
    broken = []
    for answer in answers:
        if answer.status < 500:
            continue
        # A fault that begins while the question waits is its excuse too.
        if not any(e.since <= answer.answered and answer.asked <= e.until and answer.status in e.statuses
                   and (e.process is None or answer.process.split("#")[0] == e.process) for e in excuses):
            broken.append(f"{answer.process}, {answer.target}: {answer.status} at {answer.answered - answers[0].asked:.1f} s")
    return broken


def recorded_once(stream, history, unseen=()):
    """Every published cycle that is called recorded is in the database exactly once, and none that was not published.
    `unseen`: ranges (after, before) of numbers that the reader could not see, because Redis lost them."""
    broken = []
    rows = {}
    for row in history:
        if row.count != 1 or row.seq in rows:
            broken.append(f"cycle {row.seq} is {row.count + (rows[row.seq].count if row.seq in rows else 0)} times in the database")
        rows[row.seq] = row
    published = {entry.seq: entry for entry in stream}
    for entry in published.values():
        if entry.recorded and entry.seq not in rows:
            broken.append(f"cycle {entry.seq} of epoch {entry.epoch} was published and is not in the database")
        row = rows.get(entry.seq)
        if row is not None and row.epoch is not None and row.epoch != entry.epoch:
            broken.append(f"cycle {entry.seq} of epoch {entry.epoch} is in the database under epoch {row.epoch}")
    if published:
        first = min(published)
        for seq in sorted(rows):
            if seq < first or seq in published or any(after < seq < before for after, before in unseen):
                continue
            broken.append(f"cycle {seq} is in the database and was never published")
    return broken


def never_published(stream, history, unseen=()):
    """Cycles of the database that come after the last entry of an epoch that ended: made in its name, and not published.
    `recorded_once` refuses them; this counts them."""
    published = {entry.seq for entry in stream}
    ends = sorted({entry.epoch: entry.seq for entry in stream}.values())[:-1]
    numbers = sorted(published | {row.seq for row in history})
    found = set()
    for end in ends:
        for seq in numbers[numbers.index(end) + 1:]:
            if seq in published:
                break
            if not any(after < seq < before for after, before in unseen):
                found.add(seq)
    return found


def fired_once_per_edge(rule, conditions, fired, uncertain=frozenset()):
    """Each edge of a rule's condition has one alert, by what docs/alerts.md says of a rule without `for` and without
    cooldown: it fires where the condition becomes true, and is armed again by two cycles without it in a row.

    `conditions`: {seq: {symbol: whether the condition held}} of every cycle that is in the database. `uncertain`: cycles
    that an elected one published just before it ended, so that it may not have come to the rules any more: they count
    either way. All states that fit are carried along, from all at the beginning; where none is left, something was
    told twice, or not at all.
    """
    broken = []
    alerts = collections.Counter((alert.symbol, alert.seq) for alert in fired if alert.rule == rule)
    for (symbol, seq), count in alerts.items():
        if count > 1:
            broken.append(f"{rule}: {symbol} fired {count} times in cycle {seq}")
        if symbol not in conditions.get(seq, {}):
            broken.append(f"{rule}: {symbol} fired in cycle {seq}, which is not in the database with it")
    everything = {(armed, held_off) for armed in (True, False) for held_off in (0, 1)}
    states = collections.defaultdict(lambda: set(everything))
    for seq in sorted(conditions):
        for symbol, holds in conditions[seq].items():
            fires = (symbol, seq) in alerts
            after = set()
            for state in states[symbol]:
                expected, following = evaluated(state, holds)
                if expected == fires:
                    after.add(following)
                if seq in uncertain and not fires:
                    after.add(state)
            if not after:
                broken.append(f"{rule}: {symbol} fired twice on one edge, in cycle {seq}" if fires
                              else f"{rule}: {symbol} did not fire in cycle {seq}")
                after = {evaluated((True, 0), holds)[1]}
            states[symbol] = after
    return broken


def evaluated(state, holds):
    """((whether it fires), the state after): of a state (armed, cycles without the condition: 0 or 1)."""
    armed, without = state
    if holds:
        return armed, (False, 0)
    if armed or without == 1:
        return False, (True, 0)
    return False, (False, 1)


def delivered_once_by_id(fired, received):
    """The receiver's ids are those of the archive, each of them; the same id may come again."""
    broken = []
    ids = collections.Counter(alert.id for alert in fired)
    broken += [f"alert {name} is {count} times in the archive" for name, count in ids.items() if count > 1]
    broken += [f"alert {name} was never delivered" for name in sorted(set(ids) - set(received))]
    broken += [f"alert {name} was delivered and is not in the archive" for name in sorted(set(received) - set(ids))]
    return broken


def follower_misses_nothing(name, numbers, stream, since, until):
    """A client that follows events, over as many connections as it took, gets every published number once, in order.
    `numbers`: as they came; `since`, `until`: numbers between which it followed."""
    broken = [f"{name}: seq {after} after {before}" for before, after in itertools.pairwise(numbers) if after <= before]
    got = set(numbers)
    missing = [e.seq for e in stream if since <= e.seq <= until and e.seq not in got]
    if missing:
        broken.append(f"{name}: {len(missing)} of the published numbers never came: {missing[:10]}")
    return broken


def successor_in_time(stream, struck, limit_sec):
    """(seconds until a ranking of a later epoch than `epoch`, sentences) after each fault of `struck`: (at, epoch)."""
    took, broken = [], []
    for at, epoch in struck:
        after = next((entry.at for entry in stream if entry.epoch > epoch), None)
        if after is None:
            broken.append(f"epoch {epoch} never had a successor")
            continue
        took.append(after - at)
        if after - at > limit_sec:
            broken.append(f"the successor of epoch {epoch} came after {after - at:.1f} s, more than {limit_sec:.1f} s")
    return took, broken
