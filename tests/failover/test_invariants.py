#!/usr/bin/env python3
"""The checker of a fail-over run can fail: for each promise a history that keeps it, and ones that break it.

    python3 tests/failover/test_invariants.py [unittest arguments]"""

import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import invariants as check  # noqa: E402
from invariants import Answer, Claim, Excuse, Fired, Published, Recorded  # noqa: E402


def entry(seq, epoch=1, at=None, recorded=True, content=None, server=1):
    return Published(seq if at is None else at, server, epoch, seq, recorded, content or f"ranking {seq}")


def answer(seq, process="replica", asked=0.0, epoch=1, status=200, content=None, age_ms=None, target="/rankings"):
    return Answer(process, asked, asked + 0.01, target, status, epoch, seq, content or f"ranking {seq}", age_ms)


class Broken(unittest.TestCase):
    def breaks(self, sentences, *words):
        self.assertTrue(sentences, "nothing was found")
        for word in words:
            self.assertTrue(any(word in sentence for sentence in sentences), sentences)

    def holds(self, sentences):
        self.assertEqual(sentences, [])


class Streams(Broken):
    def test_two_epochs_one_after_the_other(self):
        self.holds(check.stream_goes_forward([entry(1), entry(2), entry(5, 3), entry(6, 3, server=2)]))

    def test_an_epoch_that_comes_back(self):
        self.breaks(check.stream_goes_forward([entry(1), entry(2, 2), entry(3, 1)]), "epoch 1 (seq 3) after epoch 2")

    def test_a_number_that_is_used_again(self):
        self.breaks(check.stream_goes_forward([entry(1), entry(2), entry(2, 2)]), "seq 2 of epoch 2")

    def test_a_redis_that_begins_again_below(self):
        self.breaks(check.stream_goes_forward([entry(7, 4), entry(8, 1, server=2)]), "epoch 1")


class Rankings(Broken):
    def test_the_same_everywhere(self):
        self.holds(check.one_ranking_each([entry(1), entry(2, 2)], [answer(1), answer(1, "other"), answer(2, epoch=2)]))

    def test_two_of_one_number_in_the_stream(self):
        self.breaks(check.one_ranking_each([entry(1), entry(1, content="another")], []), "epoch 1, seq 1 in the stream")

    def test_two_processes_that_answer_differently(self):
        self.breaks(check.one_ranking_each([], [answer(4), answer(4, "other", content="another")]), "seq 4 in /rankings")

    def test_one_number_in_two_epochs(self):
        self.breaks(check.one_ranking_each([entry(4, 1)], [answer(4, epoch=2)]), "seq 4 is of epoch 1 and of epoch 2")

    def test_two_leaders(self):
        self.holds(check.one_leader_each([Claim(0, "a#1", 1), Claim(1, "a#1", 1), Claim(2, "b#1", 2)]))
        self.breaks(check.one_leader_each([Claim(0, "a#1", 1), Claim(1, "b#1", 1)]), "a#1 and by b#1")
        self.breaks(check.one_leader_each([Claim(0, "a#1", 1), Claim(1, "a#2", 1)]), "claimed")


