"""The check without labels: where anomalies are put, what is scored of them, and when they say that a judge helps."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
import pytest

from anomalyllm import injecting
from anomalyllm.fitted import Fitted
from anomalyllm.injecting import EVENTS, FEWEST_EVENTS, ROOM, Comparison, Room, compared, heard, injected
from anomalyllm.injecting import room_for_events as room_of
from anomalyllm.judges import Prepared
from anomalyllm.pretraining.anomalies import Changed
from conftest import FINETUNED, fitted_scorer, sine

ROWS = 800
BEGIN = 640  # of the held-out tail


def joined() -> Fitted:
    """Judges of four lengths and networks, on the two channels of `training`; tests must not change it."""
    fitted: Fitted = fitted_scorer(FINETUNED)._fitted
    return fitted


def plain() -> Fitted:
    return dataclasses.replace(joined(), judges=joined().retrieval)


def training(*gaps: tuple[int, int, int]) -> Prepared:
    X = sine(ROWS, 2)
    for start, stop, channel in gaps:
        X[start:stop, channel] = np.nan
    return joined().prepare(X)


# --- scores of some rows


@pytest.mark.parametrize(
    "rows", [slice(640, 800), slice(700, 713), slice(701, 702), slice(799, 800), slice(0, 1), slice(0, 800)]
)
def test_what_a_judge_says_of_some_rows_is_what_it_says_of_them_among_all(rows: slice) -> None:
    """Else a slice would be compared with windows that it overlaps, or its edges with too few."""
    for judge in joined().judges:
        whole, _ = joined()._lifted(judge, training(), own=True, channels=False)
        assert heard(judge, training(), rows) == pytest.approx(whole[rows], rel=1e-5)


# --- room


def test_room_is_in_the_held_out_rows_of_channels_that_move_and_leaves_what_kinds_need() -> None:
    room = room_of(joined(), training(), BEGIN)
    assert (room.begin, room.longest) == (BEGIN, (ROWS - BEGIN) // 8)
    assert list(room.starts) == [0, 1]
    for starts in room.starts.values():
        assert np.array_equal(starts, np.arange(BEGIN, ROWS - ROOM * room.longest + 1))
    still = dataclasses.replace(joined().novelty, still=np.array([True, False]))
    assert list(room_of(dataclasses.replace(joined(), novelty=still), training(), BEGIN).starts) == [1]


def test_events_stay_clear_of_gaps() -> None:
    """A value that stands in for a missing one is no anomaly, and none can be put on it."""
    room = room_of(joined(), training((700, 705, 1)), BEGIN)
    reach = ROOM * room.longest
    assert np.array_equal(room.starts[0], np.arange(BEGIN, ROWS - reach + 1))
    assert not any(set(range(start, start + reach)) & set(range(700, 705)) for start in room.starts[1])
    assert {700 - reach, 705} <= set(room.starts[1])
    assert list(room_of(joined(), training((BEGIN, ROWS, 1)), BEGIN).starts) == [0]


@pytest.mark.parametrize(("begin", "events"), [(BEGIN, EVENTS), (ROWS - 32, 42), (ROWS - 31, 0), (ROWS, 0)])
def test_fewer_events_where_there_is_less_room_and_none_where_they_would_say_nothing(begin: int, events: int) -> None:
    assert room_of(joined(), training(), begin).events == events


def test_room_for_fewer_than_the_fewest_is_none() -> None:
    assert Room(0, 4, {0: np.arange(FEWEST_EVENTS)}).events == FEWEST_EVENTS
    assert Room(0, 4, {0: np.arange(FEWEST_EVENTS - 1)}).events == 0
    assert Room(0, 4, {}).events == 0


# --- events


@functools.cache
def events(seed: int = 0) -> list[tuple[int, Changed]]:
    return list(injected(dataclasses.replace(joined(), seed=seed), training(), room_of(joined(), training(), BEGIN)))


def test_every_event_changes_one_channel_in_held_out_rows_and_nothing_before_it() -> None:
    clean = training().values
    assert len(events()) == EVENTS
    assert {channel for channel, _ in events()} == {0, 1}
    for channel, changed in events():
        assert BEGIN <= changed.start < changed.end <= ROWS
        difference = np.abs(changed.values - clean[:, channel])
        assert difference[changed.start : changed.end].max() >= injecting.LEAST_CHANGE
        assert difference[:BEGIN].max() == 0
    assert np.array_equal(training().values, clean)


def test_the_seed_decides_all_events() -> None:
    again = injected(joined(), training(), room_of(joined(), training(), BEGIN))
    for (channel, changed), (same_channel, same) in zip(events(), again, strict=True):
        assert (channel, changed.start, changed.end) == (same_channel, same.start, same.end)
        assert changed.values.tobytes() == same.values.tobytes()
    assert [changed.start for _, changed in events()] != [changed.start for _, changed in events(1)]


def test_what_cannot_be_seen_is_drawn_anew_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flat stretch made flat: neither detector can see it, and both would be judged by noise."""
    calls: list[int] = []

    def every_third(chance: Any, values: np.ndarray, event: Any) -> Changed:
        calls.append(event.start)
        return Changed(values + (1.0 if len(calls) % 3 == 0 else 0.001), event.start, event.start + 1)

    monkeypatch.setattr(injecting, "anomaly", every_third)
    seen = list(injected(joined(), training(), room_of(joined(), training(), BEGIN)))
    assert len(calls) == 2 * EVENTS
    assert len(seen) == 2 * EVENTS // 3


