"""Baselines that judge points: chance, nothing, the moving z-score, the largest second difference."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from anomalyllm.evaluation.baselines.base import Floats, PointBaseline, pieces
from anomalyllm.seeding import generator
from anomalyllm.windows.slicing import slide

LEAST_DEVIATION = 0.1  # of the training deviation: a flat stretch does not make the next wiggle an anomaly
HASHED = 16  # points that a random score is drawn from


class Random(PointBaseline):
    """Chance. The score is a hash of the seed and of the last 16 values, so that it keeps the contract of scorers."""

    drawn: ClassVar[bool] = True

    def _points(self, filled: Floats) -> Floats:
        padded = np.vstack([np.zeros((HASHED - 1, filled.shape[1])), filled])
        bits = np.ascontiguousarray(padded + 0.0).view(np.uint64)
        factors = generator(self.seed, "random baseline").integers(1, 1 << 62, HASHED, dtype=np.uint64) * 2 + 1
        with np.errstate(over="ignore"):  # the remainder modulo 2^64 is meant
            mixed = sum(bits[place : place + len(filled)] * factors[place] for place in range(HASHED))
            return _spread(np.asarray(mixed, dtype=np.uint64))


class Constant(PointBaseline):
    """Says the same of every point: what a metric gives to a method that has seen nothing."""

    def _points(self, filled: Floats) -> Floats:
        return np.ones_like(filled)


class MovingZScore(PointBaseline):
    """Distance of a point from the mean of the window before it, in that window's deviations."""

    def _points(self, filled: Floats) -> Floats:
        scores = np.full_like(filled, np.nan)  # the first L points have no window before them
        if len(filled) <= self.window_:
            return scores
        before, after = slide(filled[:-1], self.window_), slice(self.window_, None)  # (T - L, C, L)
        for part in pieces(len(before), before[0].size):  # deviations take a copy of all windows
            deviation = np.maximum(before[part].std(axis=-1), LEAST_DEVIATION)
            scores[after][part] = np.abs(filled[after][part] - before[part].mean(axis=-1)) / deviation
        return scores


class SecondDifference(PointBaseline):
    """|x(t-1) - 2 x(t) + x(t+1)|: finds edges and spikes, and shows how far a benchmark can be read without a model."""

    def _points(self, filled: Floats) -> Floats:
        scores = np.zeros_like(filled)
        scores[1:-1] = np.abs(np.diff(filled, 2, axis=0))
        return scores


def _spread(bits: NDArray[np.uint64]) -> Floats:
    """Numbers in (0, 1] from 64-bit words, mixed so that neighbours share nothing (the finaliser of SplitMix64)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return ((bits ^ (bits >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54
