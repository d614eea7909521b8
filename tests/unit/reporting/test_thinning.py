"""A long series is drawn from few of its rows, and none of its spikes or gaps may be lost on the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomalyllm.reporting.thinning import gap_rows, line, thin

anything = st.floats(allow_nan=True, allow_infinity=False, width=32)
curves = st.integers(1, 300).flatmap(lambda count: arrays(np.float64, count, elements=anything))
NO_BREAKS = np.empty(0, dtype=np.int64)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(values=curves, buckets=st.integers(1, 40))
def test_extremes_of_every_stretch_survive(values, buckets):
    rows = thin(values, buckets)

    assert (np.diff(rows) > 0).all()
    assert {0, len(values) - 1} <= set(rows.tolist())
    size = 1 if len(values) <= 2 * buckets else -(-len(values) // buckets)
    for start in range(0, len(values), size):
        stretch = values[start : start + size]
        kept = values[rows[(rows >= start) & (rows < start + size)]]
        assert len(kept) <= max(size, 4)
        if np.isfinite(stretch).any():
            assert np.nanmin(kept) == np.nanmin(stretch)
            assert np.nanmax(kept) == np.nanmax(stretch)
        else:
            assert np.isnan(kept).all()
            assert kept.size


@settings(derandomize=True, deadline=None)
@given(values=curves, buckets=st.integers(1, 40))
def test_never_more_than_two_rows_a_bucket_and_the_ends(values, buckets):
    assert len(thin(values, buckets)) <= 2 * buckets + 2


def test_one_spike_in_a_million_rows_is_kept():
    values = np.zeros(1_000_000)
    values[654_321] = 1.0
    assert 654_321 in thin(values, 100)


def test_infinities_count_as_missing():
    values = np.zeros(1_000)
    values[500] = np.inf
    drawn = line(values, np.arange(1_000), NO_BREAKS)
    assert np.isnan(drawn.values[500])
    assert np.isfinite(values[thin(values, 10)]).all()


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ([], []),
        ([3, 4], [2, 3, 5]),
        ([0, 1], [0, 2]),  # nothing stands before the first row
        ([8, 9], [7, 8]),  # and nothing after the last
        (range(10), [0]),
    ],
)
def test_edges_of_gaps(missing, expected):
    values = np.arange(10.0)
    values[list(missing)] = np.nan
    assert gap_rows(values, 5).tolist() == expected


def test_only_the_longest_gaps_are_kept():
    values = np.arange(20.0)
    values[[2, 10, 11, 12]] = np.nan
    assert gap_rows(values, 1).tolist() == [9, 10, 13]


def test_a_break_in_time_lifts_the_pen():
    drawn = line(np.arange(6.0), np.array([0, 2, 3, 5]), np.array([3]))
    assert drawn.rows.tolist() == [0, 2, 3, 3, 5]
    assert np.isnan(drawn.values[2])
    assert drawn.values[3] == 3.0


def test_a_break_at_the_very_start_or_after_the_last_drawn_row_changes_nothing():
    drawn = line(np.arange(6.0), np.array([1, 2]), np.array([1, 5]))
    assert drawn.values.tolist() == [1.0, 2.0]