# --- ranks


def test_ranks_are_those_of_a_training_part_that_is_scored_as_a_whole() -> None:
    """The slow way: each changed training part from its first row to its last, by each detector by itself."""
    room = dataclasses.replace(room_of(joined(), training(), BEGIN), starts={1: np.arange(650, 650 + FEWEST_EVENTS)})
    fast = compared(plain(), joined(), training(), room)
    assert len(fast.without) == len(fast.joined) == FEWEST_EVENTS
    for fitted, ranks in ((plain(), fast.without), (joined(), fast.joined)):
        clean = fitted.point_scores(training(), own=True)[BEGIN:]
        for rank, (channel, changed) in zip(ranks, injected(fitted, training(), room), strict=True):
            values = training().values.copy()
            values[:, channel] = changed.values
            scores = fitted.point_scores(Prepared(values, None), own=True)
            below = [score < scores[changed.start : changed.end].max() for score in clean]
            assert rank == pytest.approx(np.mean(below), abs=0.02)  # rounding may change places of one point or two


def test_another_judge_that_says_the_same_changes_no_rank() -> None:
    twice = dataclasses.replace(plain(), judges=(*plain().judges, *plain().judges))
    comparison = compared(plain(), twice, training(), room_of(joined(), training(), BEGIN))
    assert comparison.without == pytest.approx(comparison.joined, abs=0.01)
    assert comparison.without.mean() > 0.7
    assert not comparison.helps


# --- the decision


def gains(values: np.ndarray) -> Comparison:
    without = np.full(len(values), 0.5)
    return Comparison(without, without + values)


def test_a_judge_helps_where_the_mean_gain_is_above_its_standard_error() -> None:
    spread = np.tile([-0.1, 0.1], 24)
    error = spread.std(ddof=1) / np.sqrt(48)
    assert gains(spread + 1.01 * error).helps
    assert not gains(spread + 0.99 * error).helps
    assert not gains(spread - 2 * error).helps


def test_no_gain_and_too_few_gains_are_no_help() -> None:
    assert not gains(np.zeros(48)).helps
    assert gains(np.full(FEWEST_EVENTS, 0.1)).helps
    assert not gains(np.full(FEWEST_EVENTS - 1, 0.1)).helps
    assert not gains(np.zeros(0)).helps


class Seeing:
    """Knows the clean training part, and so sees every change; the best that a judge could be."""

    window, stride = 16, 2

    def window_scores(self, prepared: Prepared, starts: np.ndarray, *, own: bool = False) -> np.ndarray:
        changed = np.abs(prepared.values - training().values)
        return 0.1 + 10 * np.array([changed[start : start + self.window].mean(axis=0) for start in starts])

    def total(self, by_group: np.ndarray) -> np.ndarray:
        return by_group.mean(axis=1)


def test_a_judge_that_sees_more_helps_and_one_that_sees_nothing_does_not() -> None:
    """Both ways, with the whole check as it is."""
    room = room_of(joined(), training(), BEGIN)
    seeing = dataclasses.replace(plain(), judges=(*plain().judges, Seeing()))
    assert compared(plain(), seeing, training(), room).helps
    loud = dataclasses.replace(joined().networks, unit=100.0)  # decides alone
    blind = dataclasses.replace(loud, scoring=dataclasses.replace(loud.scoring, prototype_share=0.0))
    worse = dataclasses.replace(plain(), judges=(*plain().judges, blind))
    assert not compared(plain(), worse, training(), room).helps
