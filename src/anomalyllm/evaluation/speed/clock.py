"""Times of several actions, taken in turns: what else the machine does then falls on all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

Action = Callable[[], Any]
Clock = Callable[[], float]

FEWEST_ROUNDS = 3
SHORTEST = 2e-3  # seconds: quicker actions are repeated within a round
MOST_REPEATS = 50  # of one action in one round


def quickest(
    actions: Mapping[str, Action],
    seconds: float,
    finish: Action = lambda: None,
    clock: Clock = time.perf_counter,
) -> dict[str, float]:
    """The least seconds that each action took, in rounds of all of them.

    The least: what others do on the machine makes an action slower, never quicker.

    Args:
        actions: by name; each is called once before the clock runs.
        seconds: rounds begin until they have passed; there are at least `FEWEST_ROUNDS`.
        finish: waits for what an action has only begun, as on a graphics processor.
        clock: `time.process_time` does not count while others have the processor, and counts every thread.
    """
    for action in actions.values():
        action()
    finish()
    least = dict.fromkeys(actions, float("inf"))
    began, rounds = time.perf_counter(), 0
    while rounds < FEWEST_ROUNDS or time.perf_counter() - began < seconds:
        for name, action in actions.items():
            least[name] = min(least[name], _least_of_a_few(action, finish, clock))
        rounds += 1
    return least


def _least_of_a_few(action: Action, finish: Action, clock: Clock) -> float:
    least, total = float("inf"), 0.0
    for _ in range(MOST_REPEATS):
        began = clock()
        action()
        finish()
        taken = clock() - began
        least, total = min(least, taken), total + taken
        if total >= SHORTEST:
            break
    return least
