"""Event-based F1 (the composite F of Garg et al., 2021): recall counts segments, precision counts points."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from anomalyllm.evaluation.metrics.inputs import scored
from anomalyllm.evaluation.metrics.segments import Comparison
from anomalyllm.evaluation.metrics.sweep import highest

GUARD = 1e-15


def event_based_f1(scores: ArrayLike, labels: ArrayLike) -> float:
    """Event-based-F1 as in TSB-AD, the best of 100 thresholds; NaN without labels.

    Args:
        scores: (n,), larger = more anomalous.
        labels: (n,), 1 anomalous, 0 normal.

    Raises:
        DataError: see `inputs.scored`.
    """
    return highest(scored(scores, labels), [judge_events])[0]


def judge_events(comparison: Comparison) -> float:
    """The value at one set of flags.

    A segment that runs to the last point is searched only up to the one before: a lone anomaly on the last point
    counts, but cannot be found. This is TSB-AD's, and is kept so that values can be compared.
    """
    predicted, labelled = comparison.predicted, comparison.labelled
    if not len(labelled):
        return math.nan
    found = int(np.count_nonzero(comparison.runs_met))
    reaches_end = labelled.stops[-1] == comparison.size
    if reaches_end and comparison.covered[-1] == 1 and predicted.stops[-1] == comparison.size:
        found -= 1  # nothing of the last segment is flagged but the last point
    recall = found / len(labelled)
    precision = comparison.hits / max(1, predicted.total)
    return 2 * recall * precision / (recall + precision + GUARD)
