"""Which normal windows lie nearest: the prototypes that the pretrained pair is shown.

A prototype is another one or it is not, and the pair's score hangs on which. So products are taken in float64 and
rounded to float32 before they are compared: what libraries of matrix products do differently is gone by then, and
rows that no float32 can tell apart are named in the order of the bank, on every machine and in every number of windows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomalyllm.model.nearest import MOST_DISTANCES, Overlap

Rows = NDArray[np.float32]
Indices = NDArray[np.int64]

FEWEST = 32  # windows of one product


def nearest_rows(windows: Rows, bank: Rows, count: int, overlap: Overlap | None = None) -> Indices:
    """Which `count` rows of `bank` (B, P) lie nearest to each of `windows` (W, P), nearest first; indices (W, count).

    At most one from each of 2 · `count` runs: a window's neighbours one sample on are one occasion, not several. Where
    fewer are left to compare with, the nearest is named again.
    """
    runs = min(2 * count, len(bank))
    table = _padded(bank, runs)
    of_run = table.shape[1] // runs
    best = np.minimum(np.arange(count), runs - 1)
    found = np.empty((len(windows), count), dtype=np.int64)
    step = max(FEWEST, MOST_DISTANCES // table.shape[1])
    for begin in range(0, len(windows), step):
        part = slice(begin, begin + step)
        partial = _partial_squares(windows[part], table)
        if overlap is not None:
            overlap.of(part).bar(partial[None, None, None])
        by_run = partial.reshape(-1, runs, of_run)
        places = by_run.argmin(axis=2)
        least = np.take_along_axis(by_run, places[:, :, None], axis=2)[:, :, 0]
        order = least.argsort(axis=1, kind="stable")[:, best]
        order = np.where(np.isfinite(np.take_along_axis(least, order, axis=1)), order, order[:, :1])
        found[part] = np.take_along_axis(places + np.arange(runs) * of_run, order, axis=1)
    return np.minimum(found, len(bank) - 1)


def _partial_squares(windows: Rows, table: NDArray[np.float64]) -> Rows:
    """Squared distances of windows to the columns of a padded table, less the windows' own squares; (W, B')."""
    # |q - b|² - |q|² in one product: the table carries the squares as one more number
    asked = np.ones((len(windows), len(table)))
    asked[:, :-1] = -2 * windows.astype(np.float64)
    partial: Rows = (asked @ table).astype(np.float32)
    return partial


def _padded(bank: Rows, runs: int) -> NDArray[np.float64]:
    """(P + 1, B'): the bank's rows with their squares, as columns, and infinitely far ones until runs are equal."""
    count, points = bank.shape
    table = np.zeros((count + -count % runs, points + 1))
    table[:count, :-1] = bank
    table[:count, -1] = (table[:count, :-1] ** 2).sum(axis=1)
    table[count:, -1] = np.inf
    return np.ascontiguousarray(table.T)
