"""What random scores reach: the level beside which a metric must be read.

Some metrics give random scores nearly 1 on long segments (point-adjusted F1), and VUS and affiliation have no level of
chance that one could know beforehand. It depends on the labels, so it is measured on them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.metrics.inputs import checked_binary
from anomalyllm.evaluation.metrics.segments import Booleans, Floats
from anomalyllm.seeding import checked_seed, generator

Metric = Callable[[Floats, Booleans], float]


def expected_random(labels: ArrayLike, metric: Metric, *, draws: int = 20, seed: int = 0) -> float:
    """The mean value of `metric` over `draws` of scores that are uniformly random; the same seed gives the same value.

    Args:
        labels: (n,), 1 anomalous, 0 normal.
        metric: a function of scores (n,) and labels (n,), such as `adjusted.point_adjusted_f1`.
        draws: at least 1.
        seed: at least 0.

    Raises:
        ConfigError: no draws, or a seed that is not a whole number of at least 0.
        DataError: see `inputs.checked_binary`.
    """
    if draws < 1:
        raise ConfigError("at least 1 draw", str(draws), "20 draws settle most metrics to the second digit")
    checked = checked_binary(labels, "labels")
    chance = generator(checked_seed(seed), "random level")
    return float(np.mean([metric(chance.random(len(checked)), checked) for _ in range(draws)]))
