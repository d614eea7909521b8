"""Windows that are drawn before the rows are read: which are kept, and that only those can be had."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.seeding import generator
from anomalyllm.training.drawing import TRIES, Drawn, candidates
from anomalyllm.windows.kept import KeptWindows

LENGTH, ROWS = 8, 200
VALUES = np.random.default_rng(0).standard_normal((ROWS, 2)).astype(np.float32)


def drawn(lines: np.ndarray) -> Drawn:
    return Drawn(lines, np.empty((len(lines), 2, LENGTH), np.float32), 0.1, 0.5)


def fed(one: Drawn, missing: np.ndarray, size: int) -> Drawn:
    """All rows, `size` at a time, each part with the window that may end in it."""
    for begin in range(0, ROWS, size):
        first = max(0, begin - LENGTH + 1)
        part = slice(first, begin + size)
        one.take(first, VALUES[part], missing[part])
    return one


def test_the_first_candidate_is_what_would_be_drawn_once() -> None:
    def draw(chance: np.random.Generator) -> np.ndarray:
        return chance.integers(0, 1000, 5)

    found = candidates(draw, 3, "strata")
    assert found.shape == (5, TRIES)
    assert found[:, 0].tolist() == draw(generator(3, "strata")).tolist()
    assert len({*found.ravel().tolist()}) > 5
    given = candidates(draw, 3, "strata", first=np.arange(5))
    assert given[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert np.array_equal(given[:, 1:], found[:, 1:])


@pytest.mark.parametrize("size", [1, 7, 50, ROWS])
def test_the_first_window_without_gaps_is_kept(size: int) -> None:
    """In the order of the candidates, not of the rows, and whatever the parts in which rows come."""
    missing = np.zeros((ROWS, 2), bool)
    missing[40:60] = True  # a gap
    missing[100:140, 0] = True  # half of the values
    lines = np.array([[150, 10], [50, 170], [45, 110], [10, 150], [44, 46], [ROWS - LENGTH, 0]])
    one = fed(drawn(lines), missing, size)
    assert one.starts.tolist() == [150, 170, 110, 10, -1, ROWS - LENGTH]
    assert one.whole().tolist() == [True, True, False, True, False, True]
    assert one.usable().tolist() == [True, True, True, True, False, True]
    for start, window in zip(one.starts, one.windows, strict=True):
        if start >= 0:
            assert np.array_equal(window, VALUES[start : start + LENGTH].T)


def test_a_window_with_gaps_gives_way_to_one_without_that_comes_later() -> None:
    missing = np.zeros((ROWS, 2), bool)
    missing[20:24] = True
    one = drawn(np.array([[20, 90]]))
    one.take(0, VALUES[:50], missing[:50])
    assert (one.starts.tolist(), one.whole().tolist()) == ([20], [False])
    one.take(43, VALUES[43:], missing[43:])
    assert (one.starts.tolist(), one.whole().tolist()) == ([90], [True])


def test_nothing_drawn_is_nothing_kept() -> None:
    one = fed(drawn(np.zeros((0, 2), np.int64)), np.zeros((ROWS, 2), bool), 50)
    assert len(one.whole()) == 0


def test_kept_windows_stand_for_the_series_and_no_other_can_be_had() -> None:
    windows = np.stack([VALUES[start : start + LENGTH].T for start in (30, 5, 5)])
    kept = KeptWindows(ROWS, np.array([30, 5, 5]), windows)
    assert len(kept) == ROWS - LENGTH + 1
    assert kept.shape == (len(kept), 2, LENGTH)
    assert np.array_equal(kept[np.array([5, 30, 5])], windows[[1, 0, 1]])
    for other in (4, 31):
        with pytest.raises(IndexError):
            kept[np.array([5, other])]
