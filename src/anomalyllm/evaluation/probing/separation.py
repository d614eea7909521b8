"""How far two sets of distances lie apart: quartiles, area under the curve, ratio of medians. NaN where undefined."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from anomalyllm.evaluation.metrics.ranking import roc_area

Floats = NDArray[np.float64]


def finite(values: Floats) -> Floats:
    """Without NaN and infinities."""
    there: Floats = values[np.isfinite(values)]
    return there


def area(strange: Floats, normal: Floats) -> float:
    """How often a strange value lies above a normal one, a tie being a half: .5 cannot be told apart, 1 always can."""
    strange, normal = finite(strange), finite(normal)
    if not len(strange) or not len(normal):
        return math.nan
    labels = np.repeat([1, 0], [len(strange), len(normal)])
    return float(roc_area(np.concatenate([strange, normal]), labels))


def median(values: Floats) -> float:
    """NaN where there is none."""
    there = finite(values)
    return float(np.median(there)) if len(there) else math.nan


def ratio(strange: Floats, normal: Floats) -> float:
    """Of the medians; NaN where the normal one is 0."""
    below = median(normal)
    return median(strange) / below if below > 0 else math.nan


def quartiles(name: str, values: Floats) -> dict[str, float]:
    """The figures `name`_q25, _q50 and _q75."""
    there = finite(values)
    found = np.quantile(there, [0.25, 0.5, 0.75]) if len(there) else np.full(3, np.nan)
    return {f"{name}_q{percent}": float(value) for percent, value in zip((25, 50, 75), found, strict=True)}
