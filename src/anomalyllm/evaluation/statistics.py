"""How sure a mean over series is, and whether one method is better than another on the same series.

Series are the unit: several seeds of one series are averaged first, because they are not several series. The intervals
and tests are SciPy's; both are seeded, so that a table is the same each time it is made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

RESAMPLES = 9_999
CONFIDENCE = 0.95
SEED = 0


@dataclass(frozen=True)
class Interval:
    """A mean over series and where it may lie.

    Attributes:
        mean: of the series.
        low, high: a 95 % bootstrap interval over series; both are the mean with one series.
        count: of series.
    """

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Comparison:
    """One method against another on the series that both have.

    Attributes:
        difference: mean of the first less the second, with its interval over series.
        p_value: of a two-sided sign-flip permutation test; 1 where all differences are 0, or with one series.
    """

    difference: Interval
    p_value: float


def mean_interval(values: Floats) -> Interval:
    """Mean and interval of one value per series, (N,); NaN values are left out. NaN with none left."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if len(known) == 0:
        return Interval(np.nan, np.nan, np.nan, 0)
    mean = float(known.mean())
    if len(known) == 1 or np.ptp(known) == 0:
        return Interval(mean, mean, mean, len(known))
    resampled = stats.bootstrap(
        (known,), np.mean, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method="percentile", rng=_chance()
    )
    low, high = resampled.confidence_interval
    return Interval(mean, float(low), float(high), len(known))


def compare(first: Floats, second: Floats) -> Comparison:
    """Paired comparison of two methods on the same series, each (N,) in the same order; NaN pairs are left out."""
    differences = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    differences = differences[np.isfinite(differences)]
    interval = mean_interval(differences)
    if len(differences) < 2 or not differences.any():  # one series can prove nothing
        return Comparison(interval, 1.0)
    test = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=RESAMPLES, vectorized=True, rng=_chance()
    )
    return Comparison(interval, float(test.pvalue))


def _chance() -> np.random.Generator:
    return np.random.default_rng(SEED)
