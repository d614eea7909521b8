"""What there is to tell of a series that is read block by block: the same notes as of the whole, from counts."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.handling import (
    IRREGULAR_SHARE,
    discarded_extremes,
    tell_constant,
    tell_extremes,
    tell_irregular,
    tell_missing,
    tell_repeated,
)
from anomalyllm.data.origin import Floats, Times

MOST_STEPS = 100_000  # different steps between times that are told apart; beyond this they are rounded
DIGITS = 4  # to so many


class Tally:
    """Counts of missing values, extremes and steps.

    Args:
        channels: names of C channels.
    """

    def __init__(self, channels: tuple[str, ...]) -> None:
        width = len(channels)
        self.channels = channels
        self.rows = 0
        self.repeated = 0  # rows that repeat a time and were left out
        self.missing = np.zeros(width, np.int_)
        self.low, self.high = np.full(width, np.nan), np.full(width, np.nan)
        self._first = np.zeros(width, np.int_)
        self._first_absent = np.zeros(width, np.int_)
        self._infinite, self._beyond = np.zeros(width, np.int_), np.zeros(width, np.int_)
        self._steps: Counter[int] = Counter()
        self._last_time: NDArray[np.int64] = np.zeros(0, np.int64)

    def take(self, values: Floats, times: Times | None) -> None:
        """The next rows (n, C), in order; extremes in `values` become NaN."""
        if not len(values):
            return
        missing = np.isnan(values)
        counts = missing.sum(axis=0)
        self._first = self._place_of_first(self._first, self.missing, missing)
        infinite, beyond = discarded_extremes(values)
        self._first_absent = self._place_of_first(self._first_absent, self.absent, np.isnan(values))
        self.missing += counts
        self._infinite += infinite
        self._beyond += beyond
        self.low = np.fmin(self.low, np.fmin.reduce(values, axis=0))
        self.high = np.fmax(self.high, np.fmax.reduce(values, axis=0))
        self.rows += len(values)
        if times is not None:
            self._count_steps(times)

    @property
    def absent(self) -> NDArray[np.int_]:
        """Values that are missing or were taken as missing, (C,)."""
        absent: NDArray[np.int_] = self.missing + self._infinite + self._beyond
        return absent

    @property
    def median_step(self) -> float | None:
        """In nanoseconds; None without two times. Of very many different steps it is good to `DIGITS` digits."""
        total = self._steps.total()
        if not total:
            return None
        steps = sorted(self._steps)
        below = np.cumsum([self._steps[step] for step in steps])
        middle = [steps[int(np.searchsorted(below, rank, side="right"))] for rank in ((total - 1) // 2, total // 2)]
        return float(np.mean(middle))

    def notes(self) -> list[str]:
        """One sentence for each thing that was handled, in the order and the words of `build_series`."""
        told: list[str] = []
        tell_repeated(self.repeated, told)
        median, total = self.median_step, self._steps.total()
        if median is not None and total >= 2:
            other = sum(n for step, n in self._steps.items() if abs(step - median) > IRREGULAR_SHARE * median)
            tell_irregular(other / total, median, told)
        tell_missing(self.missing, self._first, self.rows, self.channels, told)
        tell_extremes(self._infinite, self._beyond, self.channels, told)
        tell_constant(self.low == self.high, self.rows, self.channels, told)
        return told

    def value_notes(self) -> tuple[str, ...]:
        """As `data.series.value_notes` of the whole, which takes extremes as missing."""
        told: list[str] = []
        tell_missing(self.absent, self._first_absent, self.rows, self.channels, told)
        tell_constant(self.low == self.high, self.rows, self.channels, told)
        return tuple(told)

    def _place_of_first(
        self, known: NDArray[np.int_], before: NDArray[np.int_], found: NDArray[np.bool_]
    ) -> NDArray[np.int_]:
        """The row of the first one in each channel: `known` where there were some `before`, else in this block."""
        new = (before == 0) & found.any(axis=0)
        place: NDArray[np.int_] = np.where(new, self.rows + found.argmax(axis=0), known)
        return place

    def _count_steps(self, times: Times) -> None:
        counted = np.concatenate([self._last_time, times.view(np.int64)])
        self._last_time = counted[-1:]
        steps, counts = np.unique(np.diff(counted), return_counts=True)
        self._steps.update(dict(zip(steps.tolist(), counts.tolist(), strict=True)))
        if len(self._steps) > MOST_STEPS:
            rounded: Counter[int] = Counter()
            for step, count in self._steps.items():
                unit = 10 ** max(0, len(str(step)) - DIGITS)
                rounded[round(step / unit) * unit] += count
            self._steps = rounded
