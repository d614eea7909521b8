"""Long series made short for drawing, without losing a spike, a gap or the ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Line:
    """The points of one curve in drawing order; a NaN value lifts the pen.

    Attributes:
        rows: (N,) rows of the series, never falling; a break in time repeats the row after it, NaN first.
        values: (N,) the series' own values at those rows.
    """

    rows: NDArray[np.int64]
    values: NDArray[np.float64]


def thin(values: NDArray[np.float64], buckets: int) -> NDArray[np.int64]:
    """Rows to draw, (N,) rising: the lowest and highest of about `buckets` equal stretches, and both ends.

    A stretch without any finite value keeps its first row, so that the gap stays a gap. Up to 2 * `buckets`
    values are kept whole.
    """
    count = len(values)
    if count <= 2 * buckets:
        return np.arange(count, dtype=np.int64)
    size = -(-count // buckets)
    stretches = -(-count // size)
    padded = np.full(stretches * size, np.nan)
    padded[:count] = values
    table = padded.reshape(stretches, size)
    finite = np.isfinite(table)
    starts = np.arange(stretches, dtype=np.int64) * size
    lowest = starts + np.where(finite, table, np.inf).argmin(axis=1)
    highest = starts + np.where(finite, table, -np.inf).argmax(axis=1)
    return np.unique(np.concatenate([lowest, highest, [0, count - 1]]))


def gap_rows(values: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Rows at the edges of missing stretches: the value before, the first missing one, the value after.

    Only the `most` longest stretches are given: what is kept must stay small.
    """
    missing = np.concatenate([[False], ~np.isfinite(values), [False]])
    edges = np.flatnonzero(missing[1:] != missing[:-1])
    starts, stops = edges[0::2], edges[1::2]
    longest = np.argsort(starts - stops, kind="stable")[:most]
    rows = np.concatenate([starts[longest] - 1, starts[longest], stops[longest]])
    return np.unique(rows[(rows >= 0) & (rows < len(values))]).astype(np.int64)


def line(values: NDArray[np.float64], rows: NDArray[np.int64], breaks: NDArray[np.int64]) -> Line:
    """The curve through `rows`, with the pen lifted before each row in `breaks` (the first after a break)."""
    drawn = values[rows]
    drawn = np.where(np.isfinite(drawn), drawn, np.nan)
    at = np.searchsorted(rows, breaks)
    inside = (at > 0) & (at < len(rows))
    return Line(np.insert(rows, at[inside], breaks[inside]), np.insert(drawn, at[inside], np.nan))
