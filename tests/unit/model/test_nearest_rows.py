"""Which normal windows lie nearest: against a slow search, without a window's own neighbours, in small banks."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.model import retrieval
from anomalyllm.model.nearest import Overlap
from anomalyllm.model.nearest_rows import nearest_rows


def rows(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32)


def slowly(windows: np.ndarray, bank: np.ndarray, count: int, barred: np.ndarray | None = None) -> np.ndarray:
    """The nearest of each of 2 · count runs, and of those the nearest ones, by loops."""
    size = -(-len(bank) // (2 * count))
    found = []
    for number, window in enumerate(windows):
        distance = ((bank - window) ** 2).sum(axis=1)
        if barred is not None:
            distance[barred[number]] = np.inf
        firsts = range(0, len(bank), size)
        best = [first + int(distance[first : first + size].argmin()) for first in firsts]
        best = sorted((index for index in best if np.isfinite(distance[index])), key=lambda index: distance[index])
        found.append((best + best[:1] * count)[:count])
    return np.array(found)


@pytest.mark.parametrize("size", [64, 61, 16, 9])
def test_it_agrees_with_a_slow_search(size: int) -> None:
    windows, bank = rows(40), rows(size, 1)
    assert np.array_equal(nearest_rows(windows, bank, 4), slowly(windows, bank, 4))


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    windows, bank = rows(100), rows(64, 1)
    whole = nearest_rows(windows, bank, 4)
    monkeypatch.setattr(retrieval, "MOST_DISTANCES", 1)
    assert np.array_equal(nearest_rows(windows, bank, 4), whole)


def test_a_window_does_not_find_what_it_overlaps() -> None:
    bank = rows(64)
    starts = np.arange(64) * 2
    found = nearest_rows(bank, bank, 4, Overlap(starts, starts, 10))
    apart = np.abs(starts[found] - starts[:, None])
    assert apart.min() >= 10
    barred = np.abs(starts[None] - starts[:, None]) < 10
    assert np.array_equal(found, slowly(bank, bank, 4, barred))


def test_one_occasion_is_named_once() -> None:
    """A bank at a small stride has each occasion many times; four of them would say nothing of what is usual."""
    bank = np.repeat(rows(8), 8, axis=0)
    found = nearest_rows(rows(5, 2), bank, 4)
    assert all(len(set(row // 8)) == 4 for row in found)


def test_a_bank_of_fewer_rows_names_the_nearest_again() -> None:
    bank = rows(2)
    assert nearest_rows(bank, bank, 4).tolist() == [[0, 1, 1, 1], [1, 0, 0, 0]]
    starts = np.array([0, 5])
    assert nearest_rows(bank, bank, 4, Overlap(starts, starts, 3)).tolist() == [[1] * 4, [0] * 4]
