"""Values never seen before, in channels that hardly move: constants and flags. Their windows have no shape to compare.

A flag that toggles more often, or together with another, is not told; a flag that takes a third value is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

NEAR = 0.5  # scaled units: a constant's unit is a hundredth of its size, a flag's steps are about 2


@dataclass(frozen=True)
class Novelty:
    """The values that channels took in training.

    Args:
        still: (C,) channels that took one value or two.
        low, high: (C,) those values, scaled.
        weight: what a value never seen adds to a score, in the series' own deviations.
    """

    still: Booleans
    low: Floats
    high: Floats
    weight: float

    @classmethod
    def fit(cls, filled: NDArray[np.floating], missing: Booleans, weight: float) -> Novelty:
        """From scaled training values (T, C) and which of them are fillings-in."""
        absent = missing.all(axis=0)  # such a channel is at 0, as its filled values are
        there = ~missing | absent
        low = np.min(filled, axis=0, initial=np.inf, where=there)
        high = np.max(filled, axis=0, initial=-np.inf, where=there)
        between = (there & (filled != low) & (filled != high)).any(axis=0)
        return cls(~between, low.astype(np.float64), high.astype(np.float64), weight)

    @property
    def moving(self) -> Booleans:
        """(C,) the channels whose windows have shapes: neither constants nor flags, or the flags where all are such."""
        flags = self.still & (self.low < self.high)
        return flags if self.still.all() else ~self.still

    @classmethod
    def none(cls, channels: int) -> Novelty:
        """Sees nothing."""
        return cls(np.zeros(channels, np.bool_), np.zeros(channels), np.zeros(channels), 0.0)

    def of(self, values: NDArray[np.floating], missing: Booleans | None) -> Floats:
        """(T, C): the weight where a value is new, else 0; a missing value is not new."""
        away = np.minimum(np.abs(values - self.low), np.abs(values - self.high))
        new = self.still & (away > NEAR)
        if missing is not None:
            new &= ~missing
        return np.where(new, self.weight, 0.0)
