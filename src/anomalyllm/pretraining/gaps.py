"""Missing values, as recordings have them: and what the product makes of them, so that a filled gap is normal."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomalyllm.pretraining.normal import Chance, Values
from anomalyllm.windows.scaling import carry_forward

Booleans = NDArray[np.bool_]

SHORT = (1, 6)  # points, half open
LONG = (0.25, 2.0)  # periods
SHORT_RATE = (0.002, 0.02)  # gaps per point
LONG_EVERY = (1000, 3000)  # points, about one gap
REGULAR = (12, 120)  # points from one drop-out to the next; it lasts at most a twelfth of that
REGULAR_SHARE = 12


class Part(NamedTuple):
    """A part of a series: what happened, and which of it was not recorded."""

    values: Values  # (T,) whole, in deviations of the training part
    missing: Booleans  # (T,)

    @classmethod
    def whole(cls, values: Values) -> Part:
        """Without gaps."""
        return cls(values, np.zeros(len(values), dtype=np.bool_))

    @property
    def filled(self) -> Values:
        """As the product fills it: a missing value repeats the last one seen; (T,)."""
        if not self.missing.any():
            return self.values
        return carry_forward(np.where(self.missing, np.nan, self.values)[:, None])[:, 0]


def gaps(chance: Chance, rows: int, period: float) -> Booleans:
    """Which points are missing (T,): short gaps at any time, a few long ones, or regular drop-outs."""
    missing = np.zeros(rows, dtype=np.bool_)
    kind = chance.integers(3)
    if kind == 0:
        starts = np.flatnonzero(chance.random(rows) < chance.uniform(*SHORT_RATE))
        lengths = chance.integers(*SHORT, size=len(starts))
    elif kind == 1:
        starts = chance.integers(0, rows, size=1 + rows // int(chance.integers(*LONG_EVERY)))
        lengths = np.ceil(period * chance.uniform(*LONG, size=len(starts))).astype(np.int64)
    else:
        apart = int(chance.integers(*REGULAR))
        starts = np.arange(chance.integers(0, apart), rows, apart)
        lengths = np.full(len(starts), chance.integers(1, apart // REGULAR_SHARE + 1))
    for start, length in zip(starts, lengths, strict=True):
        missing[start : start + length] = True
    return missing
