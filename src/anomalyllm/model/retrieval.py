"""Retrieval: how far a window is from the nearest normal windows. Exact, by blocks of one matrix product each.

The bank is divided into runs of neighbouring windows, and the nearest of each run is taken: what lies near one run
only has happened once, what lies near many is usual. No distance is kept but those.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomalyllm.model.nearest import MOST_DISTANCES, QUERIES, Block, Overlap, Table
from anomalyllm.model.threads import divided

Rows = NDArray[np.float32]
Indices = NDArray[np.int64]

RUNS = 8  # of a bank: enough to tell once from often


def nearest_in_runs(windows: Rows, bank: Rows, overlap: Overlap | None = None, runs: int = RUNS) -> Rows:
    """Root mean square distance of windows (W, P) to the nearest row of each run of `bank` (B, P); (W, runs).

    A run of which nothing is left to compare with is infinitely far. Good to the digits of a product.
    """
    of_run = -(-len(bank) // runs)
    order = np.minimum(np.arange(runs * of_run), len(bank) - 1).reshape(runs, of_run)  # a short run says its last again
    table = Table.of(bank[order])
    least = np.empty((runs, len(windows)), dtype=np.float32)
    step = max(QUERIES, MOST_DISTANCES // (runs * of_run) // QUERIES * QUERIES)

    def look(begin: int) -> None:
        part = slice(begin, begin + step)
        block = Block.of(table, np.broadcast_to(windows[part], (runs, *windows[part].shape)))
        partial = block.partial_squares()
        if overlap is not None:
            for run, rows in enumerate(order):
                barred = Overlap(overlap.starts[part], overlap.bank_starts[rows], overlap.length)
                barred.bar(partial[run : run + 1])
        least[:, part] = partial.min(axis=4).min(axis=2).reshape(runs, -1)[:, : block.count]

    divided(look, range(0, len(windows), step))
    least[np.arange(runs) * of_run >= len(bank)] = np.inf
    squares = least.T + (windows**2).sum(axis=1, keepdims=True)
    distances: Rows = np.sqrt(np.maximum(squares / np.float32(windows.shape[1]), 0))
    return distances


def nearest_distance(windows: Rows, bank: Rows, overlap: Overlap | None = None) -> Rows:
    """Root mean square distance of windows (W, P) to the nearest row of `bank` (B, P); (W,), infinite without one."""
    distance: Rows = np.sqrt(Table.of(bank[None]).mean_squares(windows[None], overlap)[0])
    return distance


def rarity(distances: Rows, runs: int) -> Rows:
    """Mean of the `runs` smallest distances (W, R) to runs; (W,), 0 where there is nothing to compare with."""
    finite = np.where(np.isfinite(distances), distances, np.nan)
    smallest = np.sort(finite, axis=1)[:, :runs]  # NaN is last
    there = np.isfinite(smallest)
    total = np.where(there, smallest, 0).sum(axis=1)
    mean: Rows = total / np.maximum(there.sum(axis=1), 1)
    return mean
