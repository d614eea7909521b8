"""The threshold from a wanted rate of alarms: peaks over threshold on training scores, no guess of contamination.

Above a high quantile u, excesses follow a generalised Pareto distribution (Pickands 1975); its fitted tail says where
the wanted rate lies, also beyond the largest score seen. SPOT (Siffer et al., KDD 2017) is the same idea.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomalyllm.errors import ConfigError

Floats = NDArray[np.float64]

SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0, "week": 604800.0}
FEWEST_EXCESSES = 10  # with fewer, a shape cannot be told: the tail is taken as exponential
SHAPES = (-0.5, 0.2)  # of the Pareto tail; heavier ones come from few windows, each of which fills many points
FORMS = 'a fraction of points between 0 and 1, such as "0.001", or events per time, such as "2/day"'


@dataclass(frozen=True)
class AlarmRate:
    """How often normal data may raise an alarm.

    Args:
        amount: a fraction of points, or a number of events per `unit`.
        unit: "day", "hour", … or None for a fraction of points.
    """

    amount: float
    unit: str | None = None

    @classmethod
    def parse(cls, text: str | float) -> AlarmRate:
        """Reads "0.001", 0.001 or "2/day".

        Raises:
            ConfigError: neither form, or out of range.
        """
        match = re.fullmatch(r"\s*([0-9.eE+-]+)\s*(?:/\s*([a-z]+?)s?)?\s*", str(text))
        try:
            amount = float(match[1]) if match else math.nan
        except ValueError:
            amount = math.nan
        unit = match[2] if match else None
        is_fraction = unit is None and 0 < amount < 1
        is_frequency = unit in SECONDS and 0 < amount < math.inf
        if not (is_fraction or is_frequency):
            raise ConfigError(f"alarms_per to be {FORMS}", repr(text), f"units are {', '.join(SECONDS)}")
        return cls(amount, unit)

    @property
    def counts_events(self) -> bool:
        """Whether events are counted (else points)."""
        return self.unit is not None

    def per_point(self, spacing: float | None) -> float:
        """Alarms per point; `spacing` is the time between points in seconds.

        Raises:
            ConfigError: events per time, but the series has no times.
        """
        if self.unit is None:
            return self.amount
        if spacing is None:
            raise ConfigError(
                f"a time column, for alarms_per {self.amount:g}/{self.unit}",
                "a series without times",
                "name it (time_column) or give a fraction of points",
            )
        return self.amount * spacing / SECONDS[self.unit]


def fit_threshold(
    scores: Floats, rate: AlarmRate, *, spacing: float | None, tail_fraction: float, separation: int
) -> float:
    """The score that normal data reaches as often as `rate` says; above 0 and finite.

    Args:
        scores: point scores of held-out normal data, (T,), at least one.
        rate: the alarms that are accepted.
        spacing: seconds between points, or None.
        tail_fraction: share of scores that is called the tail.
        separation: points between two events; peaks nearer than this are one event.
    """
    wanted = rate.per_point(spacing)
    start = float(np.quantile(scores, 1 - tail_fraction))
    peaks = cluster_peaks(scores, start, separation) if rate.counts_events else scores[scores > start]
    excess_rate = len(peaks) / len(scores)
    if len(peaks) == 0:  # nothing stands out: an alarm is what has never been seen
        return _above(float(scores.max()))
    if wanted >= excess_rate and rate.counts_events:  # more events than the tail holds: the whole tail
        return _above(start)
    if wanted >= excess_rate:  # above the quantile, not at it: many scores may share it
        return _above(min(start, float(np.quantile(scores, max(0.0, 1 - wanted)))))
    from scipy.stats import genpareto  # takes a second to load, and who only scores has a threshold

    shape, scale = fit_tail(peaks - start)
    threshold = start + float(genpareto.isf(wanted / excess_rate, shape, scale=scale))
    return threshold if math.isfinite(threshold) and threshold > 0 else _above(float(scores.max()))


def fit_tail(excesses: Floats) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution for excesses (n,) above 0, by maximum likelihood.

    Shapes are held within `SHAPES`; the scale then follows from the mean.
    """
    from scipy.stats import genpareto

    mean = float(excesses.mean())
    if len(excesses) < FEWEST_EXCESSES:
        return 0.0, mean
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        shape, _, scale = genpareto.fit(excesses / mean, floc=0.0)
    held = float(np.clip(shape, *SHAPES)) if math.isfinite(shape) else 0.0
    scale = mean * (1 - held) if held != shape or not math.isfinite(scale) else float(scale) * mean
    return held, scale


def cluster_peaks(scores: Floats, start: float, separation: int) -> Floats:
    """The highest score of each run above `start`; runs less than `separation` points apart are one."""
    above = np.flatnonzero(scores > start)
    if len(above) == 0:
        return np.zeros(0)
    firsts = np.concatenate([[0], np.flatnonzero(np.diff(above) >= max(2, separation)) + 1])
    return np.maximum.reduceat(scores[above], firsts)


def _above(score: float) -> float:
    return score * (1 + 1e-6) + 1e-9
