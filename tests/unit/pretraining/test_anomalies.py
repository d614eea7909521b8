"""Generated anomalies: they are where they say, and nothing else of the series is touched."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.pretraining.anomalies import KINDS, MOVE_THE_REST, OF_ONE_PERIOD, Event, anomaly, event_at

PERIOD = 50


def wave() -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(2000) / PERIOD) + 0.05 * np.random.default_rng(0).normal(size=2000)


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("length", [1, 2, 20, 150])
def test_an_anomaly_is_where_it_says(kind: str, length: int) -> None:
    """A change outside of its event would be labelled normal."""
    values = wave()
    for seed in range(5):
        changed, start, end = anomaly(chance(seed), values, Event(800, 800 + length, PERIOD), kind)
        assert changed.shape == values.shape
        assert np.isfinite(changed).all()
        assert start == (800 + length if kind == "repeat" else 800)
        assert end > start
        assert np.array_equal(changed[:start], values[:start])
        if kind not in MOVE_THE_REST:
            assert np.array_equal(changed[end:], values[end:])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_anomaly_changes_something(kind: str) -> None:
    values = wave()
    kept = values.copy()
    assert not np.array_equal(anomaly(chance(1), values, Event(810, 840, PERIOD), kind).values, kept)
    assert np.array_equal(values, kept), "the clean series is what a label is compared with"


def test_what_follows_a_cut_is_early_and_what_follows_a_repeat_is_late() -> None:
    values = wave()
    event = Event(800, 820, PERIOD)
    early, late = (anomaly(chance(), values, event, kind) for kind in ("cut", "repeat"))
    assert np.array_equal(early.values[800:1900], values[820:1920])
    assert np.array_equal(late.values[820:1900], values[800:1880])
    assert (early.start, early.end) == (800, 805), "the seam is the event, not what comes after it"
    assert (late.start, late.end) == (820, 825), "the first time that points come is normal"


@pytest.mark.parametrize("kind", OF_ONE_PERIOD)
def test_a_beat_is_as_long_as_a_period(kind: str) -> None:
    changed = anomaly(chance(), wave(), Event(800, 801, PERIOD), kind)
    assert changed.end - changed.start == PERIOD


def test_a_missing_beat_is_a_line() -> None:
    changed = anomaly(chance(), wave(), Event(800, 850, PERIOD), "missing_beat").values
    assert np.allclose(np.diff(changed[800:850], n=2), 0)


def test_kinds_and_lengths_are_drawn() -> None:
    lengths = [event_at(chance(seed), 10, PERIOD, 600).length for seed in range(400)]
    assert min(lengths) == 1
    assert 100 < max(lengths) <= 3 * PERIOD
    assert event_at(chance(3), 10, 400, 5).length <= 5
    drawn = {anomaly(chance(seed), wave(), Event(800, 850, PERIOD)).values.tobytes() for seed in range(30)}
    assert len(drawn) > len(KINDS), "of the same kind, two differ in size or form"


def test_a_channel_that_is_decoupled_runs_as_at_another_time() -> None:
    """Its level stays its own: that it does not fit the other channels is all that is wrong with it."""
    values = wave() + np.linspace(0, 5, 2000)  # so that every time is told by its level
    changed, start, end = anomaly(chance(2), values, Event(800, 801, PERIOD), "decoupled")
    assert end - start == PERIOD // 4, "a point alone belongs to no other time"
    piece = changed[start:end]
    places = [at for at in range(2000 - len(piece)) if np.array_equal(values[at : at + len(piece)], piece)]
    assert len(places) == 1
    assert places != [start]
