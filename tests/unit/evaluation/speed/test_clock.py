"""The clock: everything is timed in turns, the least counts, and what is only begun is waited for."""

from __future__ import annotations

import time

import pytest

from anomalyllm.evaluation.speed import clock
from anomalyllm.evaluation.speed.clock import FEWEST_ROUNDS, quickest


def test_actions_take_turns() -> None:
    """A load that comes and goes must fall on all of them, or their ratio is that of the load."""
    called: list[str] = []
    quickest({name: (lambda name=name: (called.append(name), time.sleep(0.003))) for name in "ab"}, 0.0)  # type: ignore[misc]
    assert "".join(called) == "ab" * (1 + FEWEST_ROUNDS)


def test_the_least_counts() -> None:
    """Of calls that take 5, 2 and 7 seconds, and one before that to warm up, by a clock of our own."""
    now = [0.0]
    lasting = iter([100.0, 5.0, 2.0, 7.0])

    def act() -> None:
        now[0] += next(lasting)

    assert quickest({"act": act}, 0.0, clock=lambda: now[0]) == {"act": 2.0}


def test_it_goes_on_for_the_seconds_that_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])
    calls: list[None] = []

    def act() -> None:
        now[0] += 1.0
        calls.append(None)

    quickest({"act": act}, 10.0, clock=lambda: now[0])
    assert len(calls) == 11


def test_quick_actions_are_repeated_within_a_round() -> None:
    calls: list[None] = []
    quickest({"act": lambda: calls.append(None)}, 0.0)
    assert len(calls) == 1 + FEWEST_ROUNDS * clock.MOST_REPEATS


def test_what_is_only_begun_is_waited_for() -> None:
    """On a graphics processor the call is back long before the work is done."""
    now = [0.0]

    def finish() -> None:
        now[0] += 3.0

    assert quickest({"act": lambda: None}, 0.0, finish, lambda: now[0]) == {"act": 3.0}
