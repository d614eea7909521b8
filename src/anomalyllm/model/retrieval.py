"""Retrieval: how far a window is from the nearest normal windows. Exact, by blocks of one matrix product each.

The bank is divided into runs of neighbouring windows, and the nearest of each run is taken: what lies near one run
only has happened once, what lies near many is usual. No distance is kept but those.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

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


def _partial_squares(windows: Rows, table: Tensor, overlap: Overlap | None) -> Iterator[tuple[slice, Tensor]]:
    """Squared distances of windows to the columns of a padded table, less the windows' own squares, block by block."""
    queries = torch.from_numpy(windows)
    step = max(32, MOST_DISTANCES // table.shape[1])
    for begin in range(0, len(queries), step):
        block = queries[begin : begin + step]
        # |q - b|² - |q|² in one product: the table carries the squares as one more number
        partial = torch.cat([-2 * block, torch.ones(len(block), 1)], dim=1) @ table
        rows = slice(begin, begin + len(block))
        if overlap is not None:
            overlap.of(rows).bar(partial.numpy()[None, None, None])
        yield rows, partial


def _padded(bank: Tensor, runs: int) -> Tensor:
    """(P + 1, B'): the bank's rows with their squares, as columns, and infinitely far ones until runs are equal."""
    table = torch.cat([bank, (bank**2).sum(dim=1, keepdim=True)], dim=1)
    missing = -len(bank) % runs
    if missing:
        far = torch.zeros(missing, table.shape[1])
        far[:, -1] = torch.inf
        table = torch.cat([table, far])
    return table.T.contiguous()


def nearest_rows(windows: Rows, bank: Rows, count: int, overlap: Overlap | None = None) -> Indices:
    """Which `count` rows of `bank` (B, P) lie nearest to each of `windows` (W, P), nearest first; indices (W, count).

    At most one from each of 2 · `count` runs: a window's neighbours one sample on are one occasion, not several. Where
    fewer are left to compare with, the nearest is named again.
    """
    runs = min(2 * count, len(bank))
    table = _padded(torch.from_numpy(bank), runs)
    firsts = torch.arange(runs) * (table.shape[1] // runs)
    best = torch.arange(count).clamp(max=runs - 1)
    found = torch.empty(len(windows), count, dtype=torch.int64)
    for rows, partial in _partial_squares(windows, table, overlap):
        least, places = partial.view(len(partial), runs, -1).min(dim=2)
        order = least.argsort(dim=1, stable=True)[:, best]
        order = torch.where(least.gather(1, order).isfinite(), order, order[:, :1])
        found[rows] = (places + firsts).gather(1, order)
    named: Indices = found.clamp(max=len(bank) - 1).numpy()
    return named
