"""Windows and points: where windows lie, and that lifting equals the slow version in any series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from anomalyllm.windows.slicing import Grid, lift, lift_scores, nearest_stride, slide

GRIDS = [(window, stride) for window in range(1, 13) for stride in range(1, window + 1) if window % stride == 0]


def window_values(rows: int, window: int, stride: int, width: int | None = None) -> np.ndarray:
    """One number (or `width` numbers) for each window; thirds: the order of a sum shows in its last bit."""
    count = len(Grid(rows, window, stride).starts)
    shape = (count,) if width is None else (count, width)
    return np.random.default_rng(rows * 1000 + window * 20 + stride).random(shape) / 3


@pytest.mark.parametrize(("window", "stride"), GRIDS)
def test_starts_are_those_that_fit_and_one_for_the_tail(window: int, stride: int) -> None:
    for rows in range(41):
        grid = Grid(rows, window, stride)
        starts = [start for start in range(0, rows, stride) if start + window <= rows]
        assert grid.regular == len(starts)
        uncovered = bool(starts) and starts[-1] + window < rows
        assert grid.has_tail == uncovered
        assert grid.starts.tolist() == starts + ([rows - window] if uncovered else [])


@pytest.mark.parametrize(("window", "stride"), GRIDS)
@pytest.mark.parametrize("width", [None, 2])
def test_lift_equals_the_slow_version(window: int, stride: int, width: int | None) -> None:
    """To the last bit: sums are taken in the order of time, as a stream takes them."""
    for rows in range(41):
        values = window_values(rows, window, stride, width)
        fill = 0.0 if width is None else np.zeros(width)
        expected = naive.lift(values, rows, window, stride, fill).reshape(rows, *values.shape[1:])
        assert np.array_equal(lift(values, Grid(rows, window, stride)), expected)


@pytest.mark.parametrize("rows", [0, 1, 7])
def test_a_series_shorter_than_a_window_takes_the_fill_value(rows: int) -> None:
    grid = Grid(rows, 8, 4)
    assert grid.starts.tolist() == []
    assert lift(np.zeros((0, 3)), grid, fill=0.25).tolist() == [[0.25] * 3] * rows


@given(
    grid=st.sampled_from([(window, stride) for window, stride in GRIDS if window > 1]),
    rows=st.integers(0, 60),
    more=st.integers(0, 40),
)
@settings(derandomize=True, deadline=None, max_examples=150)
def test_a_points_value_does_not_depend_on_what_follows(grid: tuple[int, int], rows: int, more: int) -> None:
    """Bit for bit, for every point whose windows all lie in the prefix: a stream equals the batch by this."""
    window, stride = grid
    long = Grid(rows + more, window, stride)
    values = np.random.default_rng(rows * 100 + more).random(len(long.starts)) / 3
    short = Grid(rows, window, stride)
    prefix = values[: len(short.starts)]
    final = max(0, short.regular * stride)  # from here on a window that starts later may cover a point
    assert np.array_equal(lift(prefix, short)[:final], lift(values, long)[:final])


@given(
    grid=st.sampled_from([(window, stride) for window, stride in GRIDS if window > 1]),
    rows=st.integers(20, 80),
    cut=st.integers(0, 10),
)
@settings(derandomize=True, deadline=None, max_examples=150)
def test_a_points_value_does_not_depend_on_an_aligned_cut_before_it(grid: tuple[int, int], rows: int, cut: int) -> None:
    """Bit for bit: a series cut at a window's start gives the same values one window later."""
    window, stride = grid
    whole = Grid(rows, window, stride)
    values = np.random.default_rng(rows * 100 + cut).random(len(whole.starts)) / 3
    dropped = min(cut, max(0, whole.regular - 1))
    rest = Grid(rows - dropped * stride, window, stride)
    same_from = dropped * stride + window - stride if dropped else 0
    assert np.array_equal(lift(values[dropped:], rest)[same_from - dropped * stride :], lift(values, whole)[same_from:])


def test_the_tail_window_touches_only_the_last_points() -> None:
    """It overlaps covered points, whose mean it would otherwise change when a series ends at another row."""
    grid = Grid(11, 4, 4)
    assert lift(np.array([1.0, 2.0, 9.0]), grid).tolist() == [1.0] * 4 + [2.0] * 4 + [9.0] * 3


@pytest.mark.parametrize(("window", "stride"), [(8, 3), (8, 0), (8, -2), (8, 16)])
def test_a_stride_that_does_not_divide_the_window_is_refused(window: int, stride: int) -> None:
    with pytest.raises(ValueError, match=f"stride {stride} does not divide window {window}"):
        Grid(100, window, stride)


def test_slide_is_a_view_with_time_last() -> None:
    """Copies of all windows would take a window's length times the memory."""
    values = np.arange(20.0).reshape(10, 2)
    windows = slide(values, 4)
    assert windows.shape == (7, 2, 4)
    assert np.shares_memory(windows, values)
    assert not windows.flags.writeable
    for start in range(7):
        assert np.array_equal(windows[start], values[start : start + 4].T)


@pytest.mark.parametrize(
    ("window", "wanted", "stride"),
    [(64, 8, 8), (64, 9.9, 8), (50, 6.25, 5), (97, 12, 1), (12, 100, 12), (12, 0.2, 1), (1, 1, 1)],
)
def test_nearest_stride_is_the_largest_divisor_not_above_the_wanted_one(
    window: int, wanted: float, stride: int
) -> None:
    assert nearest_stride(window, wanted) == stride


@pytest.mark.parametrize("rows", [0, 7, 8, 20, 23])
def test_lifted_scores_are_the_geometric_mean_of_the_windows_that_were_judged(rows: int) -> None:
    grid = Grid(rows, 8, 2)
    scores = np.random.default_rng(rows).random((len(grid.starts), 2)) + 0.1
    scores[1::3] = 0.0  # not judged
    judged = scores > 0
    logs = np.log(np.where(judged, scores, 1.0))
    for channel in range(2):
        total = naive.lift(logs[:, channel], rows, 8, 2, 0.0)
        share = naive.lift(judged[:, channel].astype(float), rows, 8, 2, 0.0)
        expected = [math.exp(a / b) if b else 0.0 for a, b in zip(total, share, strict=True)]
        np.testing.assert_allclose(lift_scores(scores, grid)[:, channel], expected, rtol=1e-12)


def test_lifted_scores_keep_the_flanks_low() -> None:
    """One anomalous window among eight: the mean would carry an eighth of it to every point it covers."""
    grid = Grid(128, 16, 2)
    scores = np.full(len(grid.starts), 0.4)
    scores[20] = 10.0
    assert lift_scores(scores, grid).max() < 0.61
    assert lift(scores, grid).max() > 1.5
