"""Retrieval: how far a window is from the nearest normal windows. Exact, by blocks of one matrix product each.

The bank is divided into runs of neighbouring windows, and the nearest of each run is taken: what lies near one run
only has happened once, what lies near many is usual. No distance is kept but those.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Rows = NDArray[np.float32]
Indices = NDArray[np.int64]

RUNS = 8  # of a bank: enough to tell once from often
MOST_DISTANCES = 1 << 19  # computed at once: they stay in the processor's cache


class Overlap(NamedTuple):
    """Where windows and bank come from the same series, so that a window must not meet itself."""

    starts: Indices  # (W,) of the windows, ascending
    bank_starts: Indices  # (B,) ascending
    length: int  # samples: windows that begin closer than that share a point


def nearest_in_runs(windows: Rows, bank: Rows, overlap: Overlap | None = None, runs: int = RUNS) -> Rows:
    """Root mean square distance of windows (W, P) to the nearest row of each run of `bank` (B, P); (W, runs).

    A run of which nothing is left to compare with is infinitely far.
    """
    table = _padded(torch.from_numpy(bank), runs)
    queries = torch.from_numpy(np.ascontiguousarray(windows))
    least = torch.empty(len(windows), runs)
    step = max(32, MOST_DISTANCES // table.shape[1])
    for begin in range(0, len(windows), step):
        block = queries[begin : begin + step]
        # |q - b|² - |q|² in one product: the bank carries its squares as one more number
        partial = torch.cat([-2 * block, torch.ones(len(block), 1)], dim=1) @ table
        if overlap is not None:
            _leave_out(partial, overlap, slice(begin, begin + len(block)))
        least[begin : begin + step] = partial.view(len(block), runs, -1).amin(dim=2)
    squares = least + (queries**2).sum(dim=1, keepdim=True)
    return torch.sqrt(torch.clamp(squares / windows.shape[1], min=0)).numpy()


def rarity(distances: Rows, runs: int) -> Rows:
    """Mean of the `runs` smallest distances (W, R) to runs; (W,), 0 where there is nothing to compare with."""
    finite = np.where(np.isfinite(distances), distances, np.nan)
    smallest = np.sort(finite, axis=1)[:, :runs]  # NaN is last
    there = np.isfinite(smallest)
    total = np.where(there, smallest, 0).sum(axis=1)
    mean: Rows = total / np.maximum(there.sum(axis=1), 1)
    return mean


def _padded(bank: Tensor, runs: int) -> Tensor:
    """(P + 1, B'): the bank's rows with their squares, as columns, and infinitely far ones until runs are equal."""
    table = torch.cat([bank, (bank**2).sum(dim=1, keepdim=True)], dim=1)
    missing = -len(bank) % runs
    if missing:
        far = torch.zeros(missing, table.shape[1])
        far[:, -1] = torch.inf
        table = torch.cat([table, far])
    return table.T.contiguous()


def _leave_out(partial: Tensor, overlap: Overlap, rows: slice) -> None:
    """Sets to infinity what a window has in common with itself; only a band of the bank is looked at."""
    starts = overlap.starts[rows]
    first = int(np.searchsorted(overlap.bank_starts, starts[0] - overlap.length, side="right"))
    last = int(np.searchsorted(overlap.bank_starts, starts[-1] + overlap.length, side="left"))
    if first < last:
        apart = np.abs(overlap.bank_starts[None, first:last] - starts[:, None])
        partial[:, first:last].masked_fill_(torch.from_numpy(apart < overlap.length), torch.inf)
