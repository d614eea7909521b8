"""Flags and events: where a stretch begins and ends, where it peaks, and whose it is."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from anomalyllm.scoring.events import Event, EventFinder, find_events, flags, strongest


def events(scores: list[float], *, threshold: float = 1.0, gap: int = 1) -> tuple[Event, ...]:
    array = np.array(scores, dtype=np.float64)
    return find_events(array, array[:, None], threshold, ("a",), gap)


def test_a_flag_is_a_score_that_reaches_the_threshold() -> None:
    flagged = flags(np.array([0.0, 0.999, 1.0, 1.001]), 1.0)
    assert flagged.tolist() == [0, 0, 1, 1]
    assert flagged.dtype == np.int8


@given(scores=st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]), max_size=50), gap=st.integers(0, 9))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_events_equal_the_slow_version(scores: list[float], gap: int) -> None:
    found = events(scores, gap=gap)
    assert [(event.start, event.end) for event in found] == naive.events(scores, 1.0, gap)


@given(scores=st.lists(st.floats(0, 3), min_size=1, max_size=50), gap=st.integers(0, 9))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_every_flag_lies_in_one_event_and_every_event_begins_and_ends_with_one(scores: list[float], gap: int) -> None:
    found = events(scores, gap=gap)
    flagged = {row for row, score in enumerate(scores) if score >= 1.0}
    rows = [row for event in found for row in range(event.start, event.end)]
    assert flagged <= set(rows)
    assert len(rows) == len(set(rows))
    for event in found:
        assert {event.start, event.end - 1, event.peak} <= flagged
        assert scores[event.peak] == max(scores[event.start : event.end])
        assert event.severity >= 1.0


@pytest.mark.parametrize(("gap", "spans"), [(0, 2), (1, 2), (3, 2), (4, 1)])
def test_runs_with_fewer_unflagged_points_between_them_than_the_gap_are_one(gap: int, spans: int) -> None:
    assert len(events([2, 0, 0, 0, 2], gap=gap)) == spans


def test_the_peak_of_a_plateau_is_its_middle() -> None:
    """Scores are equal within a stride: its first point would say that the anomaly begins where it peaks."""
    assert events([0, 1, 3, 3, 3, 3, 3, 1, 0])[0].peak == 4
    assert events([0, 3, 0])[0].peak == 1


def test_severity_is_the_peak_in_units_of_the_threshold() -> None:
    assert events([0, 6, 5], threshold=4.0)[0].severity == 1.5
    assert events([4], threshold=4.0)[0].severity == 1.0


def test_no_flag_no_event() -> None:
    assert events([0.1, 0.2]) == ()
    assert events([]) == ()


def test_channels_are_read_at_the_peak_strongest_first() -> None:
    scores = np.array([0.0, 5.0, 9.0, 5.0])
    channel_scores = np.array([[9, 0, 0, 0], [9, 0, 0, 0], [5, 10, 4.9, 10], [9, 0, 0, 0]], dtype=np.float64)
    (event,) = find_events(scores, channel_scores, 1.0, ("a", "b", "c", "d"), 1)
    assert event.channels == ("b", "d", "a")
    assert event == Event(1, 4, 2, 9.0, ("b", "d", "a"))


def test_equal_channels_keep_their_order() -> None:
    assert strongest(np.zeros(3), ("z", "y", "x")) == ("z", "y", "x")
    assert strongest(np.array([1.0, 2.0, 1.0]), ("z", "y", "x")) == ("y", "z", "x")


@given(
    scores=st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]), max_size=50),
    gap=st.integers(0, 9),
    cuts=st.lists(st.integers(0, 50), max_size=5),
)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_scores_in_pieces_give_the_events_of_the_whole(scores: list[float], gap: int, cuts: list[int]) -> None:
    """Also where the work goes on in another process, from what was written down after each piece."""
    array = np.array(scores, dtype=np.float64)
    by_channel = np.stack([array, np.roll(array, 3) * 1.1], axis=1)
    whole = naive_events(array, by_channel, gap)
    found: list[Event] = []
    finder = EventFinder(1.0, ("a", "b"), gap)
    borders = [0, *sorted(min(cut, len(scores)) for cut in cuts), len(scores)]
    for begin, end in itertools.pairwise(borders):
        found += finder.take(array[begin:end], by_channel[begin:end])
        state = json.loads(json.dumps(finder.state()))
        finder = EventFinder(1.0, ("a", "b"), gap)
        finder.restore(state)
    found += finder.finish()
    assert found == whole
    assert finder.finish() == ()


def naive_events(scores: np.ndarray, by_channel: np.ndarray, gap: int) -> list[Event]:
    """Event by event from the whole arrays."""
    events = []
    for start, end in naive.events(scores.tolist(), 1.0, gap):
        plateau = [row for row in range(start, end) if scores[row] == scores[start:end].max()]
        peak = plateau[len(plateau) // 2]
        channels = strongest(by_channel[start:end].max(axis=0), ("a", "b"))
        events.append(Event(start, end, peak, float(scores[peak]), channels))
    return events