class Answers(Broken):
    def test_forward(self):
        self.holds(check.answers_go_forward([answer(1), answer(2, asked=1), answer(1, "other", asked=2)]))

    def test_backward(self):
        self.breaks(check.answers_go_forward([answer(2), answer(1, asked=1)]), "(1, 1) after (1, 2)")
        self.breaks(check.answers_go_forward([answer(2, epoch=2), answer(3, epoch=1, asked=1)]), "after (2, 2)")

    def test_questions_side_by_side_may_cross(self):
        slow = Answer("replica", 0.0, 2.0, "/rankings", 200, 1, 1, "ranking 1")
        self.holds(check.answers_go_forward([answer(2, asked=1), slow]))

    def test_ages(self):
        stream = [entry(1, at=10.0)]
        self.holds(check.answers_tell_their_age(stream, [answer(1, asked=15.0, age_ms=5_100)], 1.0))
        self.breaks(check.answers_tell_their_age(stream, [answer(1, asked=15.0, age_ms=200)], 1.0), "called 200 ms old")
        self.holds(check.nothing_past_its_time(stream, [answer(1, asked=19.0), answer(None, asked=40.0, status=503)], 10.0))
        self.breaks(check.nothing_past_its_time(stream, [answer(1, asked=21.0)], 10.0), "served 11.0 s after")

    def test_errors(self):
        excuse = Excuse(10.0, 20.0, "scanner-a", frozenset({503}))
        allowed = answer(None, "scanner-a#2", asked=15.0, status=503)
        self.holds(check.errors_are_excused([allowed, answer(1), answer(None, status=404)], [excuse]))
        for other in (answer(None, "scanner-a#2", asked=25.0, status=503), answer(None, "scanner-b#1", asked=15.0, status=503),
                      answer(None, "scanner-a#2", asked=15.0, status=500)):
            self.breaks(check.errors_are_excused([other], [excuse]), str(other.status))


class History(Broken):
    def test_all_of_it(self):
        rows = [Recorded(1, 1), Recorded(2, 1), Recorded(4, 1, 2)]
        self.holds(check.recorded_once([entry(2), entry(3, recorded=False), entry(4, 2)], rows))

    def test_a_cycle_that_is_missing(self):
        self.breaks(check.recorded_once([entry(1), entry(2)], [Recorded(1, 1)]), "cycle 2 of epoch 1 was published")

    def test_a_cycle_that_is_there_twice(self):
        self.breaks(check.recorded_once([entry(1)], [Recorded(1, 2)]), "2 times")
        self.breaks(check.recorded_once([entry(1)], [Recorded(1, 1), Recorded(1, 1)]), "2 times")

    def test_a_cycle_of_the_wrong_epoch(self):
        self.breaks(check.recorded_once([entry(1, 2)], [Recorded(1, 1, 1)]), "under epoch 1")

    def test_a_cycle_that_a_fenced_one_wrote(self):
        stream = [entry(1), entry(2), entry(4, 2)]
        rows = [Recorded(n, 1) for n in (1, 2, 3, 4)]
        self.breaks(check.recorded_once(stream, rows), "cycle 3 is in the database and was never published")
        self.holds(check.recorded_once(stream, rows, unseen=[(2, 4)]))

    def test_a_cycle_of_one_that_was_cut_off_and_did_not_know_it_yet(self):
        stream = [entry(1), entry(2), entry(5, 2), entry(6, 2)]
        rows = [Recorded(n, 1) for n in (1, 2, 3, 5, 6)]
        self.assertEqual(check.never_published(stream, rows), {3})
        self.assertEqual(check.never_published(stream, rows, unseen=[(2, 5)]), set())
        self.breaks(check.recorded_once(stream, rows), "cycle 3 is in the database and was never published")
        self.assertEqual(check.never_published(stream, [row for row in rows if row.seq != 3]), set())
        # Within an epoch every number was seen.
        self.breaks(check.recorded_once([entry(1), entry(3)], [Recorded(n, 1) for n in (1, 2, 3)]), "cycle 2")


