"""What the two-sample test says where nothing real is to be found: its level in a series with few anomalies.

Windows of one anomaly are cut into stretches of time, which resemble each other and differ from all else by where they
lie. The area of such a sample has no level of .5, even where both samples are of one kind. So the same test is asked
about stretches that are known: normal ones of the same test part, as long as the anomaly, as they are and with a
synthetic anomaly in them.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import AugmentConfig
from anomalyllm.datasets.case import CaseData
from anomalyllm.evaluation.probing.described import Described, features_in
from anomalyllm.evaluation.probing.features import beside_normal
from anomalyllm.evaluation.probing.gap import Looked
from anomalyllm.evaluation.probing.normal_windows import WANTED, shows_anomaly, whole
from anomalyllm.evaluation.probing.two_samples import FOLDS, blocks, two_sample_area
from anomalyllm.judges import Prepared
from anomalyllm.seeding import generator
from anomalyllm.training.data import thinned
from anomalyllm.windows.augment import KINDS, view

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Labels = NDArray[np.int8]

SHORTEST = 4  # rows of a stretch: a kind that changes a shape needs so many
LEVELS = ("two_sample_auc_if_synthetic", "two_sample_auc_if_normal", "two_sample_auc_normal_if_normal")


def levels(looked: Looked, case: CaseData, sets: Described, augment: AugmentConfig, seed: int) -> dict[str, float]:
    """The figures `LEVELS`, each the mean over a stretch for every kind of synthetic anomaly.

    `two_sample_auc_if_synthetic`: the stretches with a synthetic anomaly each against the synthetic windows, which is
    what `two_sample_auc` would be of a real anomaly that is made as they are; `two_sample_auc_if_normal`: the stretches
    as they are against the synthetic windows, which is what it would be of an anomaly that is none;
    `two_sample_auc_normal_if_normal`: the same against normal windows of the test part.

    Returns:
        NaN where there is no anomaly, no room, or where whole anomalies are the folds (`two_samples.FOLDS` or more):
        then the level is .5.
    """
    lengths = _lengths(case.labels)
    if not 1 <= len(lengths) < FOLDS:
        return dict.fromkeys(LEVELS, math.nan)
    length = max(SHORTEST, round(float(np.median(lengths))))
    begins = false_stretches(case.labels, looked.normal.window, length, seed)
    changed = _with_anomalies(looked.test, begins, length, augment, seed)
    found = [_areas(looked, sets, begin, length, test) for begin, test in zip(begins, changed, strict=True)]
    return dict(zip(LEVELS, _means(found), strict=True))


def false_stretches(labels: Labels, window: int, length: int, seed: int) -> Indices:
    """First rows of as many stretches as there are kinds, drawn, ascending; no window shows both one and an anomaly.

    Args:
        labels: (T,).
        window: L.
        length: rows of a stretch.
        seed: decides which.

    Returns:
        None where there is no room.
    """
    starts = np.arange(len(labels) - length + 1, dtype=np.int64)
    counted = np.concatenate([[0], np.cumsum(labels != 0)])
    near = counted[np.minimum(starts + length + window, len(labels))] - counted[np.maximum(starts - window, 0)]
    free: Indices = starts[near == 0]
    if not len(free):
        return free
    drawn = generator(seed, "false anomalies").choice(free, len(KINDS), replace=len(free) < len(KINDS))
    begins: Indices = np.sort(drawn).astype(np.int64)
    return begins


def _lengths(labels: Labels) -> Indices:
    """Rows of each labelled anomaly."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (labels != 0).astype(np.int8), [0]])))
    lengths: Indices = edges[1::2] - edges[::2]
    return lengths


def _with_anomalies(test: Prepared, begins: Indices, length: int, augment: AugmentConfig, seed: int) -> list[Prepared]:
    """The test part once for each stretch, which is altered from end to end: the first by the first kind, and so on."""
    if not len(begins):
        return []
    rows = begins[:, None] + np.arange(length)
    stretches = test.values[rows].transpose(0, 2, 1)  # (S, C, length)
    strength = dataclasses.replace(augment, mix=False, local=False)
    changed = []
    for place, kind in enumerate(KINDS):
        altered = view(stretches, (kind,), strength, generator(seed, f"false anomalies {kind}"))
        values = test.values.copy()
        values[rows[place]] = altered[place].T
        changed.append(dataclasses.replace(test, values=values))
    return changed


def _areas(looked: Looked, sets: Described, begin: int, length: int, changed: Prepared) -> tuple[float, float, float]:
    """Of one stretch, in the order of `LEVELS`."""
    window, labels = looked.normal.window, np.zeros(len(changed.values), np.int8)
    labels[begin : begin + length] = 1
    every = np.arange(len(labels) - window + 1, dtype=np.int64)
    starts = thinned(whole(looked.test, every[shows_anomaly(labels, every, window)], window), 2 * WANTED)
    plain, altered = (beside_normal(features_in(looked, test, starts), sets.usual) for test in (looked.test, changed))
    groups = blocks(starts, np.zeros(len(starts), np.int64))
    usual = looked.labelled.normal
    away = (usual + window <= begin) | (usual >= begin + length)
    normal_groups = blocks(usual[away], np.zeros(int(away.sum()), np.int64))
    return (
        two_sample_area(altered, sets.pooled, groups, sets.pooled_groups),
        two_sample_area(plain, sets.pooled, groups, sets.pooled_groups),
        two_sample_area(plain, sets.normal[away], groups, normal_groups),
    )


def _means(found: list[tuple[float, float, float]]) -> list[float]:
    """Over stretches, of those that are known."""
    columns = np.array(found, dtype=np.float64).reshape(-1, len(LEVELS)).T
    known = [column[np.isfinite(column)] for column in columns]
    return [float(column.mean()) if len(column) else math.nan for column in known]
