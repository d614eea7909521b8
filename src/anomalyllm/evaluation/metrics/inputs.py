"""What every metric is given: checked once, sorted once.

Labels of any numeric type hold 0 and 1; unsigned and boolean ones mean the same as signed ones.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anomalyllm.data.wording import kind_name, plural
from anomalyllm.errors import DataError
from anomalyllm.evaluation.metrics.segments import Booleans, Counts, Floats, Segments, runs


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores and labels that fit together; what several metrics need of them is computed on first use.

    Attributes:
        scores: (n,), finite, larger = more anomalous; n is at least 1.
        labels: (n,), true where anomalous.
    """

    scores: Floats
    labels: Booleans

    @property
    def size(self) -> int:
        """Number of points n."""
        return len(self.scores)

    @cached_property
    def labelled(self) -> Segments:
        """The runs of labels."""
        return runs(self.labels)

    @cached_property
    def order(self) -> Counts:
        """(n,) points from the highest score to the lowest; of ties, in no special order."""
        return np.argsort(self.scores)[::-1]

    @cached_property
    def falling(self) -> Floats:
        """(n,) the scores from the highest to the lowest."""
        return self.scores[self.order]

    @cached_property
    def flagged(self) -> Counts:
        """(m,) for each distinct score v, falling, the number of points with score >= v."""
        return np.append(np.flatnonzero(self.falling[1:] != self.falling[:-1]) + 1, self.size)

    @cached_property
    def hits(self) -> Counts:
        """(m,) how many of `flagged` are labelled."""
        hits: Counts = np.cumsum(self.labels[self.order], dtype=np.intp)
        return hits[self.flagged - 1]

    def first_flagged(self, flagged: Counts) -> NDArray[np.uint8]:
        """(n,) for each point the first prediction that flags it, K where none does.

        Args:
            flagged: (K,), rising, how many points each of K <= 255 predictions flags; the highest scores come first.
        """
        turns = np.diff(flagged, prepend=0, append=self.size)
        first = np.empty(self.size, dtype=np.uint8)
        first[self.order] = np.repeat(np.arange(len(turns), dtype=np.uint8), turns)
        return first


def scored(scores: ArrayLike, labels: ArrayLike) -> Scored:
    """Scores and labels, checked.

    Raises:
        DataError: empty, unequal lengths, more than one dimension, NaN or infinite scores, labels other than 0 and 1.
    """
    checked = checked_scores(scores)
    return Scored(checked, checked_binary(labels, "labels", len(checked)))


def checked_scores(scores: ArrayLike) -> Floats:
    """Scores (n,).

    Raises:
        DataError: empty, more than one dimension, NaN or infinite scores.
    """
    checked = _vector(scores, "scores").astype(np.float64)
    bad = ~np.isfinite(checked)
    if bad.any():
        point = int(np.argmax(bad))
        came = f"{checked[point]} at point {point}"
        raise DataError("finite scores", came, "leave such points out of scores and labels, or score them")
    return checked


def checked_pair(predictions: ArrayLike, labels: ArrayLike) -> tuple[Booleans, Booleans]:
    """Flags and labels as booleans, both (n,).

    Raises:
        DataError: empty, unequal lengths, more than one dimension, values other than 0 and 1.
    """
    flags = checked_binary(predictions, "predictions")
    return flags, checked_binary(labels, "labels", len(flags))


def checked_binary(values: ArrayLike, name: str, size: int | None = None) -> Booleans:
    """Zeros and ones of any numeric type as booleans (n,); `size` is the length they should have.

    Raises:
        DataError: empty, another length, more than one dimension, other values.
    """
    checked = _vector(values, name)
    if size is not None and len(checked) != size:
        came = f"{plural(len(checked), 'label', 'labels')} for {plural(size, 'point', 'points')}"
        raise DataError("a label for each point", came, "give both for the same points")
    bad = (checked != 0) & (checked != 1)
    if bad.any():
        point = int(np.argmax(bad))
        raise DataError(f"0 or 1 in {name}", f"{checked[point]} at point {point}", "use 0 for normal, 1 for anomalous")
    ones: Booleans = checked != 0
    return ones


def checked_window(window: int) -> int:
    """The window of VUS, in points.

    Raises:
        DataError: not a whole number of at least 0.
    """
    try:
        checked = operator.index(window)
    except TypeError:
        checked = -1
    if checked < 0:
        remedy = "give the period of the series (dominant_lag finds one), or 0 for no buffers"
        raise DataError("window to be a whole number of points, at least 0", repr(window), remedy)
    return checked


def _vector(values: ArrayLike, name: str) -> NDArray[Any]:
    """One number per point, at least one."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of unequal length
        array = np.asarray(values, dtype=object)
    if array.ndim != 1:
        raise DataError(f"{name} of one dimension", f"shape {array.shape}", "give one value per point")
    if not len(array):
        raise DataError(f"at least one point in {name}", "none", "check that the series is not empty")
    if array.dtype.kind not in "biuf":
        raise DataError(f"numbers in {name}", f"{kind_name(array)} values", "convert them to numbers first")
    return array
