"""Distances to the nearest rows of a bank equal a loop over all of them, whatever the blocks, runs and overlaps."""

from __future__ import annotations

import math

import numpy as np
import pytest

import naive
from anomalyllm.model import nearest, retrieval
from anomalyllm.model.nearest import Overlap
from anomalyllm.model.retrieval import nearest_distance, nearest_in_runs, rarity

LENGTH = 12


def rows(count: int, points: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, points)).astype(np.float32)


def near(found: np.ndarray, expected: list) -> bool:
    return bool(np.allclose(found, expected, rtol=1e-4, atol=1e-3))


@pytest.mark.parametrize("count", [1, 3, 8, 21, 64])
@pytest.mark.parametrize("runs", [1, 2, 8, 11])
def test_the_nearest_of_each_run_equals_the_slow_version(count: int, runs: int) -> None:
    """Runs of neighbours, as equal as can be; a bank with fewer rows than runs leaves some runs without any."""
    windows, bank = rows(9), rows(count, seed=1)
    found = nearest_in_runs(windows, bank, runs=runs)
    assert found.shape == (9, runs)
    assert found.dtype == np.float32
    assert near(found, [naive.nearest_of_runs(window, bank, runs) for window in windows])


@pytest.mark.parametrize("count", [1, 3, 64])
def test_the_nearest_of_all_equals_the_slow_version(count: int) -> None:
    windows, bank = rows(9), rows(count, seed=1)
    expected = [naive.nearest_of_runs(window, bank, 1)[0] for window in windows]
    assert nearest_distance(windows, bank) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("most", [1, 1 << 19])
@pytest.mark.parametrize("step", [1, 3, 5])
def test_a_window_never_meets_its_own_points(step: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bank and windows come from one series: without leaving out, every distance would be 0 and nothing strange."""
    monkeypatch.setattr(retrieval, "MOST_DISTANCES", most)  # 1: blocks of 32
    monkeypatch.setattr(nearest, "MOST_DISTANCES", most)  # 1: blocks of 16
    starts, bank_starts = np.arange(0, 150, 2), np.arange(0, 150, step)
    series = rows(200, 1)[:, 0]
    windows, bank = (np.lib.stride_tricks.sliding_window_view(series, LENGTH)[begin] for begin in (starts, bank_starts))
    overlap = Overlap(starts, bank_starts, LENGTH)
    runs = nearest_in_runs(windows, bank, overlap, runs=5)
    expected = [
        naive.nearest_of_runs(window, bank, 5, start=start, starts=bank_starts, length=LENGTH)
        for window, start in zip(windows, starts, strict=True)
    ]
    assert near(runs, expected)
    distances = nearest_distance(windows, bank, overlap)
    assert distances == pytest.approx([min(each) for each in expected], rel=1e-6)
    assert distances.min() > 0.1
    assert nearest_distance(bank, bank).max() == 0  # so it is where the overlap is not told


def test_windows_that_only_touch_are_compared() -> None:
    """Sharing a point is what is refused: a window that begins where another ends is a different occasion."""
    bank = np.zeros((1, 4), dtype=np.float32)
    for apart, expected in ((LENGTH - 1, math.inf), (LENGTH, 1.0)):
        for sign in (-1, 1):
            overlap = Overlap(np.array([100 + sign * apart]), np.array([100]), LENGTH)
            assert nearest_distance(bank + 1, bank, overlap).tolist() == [expected]


def test_where_nothing_is_left_to_compare_with_it_is_infinitely_far() -> None:
    starts = np.arange(3)
    overlap = Overlap(starts, starts, LENGTH)
    assert np.isinf(nearest_distance(rows(3), rows(3), overlap)).all()
    assert np.isinf(nearest_in_runs(rows(3), rows(3), overlap)).all()
    assert np.isinf(nearest_in_runs(rows(3), rows(2, seed=1), runs=3)).sum() == 3  # the third run has no row


def test_an_overlap_that_concerns_no_window_changes_nothing() -> None:
    windows, bank = rows(5), rows(20, seed=1)
    overlap = Overlap(np.arange(5), np.arange(1000, 1020), LENGTH)
    assert np.array_equal(nearest_distance(windows, bank, overlap), nearest_distance(windows, bank))


@pytest.mark.parametrize("points", [6, 32])
def test_distances_do_not_depend_on_the_number_of_windows_in_a_call(points: int) -> None:
    """A stream asks for one window at a time, a batch for all: the scores must be the same to the last bit."""
    windows, bank = rows(700, points), rows(900, points, seed=1)
    whole = nearest_distance(windows, bank)
    for size in (1, 37, 512):
        pieces = [nearest_distance(windows[begin : begin + size], bank) for begin in range(0, len(windows), size)]
        assert np.concatenate(pieces).tobytes() == whole.tobytes()


def test_blocks_change_no_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    windows, bank = rows(200), rows(100, seed=1)
    whole = nearest_distance(windows, bank), nearest_in_runs(windows, bank)
    monkeypatch.setattr(retrieval, "MOST_DISTANCES", 1)
    monkeypatch.setattr(nearest, "MOST_DISTANCES", 1)
    assert np.array_equal(nearest_distance(windows, bank), whole[0])
    assert np.allclose(nearest_in_runs(windows, bank), whole[1], atol=1e-4)


def test_the_nearest_distance_of_large_rows_is_exact() -> None:
    """Squares of large numbers leave no digits for a small difference: the product alone would say 0 or too much."""
    bank = rows(50, 8) * 1000
    away = nearest_distance(bank + np.float32(0.5), bank)
    assert away == pytest.approx(0.5, rel=1e-3)
    assert nearest_distance(bank, bank).tolist() == [0.0] * 50
    assert np.isfinite(nearest_in_runs(bank, bank)).all()  # never the root of a negative number


def test_no_windows_have_no_distances() -> None:
    assert nearest_distance(rows(0), rows(4)).shape == (0,)
    assert nearest_in_runs(rows(0), rows(4)).shape == (0, retrieval.RUNS)


@pytest.mark.parametrize("runs", [1, 3, 4, 10])
def test_rarity_is_the_mean_of_the_smallest_distances_there_are(runs: int) -> None:
    chance = np.random.default_rng(0)
    distances = chance.random((40, 8)).astype(np.float32)
    distances[chance.random((40, 8)) < 0.5] = np.inf
    distances[0] = np.inf
    assert rarity(distances, runs) == pytest.approx([naive.rarity(row, runs) for row in distances])
    assert rarity(distances, runs)[0] == 0  # nothing to compare with is not strange


def test_what_happened_once_is_rarer_than_what_happened_often() -> None:
    """One near run of eight says that it has happened once; the mean over four tells that from usual."""
    once, often = np.full(8, 1.0), np.full(8, 1.0)
    once[2], often[:4] = 0.0, 0.1
    assert rarity(once[None], 1)[0] < rarity(often[None], 1)[0]
    assert rarity(once[None], 4)[0] > 5 * rarity(often[None], 4)[0]
