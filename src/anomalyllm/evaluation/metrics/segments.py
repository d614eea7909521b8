"""Runs of flags as segments, and which segments of two kinds meet.

Everything that compares flags with labels (point-adjusted, event-based, range-based, delay, …) is arithmetic on the
pairs of segments that meet. There are few of them, however long the series is: that makes these metrics quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Booleans = NDArray[np.bool_]
Counts = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Segments:
    """Runs in rising order, none touching the next.

    Attributes:
        starts: (S,) first points.
        stops: (S,) the points after the last (half-open).
    """

    starts: Counts
    stops: Counts

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def lengths(self) -> Counts:
        """(S,) in points."""
        return self.stops - self.starts

    @cached_property
    def total(self) -> int:
        """Points in all of them."""
        return int(self.lengths.sum())

    def pairs(self) -> list[tuple[int, int]]:
        """(start, stop) of each."""
        return list(zip(self.starts.tolist(), self.stops.tolist(), strict=True))


class Meetings(NamedTuple):
    """Pairs of segments that share points, in the order of `other`, then of `one`; each (M,)."""

    one: Counts  # index of the segment of one kind
    other: Counts  # index of the segment of the other kind
    shared: Counts  # points in both


def runs(flags: Booleans) -> Segments:
    """The maximal runs of true values in (n,)."""
    edges = np.flatnonzero(flags[1:] != flags[:-1]) + 1
    if flags[0]:
        edges = np.insert(edges, 0, 0)
    if flags[-1]:
        edges = np.append(edges, len(flags))
    return Segments(np.ascontiguousarray(edges[::2]), np.ascontiguousarray(edges[1::2]))


def meet(one: Segments, other: Segments) -> Meetings:
    """Every pair of a segment of `one` and a segment of `other` that share at least one point."""
    first = np.searchsorted(one.stops, other.starts, side="right")
    count = np.searchsorted(one.starts, other.stops, side="left") - first
    other_index = np.repeat(np.arange(len(other)), count)
    before = np.cumsum(count) - count  # pairs of the segments to the left
    one_index = np.arange(len(other_index)) + np.repeat(first - before, count)
    last = np.minimum(one.stops[one_index], other.stops[other_index])
    return Meetings(one_index, other_index, last - np.maximum(one.starts[one_index], other.starts[other_index]))


def sums(places: Counts, amounts: Floats | Counts, size: int) -> Floats:
    """(size,) the sum of `amounts` (M,) at each of `places` (M,)."""
    return np.bincount(places, weights=amounts, minlength=size).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Predicted segments beside labelled ones, on a series of `size` points."""

    predicted: Segments
    labelled: Segments
    size: int

    @cached_property
    def meetings(self) -> Meetings:
        """`one` is predicted, `other` labelled."""
        return meet(self.predicted, self.labelled)

    @cached_property
    def runs_met(self) -> Counts:
        """(S,) how many predicted segments meet each labelled one."""
        return np.bincount(self.meetings.other, minlength=len(self.labelled))

    @cached_property
    def covered(self) -> Floats:
        """(S,) how many points of each labelled segment are predicted."""
        return sums(self.meetings.other, self.meetings.shared, len(self.labelled))

    @cached_property
    def hits(self) -> int:
        """Predicted points that are labelled."""
        return int(self.meetings.shared.sum())

    @cached_property
    def false_points(self) -> int:
        """Predicted points that are not labelled."""
        return self.predicted.total - self.hits


def compare(predictions: Booleans, labels: Booleans) -> Comparison:
    """Flags and labels, both (n,), as segments."""
    return Comparison(runs(predictions), runs(labels), len(labels))
