"""How near do synthetic anomalies come to the labelled ones: by features, by the gap, and by a two-sample test."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomalyllm.datasets.case import CaseData
from anomalyllm.detector import AnomalyLLM
from anomalyllm.evaluation.probing.evidence import distances, fitted_of
from anomalyllm.evaluation.probing.features import NAMES, beside_normal, features_of
from anomalyllm.evaluation.probing.gap import Looked, looked_at
from anomalyllm.evaluation.probing.separation import area, median
from anomalyllm.evaluation.probing.two_samples import blocks, two_sample_area
from anomalyllm.extras import required
from anomalyllm.windows.slicing import slide

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def probe_realism(detector: AnomalyLLM, case: CaseData, seed: int) -> dict[str, float]:
    """Synthetic anomalies of every kind beside the labelled ones of the test part.

    Windows are described by twelve features, each in deviations of normal windows: synthetic ones beside the held-out
    normal windows that they were made of, real ones beside the normal windows of the test part, so that drift between
    the two parts is not taken for realism. Figures: the medians of each feature (`feature_…_synthetic`, `…_real`); the
    two-sample test of all synthetic against real windows (`two_sample_auc`, and by kind): .5 cannot be told apart; the
    same test of real against normal test windows (`two_sample_auc_normal`), without which the others say nothing; the
    area under the curve of real against synthetic by the gap alone (`discrepancy_auc_real_synthetic`); and the share
    of real windows whose nearest synthetic one is of each kind (`nearest_share_…`).

    Real windows are few and not independent: those of one anomaly overlap, and there may be one anomaly only. The test
    is cross-validated in blocks, of whole anomalies where there are four or more (`real_anomalies`), else of stretches
    of time; stretches of one anomaly still resemble each other, and the area is then rather too high than too low.

    Raises:
        LibraryError: no scikit-learn (the extra `baselines`).
        ConfigError: the detector was fitted on another training part.
    """
    fitted = fitted_of(detector)
    if fitted is None:
        return {}
    required("sklearn.linear_model", "the probe of realism")
    looked = looked_at(fitted, case, seed)
    sets = _described(looked, case)
    pooled = np.concatenate(list(sets.synthetic.values()))
    groups = np.tile(sets.groups, len(sets.synthetic))
    figures = {"real_windows": float(len(sets.real)), "real_anomalies": float(len(np.unique(sets.runs)))}
    for index, name in enumerate(NAMES):
        figures[f"feature_{name}_synthetic"] = median(pooled[:, index])
        figures[f"feature_{name}_real"] = median(sets.real[:, index])
    real_groups = blocks(looked.labelled.real, sets.runs)
    figures["two_sample_auc"] = two_sample_area(sets.real, pooled, real_groups, groups)
    for kind, altered in sets.synthetic.items():
        figures[f"two_sample_auc_{kind}"] = two_sample_area(sets.real, altered, real_groups, sets.groups)
    normal_groups = blocks(looked.labelled.normal, np.zeros(len(sets.normal), np.int64))
    figures["two_sample_auc_normal"] = two_sample_area(sets.real, sets.normal, real_groups, normal_groups)
    gap = distances(looked.fitted, looked.test, looked.labelled.real, own=False).discrepancy
    figures["discrepancy_auc_real_synthetic"] = area(gap, looked.pooled().discrepancy)
    return figures | _nearest_shares(sets)


class _Described(NamedTuple):
    synthetic: dict[str, Floats]  # (W, F) by kind
    groups: Indices  # (W,) of the windows that were altered
    real: Floats  # (V, F)
    runs: Indices  # (V,) number of the anomaly
    normal: Floats  # (N, F) of the test part


def _described(looked: Looked, case: CaseData) -> _Described:
    normal, test, period = looked.normal, looked.labelled, looked.fitted.period
    before = features_of(normal.windows, period, normal.asked(looked.fitted).mismatch)
    synthetic = {
        name: beside_normal(features_of(kind.windows, period, kind.said.mismatch), before)
        for name, kind in looked.kinds.items()
    }
    usual, real = (_features(looked, starts) for starts in (test.normal, test.real))
    beside = usual if len(usual) else before  # a test part without a normal window
    return _Described(
        synthetic=synthetic,
        groups=blocks(normal.starts, np.zeros(len(normal.starts), np.int64)),
        real=beside_normal(real, beside),
        runs=anomaly_of(case.labels, test.real),
        normal=beside_normal(usual, beside),
    )


def _features(looked: Looked, starts: Indices) -> Floats:
    """Of windows of the test part, (W, C, F)."""
    if not len(starts):
        return np.zeros((0, looked.test.values.shape[1], len(NAMES)))
    said = distances(looked.fitted, looked.test, starts, own=False)
    return features_of(slide(looked.test.values, looked.normal.window)[starts], looked.fitted.period, said.mismatch)


def anomaly_of(labels: NDArray[np.int8], starts: Indices) -> Indices:
    """The number of the first labelled anomaly that each window touches, (W,); labels (T,)."""
    wrong = labels != 0
    number = np.cumsum(np.diff(wrong.astype(np.int8), prepend=0) == 1) - 1
    following = np.append(np.flatnonzero(wrong), len(labels))
    first = following[np.searchsorted(following, starts)]
    numbers: Indices = number[np.minimum(first, len(labels) - 1)].astype(np.int64)
    return numbers


def _nearest_shares(sets: _Described) -> dict[str, float]:
    """Share of real windows by the kind of the nearest synthetic one."""
    if not len(sets.real) or not len(sets.groups):
        return {f"nearest_share_{kind}": float("nan") for kind in sets.synthetic}
    real = np.arcsinh(sets.real)
    away = [((real[:, None] - np.arcsinh(kind)[None]) ** 2).sum(axis=2).min(axis=1) for kind in sets.synthetic.values()]
    nearest = np.argmin(away, axis=0)
    return {f"nearest_share_{kind}": float((nearest == index).mean()) for index, kind in enumerate(sets.synthetic)}
