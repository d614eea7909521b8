"""Scaling by statistics of the training part, and what stands in for missing values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDING = 1e-13  # of the mean: a deviation that float64 cannot tell from none
CONSTANT_UNIT = 0.01  # of its size, for a channel that was constant: so much is a change

CLIP = 1e4
"""Standard deviations beyond which a scaled value is cut: squares stay far inside float32."""


@dataclass(frozen=True)
class Scaler:
    """z-score of each channel, with the statistics of training data alone.

    Args:
        mean: (C,) in the channel's units.
        deviation: (C,), never 0: a channel that was constant is measured in hundredths of its size (at least 0.1).
        constant: (C,) whether the channel was constant (or wholly missing) in training.
    """

    mean: Floats
    deviation: Floats
    constant: NDArray[np.bool_]

    @classmethod
    def fit(cls, values: Floats) -> Scaler:
        """From training values (T, C); NaN counts as missing."""
        present = np.isfinite(values)
        count = np.maximum(present.sum(axis=0), 1)
        filled = np.where(present, values, 0.0)
        mean = filled.sum(axis=0) / count
        spread = np.where(present, values - mean, 0.0)
        deviation = np.sqrt((spread**2).sum(axis=0) / count)
        constant = deviation <= ROUNDING * np.maximum(np.abs(mean), 1e-30)
        own_unit = np.maximum(CONSTANT_UNIT * np.abs(mean), 10 * CONSTANT_UNIT)
        return cls(mean, np.where(constant, own_unit, deviation), constant)

    def apply(self, values: Floats) -> Floats:
        """Scaled copy of (T, C), cut at ± CLIP; NaN stays NaN."""
        return np.clip((values - self.mean) / self.deviation, -CLIP, CLIP)

    def invert(self, scaled: Floats) -> Floats:
        """Scaled values (..., C) back in the channels' units."""
        return scaled * self.deviation + self.mean


def carry_forward(scaled: Floats, before: Floats | None = None) -> Floats:
    """A copy of (T, C) in which a missing value repeats the last one seen in its channel.

    Only the past is used, so a stream gives the same. `before` (C,) is the value seen before the first row; without it
    the training mean (0 in scaled units) stands in.
    """
    first = np.zeros(scaled.shape[1]) if before is None else before
    present = np.isfinite(scaled)
    if present.all():
        return scaled.copy()
    rows = np.where(present, np.arange(1, len(scaled) + 1)[:, None], 0)
    last_seen = np.maximum.accumulate(rows, axis=0)  # 0: none yet
    padded = np.vstack([first, np.where(present, scaled, 0.0)])
    return np.take_along_axis(padded, last_seen, axis=0)
