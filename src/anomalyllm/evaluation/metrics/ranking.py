"""Metrics of the order of scores, point by point: AUC-PR, AUC-ROC and the best F1 of all thresholds.

All three are read off the same two counts at each distinct score: points flagged and, of them, points labelled. One
sort gives both. Tied scores are flagged together.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from anomalyllm.evaluation.metrics.inputs import Scored, scored

GUARD = 1e-5  # in TSB-AD's Standard-F1: a perfect detector gets 0.999995


def average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """AUC-PR: the sum of recall step × precision over distinct scores, nothing interpolated; 0 without labels.

    Args:
        scores: (n,), larger = more anomalous.
        labels: (n,), 1 anomalous, 0 normal.

    Raises:
        DataError: see `inputs.scored`.
    """
    return ranked_average_precision(scored(scores, labels))


def roc_area(scores: ArrayLike, labels: ArrayLike) -> float:
    """AUC-ROC: how often an anomalous point outscores a normal one, a tie being a half; NaN if all labels are equal.

    Arguments and errors are those of `average_precision`.
    """
    return ranked_roc_area(scored(scores, labels))


def standard_f1(scores: ArrayLike, labels: ArrayLike) -> float:
    """Standard-F1: the maximum of 2PR / (P + R + 1e-5) over distinct scores; 0 without labels.

    Arguments and errors are those of `average_precision`.
    """
    return ranked_standard_f1(scored(scores, labels))


def ranked_average_precision(case: Scored) -> float:
    """`average_precision` of what is checked and sorted."""
    if not len(case.labelled):
        return 0.0
    steps = np.diff(case.hits, prepend=0)
    return float((steps * (case.hits / case.flagged)).sum() / case.labelled.total)


def ranked_roc_area(case: Scored) -> float:
    """`roc_area` of what is checked and sorted."""
    normal = case.size - case.labelled.total
    if normal in (0, case.size):
        return math.nan
    steps = np.diff(case.flagged - case.hits, prepend=0)
    middles = case.hits - np.diff(case.hits, prepend=0) / 2
    return float((steps * middles).sum() / normal / case.labelled.total)


def ranked_standard_f1(case: Scored) -> float:
    """`standard_f1` of what is checked and sorted."""
    precision = case.hits / case.flagged
    recall = case.hits / max(1, case.labelled.total)
    return float((2 * precision * recall / (precision + recall + GUARD)).max())
