"""The best value of a metric of flags over 100 thresholds, as TSB-AD takes it.

Thresholds are evenly spaced from the lowest score to the highest, and flags are *strictly* above. Quick because scores
are turned into flags only where a threshold changes anything (binary scores: twice, not a hundred times), because all
metrics share each threshold's segments and their meetings with labels, and because flags are compared as bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from anomalyllm.evaluation.metrics.inputs import Scored
from anomalyllm.evaluation.metrics.segments import Comparison, Floats, runs

THRESHOLDS = 100


def highest(case: Scored, judges: Sequence[Callable[[Comparison], float]]) -> list[float]:
    """For each judge its maximum over the thresholds.

    NaNs are skipped, but if the lowest threshold gives NaN, the maximum is NaN (so it is in TSB-AD).
    """
    thresholds = comparisons(case)
    first = next(thresholds)
    best = [judge(first) for judge in judges]
    for comparison in thresholds:
        for place, judge in enumerate(judges):
            value = judge(comparison)
            if value > best[place]:  # never true of NaN, on either side
                best[place] = value
    return best


def comparisons(case: Scored) -> Iterator[Comparison]:
    """The different predictions, from the lowest threshold to the highest, which flags nothing."""
    flagged = case.size - np.searchsorted(case.falling[::-1], thresholds_between(case.falling), side="right")
    first = case.first_flagged(flagged[::-1])  # predictions are numbered from the highest threshold
    occupied = np.flatnonzero(np.bincount(first, minlength=THRESHOLDS)[:THRESHOLDS])
    for prediction in occupied[::-1].tolist():
        yield Comparison(runs(first <= prediction), case.labelled, case.size)
    yield Comparison(runs(np.zeros(case.size, dtype=np.bool_)), case.labelled, case.size)


def thresholds_between(falling: Floats) -> Floats:
    """(100,) from the last of `falling` (n,) to the first."""
    lowest, top = falling[-1], falling[0]
    if top / 2 - lowest / 2 < np.finfo(np.float64).max / 2:
        return np.linspace(lowest, top, THRESHOLDS)
    return 2 * np.linspace(lowest / 2, top / 2, THRESHOLDS)  # their distance is beyond the largest number
