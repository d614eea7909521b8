"""Volume under the surface, VUS-PR and VUS-ROC (Paparrizos et al., VLDB 2022): areas averaged over buffer widths.

For each window w = 0 … W, labels are softened by buffers of w // 2 points on both sides of each segment, in which a
point d away from the segment counts sqrt(1 - d / w); 250 thresholds at equal steps of rank give a curve.

Quick because nothing but buffers depends on w. How many points each threshold flags, and which are labelled, follows
from one sort. Inside a buffer d <= w / 2, so each contribution is at least 0.7 and two of them reach the cap of 1: of
each point only the two nearest segments matter. Points are thus counted by (distance, threshold at which they are
flagged), and a window is a product of its weights with these counts. A group of segments is found when the highest
score in it is flagged, which is followed as buffers widen. Time and memory are O(n log n + W² + W · segments) and
O(n + W).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anomalyllm.evaluation.metrics.inputs import Scored, checked_window, scored
from anomalyllm.evaluation.metrics.segments import Booleans, Counts, Floats

THRESHOLDS = 250


class Surface(NamedTuple):
    """Areas for each window 0 … W, both (W + 1,); NaN if all labels are equal."""

    precision_recall: Floats
    roc: Floats


class Volume(NamedTuple):
    """The means of a `Surface`."""

    precision_recall: float
    roc: float


def volume_under_surface(scores: ArrayLike, labels: ArrayLike, window: int) -> Volume:
    """VUS-PR and VUS-ROC, as in TSB-AD; NaN if all labels are equal. They have no fixed level of chance.

    Args:
        scores: (n,), larger = more anomalous.
        labels: (n,), 1 anomalous, 0 normal.
        window: the widest W, in points, at least 0.

    Raises:
        DataError: see `inputs.scored` and `inputs.checked_window`.
    """
    return ranked_volume(scored(scores, labels), checked_window(window))


def surface(scores: ArrayLike, labels: ArrayLike, window: int) -> Surface:
    """The areas of each window; arguments and errors are those of `volume_under_surface`."""
    return ranked_surface(scored(scores, labels), checked_window(window))


def ranked_volume(case: Scored, window: int) -> Volume:
    """`volume_under_surface` of what is checked and sorted."""
    areas = ranked_surface(case, window)
    return Volume(float(areas.precision_recall.mean()), float(areas.roc.mean()))


def ranked_surface(case: Scored, window: int) -> Surface:
    """`surface` of what is checked and sorted."""
    areas = Surface(np.full(window + 1, np.nan), np.full(window + 1, np.nan))
    if case.labelled.total in (0, case.size):
        return areas
    curves = _Curves(case)
    first = case.first_flagged(curves.flagged)
    counts, shares = _buffer_counts(case, first, window // 2), _found_shares(case, first)
    for half in range(window // 2 + 1):
        windows = np.arange(2 * half, min(2 * half + 1, window) + 1)  # these have the same buffers
        areas.precision_recall[windows], areas.roc[windows] = curves.areas(counts.soft(half, windows), next(shares))
    return areas


class _Curves:
    """What the 250 thresholds flag, whatever the window.

    Ranks of thresholds are cut off to whole numbers; ties are flagged together; in short series thresholds repeat.
    """

    def __init__(self, case: Scored) -> None:
        self.size = case.size
        self.labelled = case.labelled.total
        ranks = np.linspace(0, case.size - 1, THRESHOLDS).astype(np.intp)
        distinct = np.searchsorted(case.flagged, ranks, side="right")
        self.flagged = case.flagged[distinct]  # (250,)
        self.hits = case.hits[distinct]

    def areas(self, soft: Floats, found: Floats) -> tuple[Floats, Floats]:
        """Areas under precision-recall and ROC curves, both (V,), nothing interpolated.

        Args:
            soft: (V, 250) sum of flagged soft labels in buffers, for each of V windows.
            found: (250,) share of groups with a flag.
        """
        hits = self.hits + soft
        positives = self.labelled + soft / 2
        recall = np.minimum(hits / positives, 1) * found
        false_alarms = (self.flagged - hits) / (self.size - positives)
        steps = np.diff(recall, axis=1, prepend=0)
        precision_recall = (steps * (hits / self.flagged)).sum(axis=1)
        recall = np.pad(recall, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1)))
        false_alarms = np.pad(false_alarms, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1)))
        heights = (recall[:, 1:] + recall[:, :-1]) / 2
        return precision_recall, (np.diff(false_alarms, axis=1) * heights).sum(axis=1)


class _BufferCounts:
    """Unlabelled points near segments, counted by distance and by the first threshold that flags them.

    Args:
        nearest: (M,) distance to the nearest segment, 1 … reach.
        second: (M,) distance to the second nearest.
        first: (M,) the first threshold that flags the point.
        reach: the widest buffer.
    """

    def __init__(self, nearest: Counts, second: Counts, first: Counts, reach: int) -> None:
        order = np.argsort(second, kind="stable")
        self.cells = (nearest * THRESHOLDS + first)[order]
        self.first = first[order]
        self.bounds = np.searchsorted(second[order], np.arange(reach + 2))
        counts = np.bincount(self.cells, minlength=(reach + 1) * THRESHOLDS)
        self.single = counts.reshape(reach + 1, THRESHOLDS).astype(np.float64)  # points in one buffer
        self.capped = np.zeros(THRESHOLDS)  # points in two or more: they count 1
        self.reach = reach

    def soft(self, half: int, windows: Counts) -> Floats:
        """(V, 250) sum of soft labels of flagged points for `windows` (V,) with buffers of `half`; `half` rises."""
        reached = min(half, self.reach)
        if half == reached:
            moved = slice(self.bounds[half], self.bounds[half + 1])
            np.subtract.at(self.single.reshape(-1), self.cells[moved], 1)
            self.capped += np.bincount(self.first[moved], minlength=THRESHOLDS)
        weights = np.sqrt(1 - np.arange(1, reached + 1) / windows[:, None])
        # Not @: on so small a product, threads of a busy machine wait for each other longer than they work.
        added = np.einsum("vd,dk->vk", weights, self.single[1 : reached + 1]) + self.capped
        soft: Floats = np.cumsum(added, axis=1)
        return soft


def _buffer_counts(case: Scored, first: NDArray[np.uint8], widest: int) -> _BufferCounts:
    reach = min(widest, case.size)
    points = np.flatnonzero(_near(case, reach))
    far = 2 * case.size + 1
    starts = np.concatenate([case.labelled.starts, [far, far]])
    lasts = np.concatenate([[-far, -far], case.labelled.stops - 1])
    right = np.searchsorted(case.labelled.starts, points)
    behind, behind_that = points - lasts[right + 1], points - lasts[right]
    ahead, ahead_of_that = starts[right] - points, starts[right + 1] - points
    nearest = np.minimum(behind, ahead)
    second = np.minimum(np.maximum(behind, ahead), np.minimum(behind_that, ahead_of_that))
    return _BufferCounts(nearest, second, first[points].astype(np.intp), reach)


def _near(case: Scored, reach: int) -> Booleans:
    """(n,) whether an unlabelled point is at most `reach` points from a segment."""
    changes = np.zeros(case.size + 1, dtype=np.int32)
    np.add.at(changes, np.maximum(case.labelled.starts - reach, 0), 1)
    np.add.at(changes, np.minimum(case.labelled.stops + reach, case.size), -1)
    near: Booleans = (np.cumsum(changes[:-1]) > 0) & ~case.labels
    return near


def _found_shares(case: Scored, first: NDArray[np.uint8]) -> Iterator[Floats]:
    """For buffers of 0, 1, 2, … points: (250,) the share of groups in which each threshold flags a point.

    Segments whose buffers share a point are one group.
    """
    starts, lasts = case.labelled.starts, case.labelled.stops - 1
    gaps = starts[1:] - lasts[:-1]
    best = np.minimum.reduceat(np.where(case.labels, first, np.uint8(THRESHOLDS)), starts)
    half = 0
    while True:
        np.minimum(best, first[np.maximum(starts - half, 0)], out=best)
        np.minimum(best, first[np.minimum(lasts + half, case.size - 1)], out=best)
        groups = np.append(0, np.flatnonzero(gaps > 2 * half) + 1)
        found = np.bincount(np.minimum.reduceat(best, groups), minlength=THRESHOLDS)
        yield np.cumsum(found) / len(groups)
        half += 1