class Alerts(Broken):
    RULE = "in front"

    def cycles(self, text):
        """One contract; "+" where the condition holds, "-" where not, "." where the contract was not ranked."""
        return {n: ({"BTC": held == "+"} if held != "." else {}) for n, held in enumerate(text, 1)}

    def fired(self, *numbers):
        return [Fired(f"{n}.{i}", self.RULE, "BTC", n) for i, n in enumerate(numbers)]

    def edges(self, text, numbers, uncertain=()):
        return check.fired_once_per_edge(self.RULE, self.cycles(text), self.fired(*numbers), frozenset(uncertain))

    def test_once_per_edge(self):
        self.holds(self.edges("--++--+", [3, 7]))
        self.holds(self.edges("--+-+--+", [3, 8]))   # one cycle without it arms nothing
        self.holds(self.edges("--+-.-+", [3, 7]))    # a cycle in which it is not ranked neither fires nor arms
        self.holds(self.edges("--------", []))

    def test_twice_on_one_edge(self):
        self.breaks(self.edges("--+++", [3, 4]), "twice on one edge, in cycle 4")
        self.breaks(self.edges("--+-+", [3, 5]), "twice on one edge, in cycle 5")
        self.breaks(self.edges("--+", [3, 3]), "2 times in cycle 3")

    def test_an_edge_without_an_alert(self):
        self.breaks(self.edges("--++", []), "did not fire in cycle 3")
        self.breaks(self.edges("--+--+", [3]), "did not fire in cycle 6")

    def test_an_alert_without_an_edge(self):
        self.breaks(self.edges("------", [5]), "cycle 5")
        self.breaks(self.edges("--", [9]), "not in the database")

    def test_the_last_cycle_of_an_epoch_counts_either_way(self):
        self.holds(self.edges("--++", [3], {3}))
        self.holds(self.edges("--++", [4], {3}))
        self.breaks(self.edges("--++", [3, 4], {3}), "twice")
        self.breaks(self.edges("--+++", [5], {3}), "did not fire in cycle 4")

    def test_what_is_not_known_at_the_beginning_becomes_known(self):
        self.holds(self.edges("+++--+", [6]))
        self.holds(self.edges("+++--+", [1, 6]))
        self.breaks(self.edges("+++--+", [2, 6]), "cycle 2")

    def test_any_change_of_a_right_history_is_found(self):
        """Drop, repeat or move an alert of a history that follows the rules: each is a violation."""
        chance = random.Random(5)
        for _ in range(200):
            text = "--" + "".join(chance.choice("+-") for _ in range(40))
            armed, without, numbers = True, 0, []
            for n, held in enumerate(text, 1):
                if held == "+":
                    if armed:
                        numbers.append(n)
                    armed, without = False, 0
                else:
                    without += 1
                    armed = armed or without >= 2
            self.holds(self.edges(text, numbers))
            for n in numbers:
                others = [m for m in numbers if m != n]
                self.breaks(self.edges(text, others))
                if n + 1 <= len(text) and n + 1 not in numbers:
                    self.breaks(self.edges(text, sorted([*others, n + 1])))

    def test_delivery(self):
        fired = self.fired(3, 7)
        ids = [alert.id for alert in fired]
        self.holds(check.delivered_once_by_id(fired, [*ids, ids[0]]))
        self.breaks(check.delivered_once_by_id(fired, ids[:1]), "never delivered")
        self.breaks(check.delivered_once_by_id(fired, [*ids, "x"]), "x was delivered and is not")
        self.breaks(check.delivered_once_by_id([fired[0], fired[0]], ids[:1]), "2 times in the archive")


class Followers(Broken):
    def test_every_number(self):
        stream = [entry(n) for n in (1, 2, 3, 5)]
        self.holds(check.follower_misses_nothing("client", [2, 3, 5], stream, 2, 5))
        self.breaks(check.follower_misses_nothing("client", [2, 5], stream, 2, 5), "1 of the published numbers never came: [3]")
        self.breaks(check.follower_misses_nothing("client", [2, 3, 3, 5], stream, 2, 5), "seq 3 after 3")
        self.breaks(check.follower_misses_nothing("client", [2, 5, 3], stream, 2, 5), "seq 3 after 5")


class Recovery(Broken):
    def test_in_time(self):
        stream = [entry(1, 1, 10.0), entry(2, 2, 13.5)]
        self.assertEqual(check.successor_in_time(stream, [(10.5, 1)], 5.0), ([3.0], []))
        self.breaks(check.successor_in_time(stream, [(7.0, 1)], 5.0)[1], "after 6.5 s")
        self.breaks(check.successor_in_time(stream, [(14.0, 2)], 5.0)[1], "epoch 2 never had a successor")


if __name__ == "__main__":
    unittest.main(verbosity=1)
