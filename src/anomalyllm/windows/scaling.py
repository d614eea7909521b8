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
        return cls.of(mean, np.sqrt((spread**2).sum(axis=0) / count))

    @classmethod
    def of(cls, mean: Floats, deviation: Floats) -> Scaler:
        """From means and standard deviations (C,)."""
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


def last_seen(scaled: Floats, before: Floats) -> Floats:
    """The last value that is not missing in each channel of (T, C), or `before` (C,)."""
    present = np.isfinite(scaled)
    rows = np.where(present, np.arange(len(scaled))[:, None], -1).max(axis=0)
    values = scaled[np.maximum(rows, 0), np.arange(scaled.shape[1])]
    return np.where(rows >= 0, values, before)


class RunningMoments:
    """Means and deviations of rows that arrive in blocks; NaN counts as missing.

    Blocks are merged by the formulae of Chan, Golub and LeVeque (1979), which lose nothing where the mean is large
    beside the deviation. They equal those of `Scaler.fit` within rounding, and hang on where the blocks are cut.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        self._count = np.zeros(channels)
        self._mean = np.zeros(channels)
        self._squares = np.zeros(channels)  # sum of squared differences from the mean

    def take(self, values: Floats) -> None:
        """The next rows (n, C), at least one."""
        present = np.isfinite(values)
        count = present.sum(axis=0)
        mean = np.where(present, values, 0.0).sum(axis=0) / np.maximum(count, 1)
        squares = (np.where(present, values - mean, 0.0) ** 2).sum(axis=0)
        total = np.maximum(self._count + count, 1)
        away = mean - self._mean
        self._squares += squares + away**2 * (self._count * count / total)
        self._mean += away * (count / total)
        self._count += count

    def scaler(self) -> Scaler:
        """By all rows so far."""
        return Scaler.of(self._mean, np.sqrt(self._squares / np.maximum(self._count, 1)))
