"""Normal recordings of several channels: what shares causes moves together, and what is derived follows what it is of.

The pair judges one channel at a time; a channel of a recording differs from a series of one family in what it mixes.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from anomalyllm.pretraining.normal import Chance, Values, normal_series

MOST_CAUSES = 3
OWN_NOISE = (-2.5, -0.7)  # of a channel, in powers of ten of what it is caused by
DERIVED = 0.5  # of recordings of at least two channels: the last is derived from another
INDEPENDENT = 0.5  # of recordings of at least three: one has nothing to do with the others


def normal_recording(chance: Chance, rows: int, channels: int, period: float) -> Values:
    """Channels (T, C) that share one to three causes; perhaps one by itself, perhaps one derived from another.

    Args:
        chance: decides everything.
        rows: T.
        channels: C, at least 1; the order is drawn too.
        period: points, about that of each cause.
    """
    latest = int(period)  # a lag is at most a period
    causes = [_standardised(normal_series(chance, rows + latest, period)) for _ in range(_count(chance))]
    together = np.stack(causes)
    caused = [_caused(chance, together, rows, latest) for _ in range(channels)]
    if channels > 2 and chance.random() < INDEPENDENT:
        caused[-2] = normal_series(chance, rows, period * chance.uniform(0.5, 2))
    if channels > 1 and chance.random() < DERIVED:
        caused[-1] = derived(chance, caused[0], period)
    order = chance.permutation(channels)
    return np.stack([caused[channel] for channel in order], axis=1)


def derived(chance: Chance, load: Values, period: float) -> Values:
    """What a machine derives from its load (T,): a switch, on above a level; or a counter of what was above, reset."""
    smooth = gaussian_filter1d(load, max(1.0, period / 20))  # else noise at the level would make it chatter
    level = np.quantile(smooth, chance.uniform(0.3, 0.8))
    if chance.random() < 0.5:
        return np.asarray(smooth > level, dtype=np.float64)
    used = np.cumsum(np.maximum(smooth - level, 0))
    full = max(used[-1] / len(load) * period * chance.uniform(1, 4), 1e-9)  # reset each one to four periods
    counted: Values = used % full / full
    return counted


def _caused(chance: Chance, causes: Values, rows: int, latest: int) -> Values:
    """A mix of lagged causes (K, T + lag), with gains of both signs and noise of its own."""
    mixed = np.zeros(rows)
    gains = chance.normal(size=len(causes)) * 3.0 ** -chance.permutation(len(causes))  # one cause leads
    for cause, gain in zip(causes, gains, strict=True):
        lag = int(chance.integers(0, latest + 1)) if chance.random() < 0.5 else 0
        mixed += gain * cause[latest - lag : latest - lag + rows]
    return _standardised(mixed) + 10 ** chance.uniform(*OWN_NOISE) * chance.normal(size=rows)


def _count(chance: Chance) -> int:
    return int(chance.integers(1, MOST_CAUSES + 1))


def _standardised(values: Values) -> Values:
    scaled: Values = (values - values.mean()) / max(float(values.std()), 1e-9)
    return scaled
