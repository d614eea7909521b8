"""Can two samples be told apart? A classifier is trained on parts of both and asked about the rest (a C2ST).

Source: Lopez-Paz and Oquab, *Revisiting Classifier Two-Sample Tests* (ICLR 2017), arXiv 1610.06545; the area under the
curve in place of the accuracy, which would depend on how many there are of each.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.evaluation.probing.separation import area
from anomalyllm.extras import required

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

FOLDS = 4
FEWEST = 8  # windows in either sample: of fewer, each fold would have one or none
STRENGTH = 0.1  # inverse of the ridge: twelve features and a few dozen windows


def two_sample_area(first: Floats, second: Floats, first_groups: Indices, second_groups: Indices) -> float:
    """Cross-validated area under the curve of a logistic regression: 1 can always be told apart.

    .5 cannot, but for stretches of one anomaly, whose level `false_stretches` measures. Windows of one group are never
    on both sides of a split: overlapping windows of one anomaly are nearly the same window, and a classifier that has
    seen one knows the other. Groups are dealt to `FOLDS` folds in their order; the mean over the folds is given.

    Args:
        first: features (W, F).
        second: (V, F).
        first_groups: (W,) numbers of the groups, from 0.
        second_groups: (V,).

    Returns:
        NaN where a sample has fewer than `FEWEST` windows or a single group.

    Raises:
        LibraryError: no scikit-learn.
    """
    linear = required("sklearn.linear_model", "the probe of realism")
    if min(len(first), len(second)) < FEWEST:
        return math.nan
    values = np.arcsinh(np.concatenate([first, second]))
    labels = np.repeat([1, 0], [len(first), len(second)])
    folds = np.concatenate([first_groups % FOLDS, second_groups % FOLDS])
    areas = []
    for fold in range(FOLDS):
        seen, asked = folds != fold, folds == fold
        if len(np.unique(labels[seen])) < 2 or len(np.unique(labels[asked])) < 2:
            continue
        said = _classifier(linear).fit(values[seen], labels[seen]).decision_function(values[asked])
        areas.append(area(said[labels[asked] == 1], said[labels[asked] == 0]))
    return float(np.mean(areas)) if areas else math.nan


def _classifier(linear: Any) -> Any:
    return linear.LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1000)


def blocks(starts: Indices, runs: Indices) -> Indices:
    """Groups of windows (W,) in the order of time: their anomalies where there are enough, else equal stretches.

    Args:
        starts: first rows, (W,).
        runs: number of the anomaly that each shows, (W,).
    """
    if len(np.unique(runs)) >= FOLDS:
        return np.unique(runs, return_inverse=True)[1].reshape(-1).astype(np.int64)
    places = np.empty(len(starts), dtype=np.int64)
    places[np.argsort(starts, kind="stable")] = np.arange(len(starts))
    return places * FOLDS // max(1, len(starts))
