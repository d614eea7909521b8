"""What is usual: evidence in units of its own spread on normal data, and one score from many channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SMALLEST_SPREAD = 0.1  # both kinds of evidence are near 1 for an anomaly: a still channel must not drown the others
UNJUDGED = 0.0
"""Score where nothing can be said: a point that no window covers, a channel with too much missing."""


@dataclass(frozen=True)
class Calibration:
    """Where one kind of evidence lies on normal data.

    Args:
        centre: (G,) its median.
        spread: (G,) from the median to a high quantile; above 0.
    """

    centre: Floats
    spread: Floats

    @classmethod
    def fit(cls, evidence: Floats, quantile: float) -> Calibration:
        """From evidence (W, G) on held-out normal windows, for each group by itself."""
        centre = np.median(evidence, axis=0)
        spread = np.quantile(evidence, quantile, axis=0) - centre
        return cls(centre, np.maximum(spread, SMALLEST_SPREAD))

    @classmethod
    def none(cls, groups: int) -> Calibration:
        """Leaves evidence as it is."""
        return cls(np.zeros(groups), np.ones(groups))

    def apply(self, evidence: Floats) -> Floats:
        """Evidence (W, G) in spreads from the centre: 0 is the middle of what is normal, 1 its border."""
        return np.clip((evidence - self.centre) / self.spread, -1e12, 1e12)


def to_score(standardised: Floats) -> Floats:
    """Calibrated evidence as a score above 0: itself from 1 on, below that falling towards 0; order is kept."""
    return np.where(standardised >= 1, standardised, np.exp(np.minimum(standardised, 1.0) - 1))


def combine(scores: Floats, power: float) -> Floats:
    """One score from groups (W, G) -> (W,): the power mean. Power 1 is the mean, a large one the largest."""
    largest = np.maximum(scores.max(axis=1, keepdims=True), 1e-30)  # scaled first: powers do not overflow
    mean = np.mean((scores / largest) ** power, axis=1) ** (1 / power)
    combined: Floats = np.where(largest[:, 0] > 1e-30, mean * largest[:, 0], 0.0)
    return combined
