"""Ticks are round and inside, scales hold every value, and numbers read as a person would write them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyllm.reporting.axes import (
    DAY,
    HOUR,
    duration,
    exact_time,
    linear_scale,
    number,
    number_ticks,
    score_scale,
    time_ticks,
)

MORNING = np.datetime64("2024-03-05T08:10", "ns")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (3600.0, "3,600"),
        (1.25, "1.25"),
        (-0.012345, "-0.01235"),
        (1234567.0, "1,234,567"),
        (1e9, "1e9"),
        (1.25e-7, "1.25e-7"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_number(value, words):
    assert number(value) == words


@settings(derandomize=True, deadline=None)
@given(low=st.floats(-1e12, 1e12), span=st.floats(1e-3, 1e12), count=st.integers(2, 9))
def test_ticks_lie_inside_and_differ(low, span, count):
    high = low + span
    if high - low <= 1e-9 * max(abs(low), abs(high)):  # a scale is never built so narrow
        return
    ticks = number_ticks(low, high, count)
    assert len(ticks) <= count + 1
    slack = 1e-6 * span
    assert all(low - slack <= value <= high + slack for value, _ in ticks)
    assert len({words for _, words in ticks}) == len(ticks)


def test_ticks_of_a_counter_near_a_billion_can_be_told_apart():
    words = [words for _, words in number_ticks(1e9 - 4, 1e9 + 4, 4)]
    assert words == ["≈1e9", "+2", "+4", "+6", "+8"]


def test_no_negative_zero_and_whole_rows_only():
    assert [words for _, words in number_ticks(-1.0, 1.0, 2)] == ["-1", "0", "1"]
    assert [value for value, _ in number_ticks(0.0, 2.0, 8, whole=True)] == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("span", "first"),
    [
        (20.0, "08:10:00.000"),
        (30_000.0, "08:10:00"),
        (8 * HOUR, "03-05 09:00"),
        (9 * DAY, "2024-03-06"),
        (400 * DAY, "2024-05"),
        (9_000 * DAY, "2025"),
        (50_000 * DAY, "2040"),
        (100_000 * DAY, "2050"),
    ],
)
def test_time_ticks_are_round_and_inside(span, first):
    ticks = time_ticks(MORNING, 0.0, span, 8)
    assert ticks[0][1] == first
    assert 2 <= len(ticks) <= 9
    assert all(0 <= place <= span for place, _ in ticks)


def test_months_begin_where_the_calendar_says():
    ticks = time_ticks(np.datetime64("2024-01-15", "ns"), 0.0, 100 * DAY, 4)
    assert ticks == [(17 * DAY, "2024-02"), (46 * DAY, "2024-03"), (77 * DAY, "2024-04")]


def test_times_and_lengths_in_words():
    assert exact_time(MORNING) == "2024-03-05 08:10:00"
    assert exact_time(MORNING + np.timedelta64(250, "ms")) == "2024-03-05 08:10:00.25"
    assert [duration(span) for span in (250.0, 90_000.0, 2.5 * HOUR, 3 * DAY)] == [
        "250 ms",
        "1.5 min",
        "2.5 h",
        "3 d",
    ]


@pytest.mark.parametrize(
    "values",
    [
        [],
        [np.nan],
        [5.0],
        [0.0, 0.0],
        [1e9, 1e9 + 1e-3],
        [-1e308, 1e308],
        [np.nan, 1.0, 2.0],
        [1e-300, 2e-300],
    ],
)
def test_every_finite_value_fits_its_scale(values):
    array = np.array(values)
    scale = linear_scale(array)
    shares = scale.share(array)
    assert scale.high > scale.low
    assert ((shares >= 0) & (shares <= 1) | np.isnan(shares)).all()
    assert np.array_equal(np.isnan(shares), np.isnan(array))
    assert scale.ticks(4)
    assert linear_scale().low == 0.0


def test_the_score_axis_holds_the_threshold_and_turns_logarithmic_for_a_far_peak():
    near = score_scale(np.array([0.2, 3.0]), 4.0)
    assert not near.logarithmic
    assert near.low < 0 < 4 < near.high

    far = score_scale(np.array([0.0, 0.5, 900.0]), 4.0)
    assert far.logarithmic
    shares = far.share(np.array([0.0, 4.0, 900.0, np.nan]))
    assert shares[0] == 0.0  # lower than the floor is drawn on it
    assert 0 < shares[1] < shares[2] < 1
    assert np.isnan(shares[3])
    assert [words for _, words in far.ticks(4)] == ["0.1", "10", "1,000"]


def test_a_threshold_that_is_never_reached_does_not_stretch_the_axis():
    assert score_scale(np.array([1.0, 2.0]), math.inf).high < 3
    assert score_scale(np.array([np.nan]), 1.0).high > 1
