"""Delay and false alarms: what is found, how late, and what it costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from anomalyllm.evaluation.metrics.delay import detection_delay, false_alarms

pairs_of_flags = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=25)


@given(pairs=pairs_of_flags)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_delays_equal_the_slow_version(pairs: list[tuple[int, int]]) -> None:
    flags, labels = map(list, zip(*pairs, strict=True))
    delays = naive.delays(flags, labels)
    found = [delay for delay in delays if delay is not None]
    share = len(found) / len(delays) if delays else np.nan
    mean = np.mean(found) if found else np.nan
    assert detection_delay(flags, labels) == pytest.approx((share, mean), nan_ok=True)


@given(pairs=pairs_of_flags)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_false_alarms_equal_the_slow_version(pairs: list[tuple[int, int]]) -> None:
    flags, labels = map(list, zip(*pairs, strict=True))
    normal = labels.count(0)
    runs = sum(not any(labels[start:stop]) for start, stop in naive.segments(flags))
    points = naive.counts(flags, labels)[1]
    expected = (1e4 * points / normal, 1e4 * runs / normal) if normal else (np.nan, np.nan)
    assert false_alarms(flags, labels) == pytest.approx(expected, nan_ok=True)


def test_an_example() -> None:
    """Found at once by a run that began before, found two points late, and missed; one false run of two points."""
    labels = [0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1]
    flags = [0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 0]
    delay = detection_delay(flags, labels)
    assert delay.share_found == pytest.approx(2 / 3)
    assert delay.mean_delay == 1.0
    alarms = false_alarms(flags, labels)
    assert alarms.points == pytest.approx(3 / 6 * 1e4)
    assert alarms.runs == pytest.approx(1 / 6 * 1e4)


def test_what_is_undefined_is_nan_and_not_zero() -> None:
    """A mean delay of 0 would say: found at once."""
    nothing_found = detection_delay([0, 0], [0, 1])
    assert nothing_found.share_found == 0
    assert np.isnan(nothing_found.mean_delay)
    assert np.isnan(detection_delay([1, 0], [0, 0])).all()
    assert np.isnan(false_alarms([1, 0], [1, 1])).all()
